import {
  type ChangeRules,
  type Properties,
  type ReadSettingsOptions,
  readSettings,
  type SettingsResult,
} from '@rocketmq-ts/settings'
import { type BrokerSettings, brokerSettings } from './broker-settings.ts'
import { consistentBrokerSettings } from './consistent-broker-settings.ts'
import { otherBrokerKeys } from './other-broker-keys.ts'

/**
 * Reads the settings of a broker.
 *
 * @param properties keys and values of a broker.conf
 * @throws SettingsError when a value cannot be used; it lists all of them
 */
export function readBrokerSettings(
  properties: Properties,
  options: Omit<ReadSettingsOptions, 'otherKnownKeys'>,
): SettingsResult<BrokerSettings> {
  const read = readSettings(brokerSettings, properties, { ...options, otherKnownKeys: otherBrokerKeys })
  const consistent = consistentBrokerSettings(read.values)
  return { values: consistent.values, warnings: [...read.warnings, ...consistent.warnings] }
}

/** What a request may change (UPDATE_BROKER_CONFIG 25); keys in `configBlackList` stay. */
export const brokerChangeRules: Omit<ChangeRules<typeof brokerSettings>, 'decidedKeys'> = {
  table: brokerSettings,
  otherKnownKeys: otherBrokerKeys,
  blackList: ({ configBlackList }) => configBlackList,
  settle: consistentBrokerSettings,
}
