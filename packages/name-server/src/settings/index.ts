export { type NameServerSettings, nameServerSettings } from './name-server-settings.ts'
export { readNameServerSettings, updateNameServerSettings } from './read-name-server-settings.ts'
