import { type NameServerSettings, readNameServerSettings } from '@rocketmq-ts/name-server'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsResult } from '@rocketmq-ts/settings'
import { withAbsolutePaths } from './absolute-paths.ts'
import { readEnvironment } from './environment.ts'
import { type ChangedProperties, decidedKeysOf, type SettingsSources, withKeptChanges } from './kept-changes.ts'
import { type SourcedProperties, withDefaults, withOverrides } from './sourced-properties.ts'

/** The settings of a name server, and what else a start needs. */
export interface NameServerConf extends ChangedProperties {
  readonly values: NameServerSettings
  /** Keys that no request can change, with what decides them. */
  readonly decidedKeys: ReadonlyMap<string, string>
}

/** Keys that say where changes are kept: the file of changes itself cannot set them. */
const placeKeys = ['configStorePath']

/**
 * Reads the settings of a name server. Decided values take precedence, then changes that earlier requests left in
 * `configStorePath`, then the file of the user.
 *
 * @throws SettingsError when a value cannot be used; UserError when a file cannot be read
 */
export function readNameServerConf(
  sources: SettingsSources,
  platform: Pick<Platform, 'network' | 'fileSystem'>,
): NameServerConf {
  const { confPath, decided, decidedBy } = sources
  const conf = withDefaults(sources.conf, confPath === undefined ? {} : { configStorePath: confPath }, '-c')
  const { configStorePath } = read(withOverrides(conf, decided, decidedBy), platform).values
  const { fileSystem } = platform
  const changed = withKeptChanges({ ...sources, conf }, configStorePath, 'configStorePath', placeKeys, fileSystem)
  const { values, warnings } = read(changed.sourced, platform)
  return { values, decidedKeys: decidedKeysOf(sources), ...changed, warnings: [...warnings, ...changed.warnings] }
}

function read(
  { properties, sourceOf }: SourcedProperties,
  platform: Pick<Platform, 'network'>,
): SettingsResult<NameServerSettings> {
  const environment = readEnvironment(platform)
  const { values, warnings } = readNameServerSettings(properties, { source: sourceOf, environment })
  return { values: withAbsolutePaths(values, ['kvConfigPath', 'configStorePath']), warnings }
}
