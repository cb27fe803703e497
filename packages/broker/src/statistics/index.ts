export { BrokerStatistics, type CountersMemo, type TopicCounters } from './broker-statistics.ts'
