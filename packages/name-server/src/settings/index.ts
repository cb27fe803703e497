export { type NameServerSettings, nameServerSettings } from './name-server-settings.ts'
export { nameServerChangeRules, readNameServerSettings } from './read-name-server-settings.ts'
