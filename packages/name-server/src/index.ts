export { createNameServer, type NameServer, type NameServerOptions } from './create-name-server.ts'
export { type NameServerSettings, nameServerSettings, readNameServerSettings } from './settings/index.ts'
