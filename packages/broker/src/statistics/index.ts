export { BrokerStatistics, type CountersMemo } from './broker-statistics.ts'
export type { TopicCounters } from './topic-counters.ts'
