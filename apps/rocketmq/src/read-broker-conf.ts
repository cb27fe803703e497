import path from 'node:path'
import { type BrokerSettings, keptSettingsPath, readBrokerSettings } from '@rocketmq-ts/broker'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsResult } from '@rocketmq-ts/settings'
import { withAbsolutePaths } from './absolute-paths.ts'
import { readEnvironment } from './environment.ts'
import { type ChangedProperties, decidedKeysOf, type SettingsSources, withKeptChanges } from './kept-changes.ts'
import { type SourcedProperties, withOverrides } from './sourced-properties.ts'

/** The settings of a broker, and what else a start needs. */
export interface BrokerConf extends ChangedProperties {
  readonly values: BrokerSettings
  /** Keys that no request can change, with what decides them. */
  readonly decidedKeys: ReadonlyMap<string, string>
}

/** Keys that say where changes are kept: the file of changes itself cannot set them. */
const placeKeys = ['brokerConfigPath', 'storePathRootDir']

/**
 * Reads the settings of a broker. Decided values take precedence, then changes that earlier requests left beside the
 * data or in `brokerConfigPath`, then the file of the user.
 *
 * @throws SettingsError when a value cannot be used; UserError when a file cannot be read
 */
export function readBrokerConf(
  sources: SettingsSources,
  platform: Pick<Platform, 'network' | 'fileSystem'>,
): BrokerConf {
  const { fileSystem } = platform
  const { conf, confPath, decided, decidedBy } = sources
  const written = readBrokerProperties(withOverrides(conf, decided, decidedBy), platform)
  const keptPath = keptSettingsPath(written.values, confPath)
  const changed = withKeptChanges(sources, keptPath, 'brokerConfigPath', placeKeys, fileSystem)
  const { values, warnings } = readBrokerProperties(changed.sourced, platform)
  const beside = keptSettingsPath({ ...values, brokerConfigPath: '' }, undefined)
  const isLeftOut = keptPath !== beside && fileSystem.status(beside) !== undefined
  const leftOut = `the changes in ${beside} do not apply: they were kept while there was no file given by -c`
  return {
    values,
    decidedKeys: decidedKeysOf(sources),
    ...changed,
    warnings: [...warnings, ...changed.warnings, ...(isLeftOut ? [leftOut] : [])],
  }
}

/**
 * Reads the settings of a broker; relative paths are resolved from the current folder.
 *
 * @throws SettingsError when a value cannot be used
 */
export function readBrokerProperties(
  { properties, sourceOf }: SourcedProperties,
  platform: Pick<Platform, 'network'>,
): SettingsResult<BrokerSettings> {
  const environment = readEnvironment(platform)
  const { values, warnings } = readBrokerSettings(properties, { source: sourceOf, environment })
  const { brokerConfigPath } = values
  const absolute = withAbsolutePaths(values, ['storePathRootDir', 'storePathCommitLog'])
  return { values: { ...absolute, brokerConfigPath: brokerConfigPath && path.resolve(brokerConfigPath) }, warnings }
}
