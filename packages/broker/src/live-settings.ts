import type { FileSystem } from '@rocketmq-ts/platform'
import { KeptFile, RunningSettings } from '@rocketmq-ts/settings'
import { type BrokerSettings, brokerChangeRules, type brokerSettings } from './settings/index.ts'

/** The settings of a running broker. */
export type LiveSettings = RunningSettings<typeof brokerSettings>

export interface LiveSettingsOptions {
  initial: BrokerSettings
  fileSystem: FileSystem
  /** Absolute path of the file that the settings were read from, if there is one. */
  confPath?: string | undefined
  /** Keys that the one who starts the broker decides each time, whatever a file says, with what says so: `-n`. */
  decidedKeys?: ReadonlyMap<string, string> | undefined
  nowMs: number
}

/** The settings that a broker runs with; changes by requests are kept in the file `keptSettingsPath`. */
export function createLiveSettings(options: LiveSettingsOptions): LiveSettings {
  const { initial, fileSystem, confPath, decidedKeys = new Map(), nowMs } = options
  const keptFile = new KeptFile(fileSystem, keptSettingsPath(initial, confPath))
  return new RunningSettings({ ...brokerChangeRules, initial, keptFile, decidedKeys, nowMs })
}

/**
 * The file that changes by requests are kept in, and that each start reads: the one that the settings come from, or
 * one beside the data when there is none.
 *
 * @param confPath absolute path of the file that the settings were read from, if there is one
 */
export function keptSettingsPath(
  settings: Pick<BrokerSettings, 'brokerConfigPath' | 'storePathRootDir'>,
  confPath: string | undefined,
): string {
  return settings.brokerConfigPath || confPath || `${settings.storePathRootDir}/config/broker.properties`
}
