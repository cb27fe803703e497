export { type Broker, type CreateBrokerOptions, createBroker } from './create-broker.ts'
export { keptSettingsPath } from './live-settings.ts'
export { type BrokerSettings, brokerSettings, readBrokerSettings } from './settings/index.ts'
