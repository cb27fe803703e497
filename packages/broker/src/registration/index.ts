export type { BrokerIdentity, NameServerCalls } from './name-server-link.ts'
export { Registration, type RegistrationOptions } from './registration.ts'
