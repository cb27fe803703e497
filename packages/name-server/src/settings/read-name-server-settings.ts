import {
  type ChangeRules,
  type Properties,
  type ReadSettingsOptions,
  readSettings,
  type SettingsResult,
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

/** What a request may change (UPDATE_NAMESRV_CONFIG 318); keys in `configBlackList` stay. */
export const nameServerChangeRules: ChangeRules<typeof nameServerSettings> = {
  table: nameServerSettings,
  otherKnownKeys: otherNameServerKeys,
  blackList: ({ configBlackList }) => configBlackList,
  decidedKeys: new Map(),
}
