export type { NameServerCalls } from './name-server-link.ts'
export { Registration } from './registration.ts'
