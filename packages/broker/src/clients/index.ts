export type { ClientConnection, ClientLink } from './client-connection.ts'
export { ClientRegistry } from './client-registry.ts'
export type { ConsumerGroupView, ConsumerRegistry } from './consumer-registry.ts'
export type { ProducerRegistry } from './producer-registry.ts'
