import type { Clock, Log, Network } from '@rocketmq-ts/platform'
import { formatAddress, RemotingClient } from '@rocketmq-ts/remoting'
import type { Identity } from '../identity.ts'
import type { LiveSettings } from '../live-settings.ts'
import type { MappingTable } from '../static-topics/mapping-table.ts'
import type { TopicTable } from '../topics/index.ts'
import { Registration } from './registration.ts'

export interface RegistrationParts {
  clock: Clock
  log: Log
  network: Network
  identity: Identity
  liveSettings: LiveSettings
  topics: TopicTable
  mappings: Pick<MappingTable, 'details'>
}

const haPortDistance = 1

/** Telling the name servers about the broker and its topics. */
export function createRegistration(parts: RegistrationParts) {
  const { clock, log, network, identity, liveSettings, topics, mappings } = parts
  const settings = () => liveSettings.current
  const { brokerId, brokerIP2, haListenPort, listenPort } = settings()
  const { clusterName, brokerName, brokerAddress } = identity
  const calls = new RemotingClient({ network, clock }, { log })
  const registration = new Registration({
    clock,
    log,
    calls,
    identity: {
      clusterName,
      brokerName,
      brokerId,
      brokerAddr: brokerAddress,
      haServerAddr: formatAddress({ host: brokerIP2, port: haListenPort || listenPort + haPortDistance }),
    },
    topics,
    mappings,
    settings,
    onOrderedTopics: (ordered) => topics.setOrdered(ordered),
  })
  topics.onChange((names) => registration.topicsChanged(names))
  liveSettings.onChange((changedKeys) => registration.settingsChanged(changedKeys))
  return {
    /** How name servers are called. */
    calls,
    settled: (msMax: number) => registration.settled(msMax),
    /** Takes the broker out of the routes: no client is sent here any more. */
    leave: () => registration.close(),
    start: () => registration.start(),
    close: () => calls.close(),
    stats: () => ({ nameServers: registration.states() }),
  }
}
