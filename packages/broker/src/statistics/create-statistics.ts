import type { Clock } from '@rocketmq-ts/platform'
import type { ConnectionEnd, RemotingConnection } from '@rocketmq-ts/remoting'
import type { MessageStore } from '@rocketmq-ts/storage'
import type { Identity } from '../identity.ts'
import { isSystemTopic, systemTopicNames } from '../topics/system-topics.ts'
import { BrokerStatistics } from './broker-statistics.ts'
import { CommandCounters } from './command-counters.ts'
import { OwnPuts, SentPuts } from './counted-puts.ts'
import { viewBrokerStatsData } from './handlers/view-broker-stats-data.ts'

export interface StatisticsParts {
  clock: Clock
  identity: Identity
  store: Pick<MessageStore, 'put' | 'putWhole'>
  settings(): { enableLmqStats: boolean }
}

/** Counts what the broker does. */
export function createStatistics({ clock, identity, store, settings }: StatisticsParts) {
  const { clusterName, brokerName } = identity
  const systemTopics = systemTopicNames(clusterName, brokerName)
  const statistics = new BrokerStatistics({
    clock,
    clusterName,
    isSystemTopic: (topic) => isSystemTopic(topic, systemTopics),
    countsLightQueues: () => settings().enableLmqStats,
  })
  const commandCounters = new CommandCounters()
  return {
    counters: statistics,
    /** Told about each answered request. */
    observer: commandCounters.observer,
    /** The store for whoever puts messages into it: all that is put is counted. */
    sink: new OwnPuts(store, statistics, clock),
    /** The same for what clients send. */
    sentSink: new SentPuts(store, statistics, clock),
    handlers: { viewBrokerStatsData: viewBrokerStatsData({ statistics }) },
    connected: () => statistics.channel('CONNECT'),
    disconnected(_connection: RemotingConnection, end: ConnectionEnd) {
      if (end === 'idle') statistics.channel('IDLE')
      if (end === 'failed') statistics.channel('EXCEPTION')
      statistics.channel('CLOSE')
    },
    start: () => statistics.start(),
    close: () => statistics.close(),
    stats: () => ({
      totals: { ...statistics.totals },
      putMs99: statistics.putLatencies.percentileMs(0.99),
      commands: commandCounters.figures(),
    }),
  }
}
