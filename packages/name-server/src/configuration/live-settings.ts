import type { FileSystem } from '@rocketmq-ts/platform'
import { KeptFile, RunningSettings } from '@rocketmq-ts/settings'
import { type NameServerSettings, nameServerChangeRules, type nameServerSettings } from '../settings/index.ts'

/** The settings of a running name server, which administrators can change by requests. */
export type LiveSettings = RunningSettings<typeof nameServerSettings>

/** Changes are kept in the file `configStorePath`. */
export function createLiveSettings(
  initial: NameServerSettings,
  decidedKeys: ReadonlyMap<string, string>,
  fileSystem: FileSystem,
  nowMs: number,
): LiveSettings {
  const keptFile = new KeptFile(fileSystem, initial.configStorePath)
  return new RunningSettings({ ...nameServerChangeRules, decidedKeys, initial, keptFile, nowMs })
}
