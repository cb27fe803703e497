import type { Clock, Log } from '@rocketmq-ts/platform'
import type { RemotingConnection } from '@rocketmq-ts/remoting'
import type { ConsumerFilterTable, ExpressionCompiler } from '../filters/index.ts'
import type { GroupTable } from '../groups/index.ts'
import type { Identity } from '../identity.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { type ClientCounters, ClientRegistry } from './client-registry.ts'
import { checkClientConfig } from './handlers/check-client-config.ts'
import { consumeMessageDirectly } from './handlers/consume-message-directly.ts'
import { getAllProducerInfo } from './handlers/get-all-producer-info.ts'
import { getConsumerConnectionList } from './handlers/get-consumer-connection-list.ts'
import { getConsumerListByGroup } from './handlers/get-consumer-list-by-group.ts'
import { getConsumerRunningInfo } from './handlers/get-consumer-running-info.ts'
import { getProducerConnectionList } from './handlers/get-producer-connection-list.ts'
import { heartBeat } from './handlers/heart-beat.ts'
import { querySubscriptionByConsumer } from './handlers/query-subscription-by-consumer.ts'
import { unregisterClient } from './handlers/unregister-client.ts'

export interface ClientsParts {
  clock: Clock
  log: Log
  identity: Identity
  settings(): BrokerSettings
  topics: Pick<TopicTable, 'get' | 'ensureInternal'>
  groups: Pick<GroupTable, 'get' | 'find'>
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
  compiler: Pick<ExpressionCompiler, 'compile' | 'checkEnabled'>
  filters: Pick<ConsumerFilterTable, 'register' | 'unregister'>
  counters: ClientCounters
}

/** More than a gateway has that speaks for the clients of a large site. */
const groupsPerConnectionMax = 20_000

/** Who is connected, in which groups, and what they subscribe to. */
export function createClients(parts: ClientsParts) {
  const { clock, log, identity, settings, topics, groups, store, compiler, filters, counters } = parts
  const { brokerName } = identity
  const clients = new ClientRegistry({
    ...{ clock, log, groups, topics, filters, counters, settings },
    groupsPerConnectionMax,
  })
  const { consumers, producers } = clients
  return {
    consumers,
    producers,
    /** Living connections of a client, in whatever groups it is. */
    connectionsOf: (clientId: string) => clients.connectionsOf(clientId),
    handlers: {
      heartBeat: heartBeat({ clients }),
      unregisterClient: unregisterClient({ clients }),
      checkClientConfig: checkClientConfig({ compiler }),
      getConsumerListByGroup: getConsumerListByGroup({ consumers }),
      getConsumerRunningInfo: getConsumerRunningInfo({ consumers }),
      consumeMessageDirectly: consumeMessageDirectly({ brokerName, topics, groups, consumers, store }),
      getConsumerConnectionList: getConsumerConnectionList({ consumers }),
      getProducerConnectionList: getProducerConnectionList({ producers }),
      getAllProducerInfo: getAllProducerInfo({ producers }),
      querySubscriptionByConsumer: querySubscriptionByConsumer({ consumers }),
    },
    start: () => clients.start(),
    disconnected: (connection: RemotingConnection) => clients.connectionLost(connection),
    close: () => clients.close(),
    stats: () => ({ consumers: consumers.counts(), producers: producers.counts() }),
  }
}
