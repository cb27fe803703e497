import {
  applyUpdate,
  type Properties,
  type ReadSettingsOptions,
  readSettings,
  type SettingsResult,
  type SettingsUpdate,
} from '@rocketmq-ts/settings'
import { type NameServerSettings, nameServerSettings } from './name-server-settings.ts'
import { otherNameServerKeys } from './other-name-server-keys.ts'

/**
 * Reads the settings of a name server.
 *
 * @param properties keys and values of a namesrv.conf
 * @throws SettingsError when a value cannot be used; it lists all of them
 */
export function readNameServerSettings(
  properties: Properties,
  options: Omit<ReadSettingsOptions, 'otherKnownKeys'>,
): SettingsResult<NameServerSettings> {
  return readSettings(nameServerSettings, properties, { ...options, otherKnownKeys: otherNameServerKeys })
}

/**
 * Changes settings of a running name server (UPDATE_NAMESRV_CONFIG 318); keys in its `configBlackList` stay.
 *
 * @param changes the properties in the body of the request
 */
export function updateNameServerSettings(
  current: NameServerSettings,
  changes: Properties,
): SettingsUpdate<NameServerSettings> {
  const blackList = current.configBlackList
  return applyUpdate(nameServerSettings, current, changes, { blackList, otherKnownKeys: otherNameServerKeys })
}
