export { type BrokerSettings, brokerSettings } from './broker-settings.ts'
export { readBrokerSettings, updateBrokerSettings } from './read-broker-settings.ts'
