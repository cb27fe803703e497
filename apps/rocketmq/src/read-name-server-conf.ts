import { type NameServerSettings, readNameServerSettings } from '@rocketmq-ts/name-server'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsResult } from '@rocketmq-ts/settings'
import { withAbsolutePaths } from './absolute-paths.ts'
import { readEnvironment } from './environment.ts'
import type { SourcedProperties } from './sourced-properties.ts'

/** @throws SettingsError when a value cannot be used */
export function readNameServerConf(
  { properties, sourceOf }: SourcedProperties,
  platform: Pick<Platform, 'network'>,
): SettingsResult<NameServerSettings> {
  const environment = readEnvironment(platform)
  const { values, warnings } = readNameServerSettings(properties, { source: sourceOf, environment })
  return { values: withAbsolutePaths(values, ['kvConfigPath', 'configStorePath']), warnings }
}
