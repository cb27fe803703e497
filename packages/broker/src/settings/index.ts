export { type BrokerSettings, brokerSettings } from './broker-settings.ts'
export { brokerChangeRules, readBrokerSettings } from './read-broker-settings.ts'
