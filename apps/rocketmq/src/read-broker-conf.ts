import { type BrokerSettings, readBrokerSettings } from '@rocketmq-ts/broker'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsResult } from '@rocketmq-ts/settings'
import { withAbsolutePaths } from './absolute-paths.ts'
import { readEnvironment } from './environment.ts'
import type { SourcedProperties } from './sourced-properties.ts'

/** @throws SettingsError when a value cannot be used */
export function readBrokerConf(
  { properties, sourceOf }: SourcedProperties,
  platform: Pick<Platform, 'network'>,
): SettingsResult<BrokerSettings> {
  const environment = readEnvironment(platform)
  const { values, warnings } = readBrokerSettings(properties, { source: sourceOf, environment })
  return { values: withAbsolutePaths(values, ['storePathRootDir', 'storePathCommitLog']), warnings }
}
