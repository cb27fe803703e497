export { BrokerStatistics, type BrokerStatisticsOptions, type BrokerTotals } from './broker-statistics.ts'
