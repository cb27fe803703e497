export { BrokerStatistics } from './broker-statistics.ts'
