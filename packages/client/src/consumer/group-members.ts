import { commands, consumerIdListBody } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { masterId, type TopicRoute } from '../routing/topic-route.ts'

/** Brokers that are asked at the most. */
const askedMax = 3

interface AskedBroker {
  readonly name: string
  readonly address: string
}

/**
 * The client ids of a group's members, sorted as all members sort them. Of the topic's brokers the one is asked that has
 * known this client for longest: one that was started just now does not know all members yet, and a member that is not
 * listed has its queues twice.
 * @throws RocketMQError
 */
export async function groupMembers(
  client: ClusterClient,
  group: string,
  route: TopicRoute,
  deadline: Deadline,
): Promise<string[]> {
  let failure: unknown
  for (const broker of longestKnownFirst(client, route).slice(0, askedMax)) {
    const { address } = broker
    try {
      await deadline.within(client.heartbeats.known(address))
      const ids = await idsAt(broker, client, group, deadline)
      if (ids.includes(client.clientId)) return ids
      // It has forgotten the client, or the connection was replaced meanwhile.
      await deadline.within(client.heartbeats.beat(address))
      return await idsAt(broker, client, group, deadline)
    } catch (error) {
      failure = error
    }
  }
  if (failure !== undefined) throw failure
  return []
}

/** Those that do not know this client come last, in any order. */
function longestKnownFirst({ heartbeats, runtime }: ClusterClient, route: TopicRoute): AskedBroker[] {
  const known = heartbeats.knownAddresses()
  const brokers = [...route.brokers.values()].flatMap(({ brokerName: name, brokerAddrs }) => {
    const address = brokerAddrs.get(masterId)
    if (address === undefined) return []
    const index = known.indexOf(address)
    return [{ name, address, rank: index < 0 ? known.length + runtime.random.below(1_000_000) : index }]
  })
  return brokers.toSorted((one, other) => one.rank - other.rank)
}

async function idsAt(broker: AskedBroker, client: ClusterClient, group: string, deadline: Deadline): Promise<string[]> {
  const command = commands.getConsumerListByGroup
  return client.read(broker, { command, header: { consumerGroup: group } }, deadline, ({ body }) =>
    consumerIdListBody.decode(body ?? Buffer.alloc(0)).consumerIdList.toSorted(),
  )
}
