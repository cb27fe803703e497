import {
  applyUpdate,
  type Properties,
  type ReadSettingsOptions,
  readSettings,
  type SettingsResult,
  type SettingsUpdate,
} from '@rocketmq-ts/settings'
import { type BrokerSettings, brokerSettings } from './broker-settings.ts'
import { consistentBrokerSettings } from './consistent-broker-settings.ts'
import { otherBrokerKeys } from './other-broker-keys.ts'

const noNameServer = 'namesrvAddr is not set: the broker registers nowhere, and clients cannot find it'

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
  const warnings = [...read.warnings, ...consistent.warnings]
  if (consistent.values.namesrvAddr.length === 0) warnings.push(noNameServer)
  return { values: consistent.values, warnings }
}

/**
 * Changes settings of a running broker (UPDATE_BROKER_CONFIG 25); keys in its `configBlackList` stay.
 *
 * @param changes the properties in the body of the request
 */
export function updateBrokerSettings(current: BrokerSettings, changes: Properties): SettingsUpdate<BrokerSettings> {
  const blackList = current.configBlackList
  const update = applyUpdate(brokerSettings, current, changes, { blackList, otherKnownKeys: otherBrokerKeys })
  if (update.outcome !== 'updated') return update
  const consistent = consistentBrokerSettings(update.values)
  return { ...update, values: consistent.values, warnings: [...update.warnings, ...consistent.warnings] }
}
