export { type Broker, type CreateBrokerOptions, createBroker } from './create-broker.ts'
export { type BrokerSettings, brokerSettings, readBrokerSettings } from './settings/index.ts'
