import { type NameServerSettings, readNameServerSettings } from '@rocketmq-ts/name-server'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsResult } from '@rocketmq-ts/settings'
import { withAbsolutePaths } from './absolute-paths.ts'
import { readConfFile } from './conf-file.ts'
import { readEnvironment } from './environment.ts'
import { layered, type SourcedProperties, withDefaults, withOverrides } from './sourced-properties.ts'

/** What the settings of a name server come from. */
export interface NameServerSources {
  /** A file of the user. */
  readonly conf: SourcedProperties
  /** Absolute path of that file: changes by requests are kept in it, unless it names another `configStorePath`. */
  readonly confPath?: string | undefined
  /** Values that count more than any file; those that are undefined are left to the files. */
  readonly decided: Readonly<Record<string, string | undefined>>
  /** What decides them, for messages: `-p`. */
  readonly decidedBy: string
}

/** The settings of a name server, and what a start needs beside them. */
export interface NameServerConf {
  readonly values: NameServerSettings
  /** Keys that no change by a request has an effect on, with what decides them. */
  readonly decidedKeys: ReadonlyMap<string, string>
  /** A line that says which changes by earlier requests apply, if there are any beside the user's file. */
  readonly keptChanges: string | undefined
  readonly warnings: readonly string[]
}

/**
 * Reads the settings of a name server: what is decided counts most, then changes that earlier requests left in
 * `configStorePath`, then the file of the user.
 *
 * @throws SettingsError when a value cannot be used; UserError when a file cannot be read
 */
export function readNameServerConf(
  { conf, confPath, decided, decidedBy }: NameServerSources,
  platform: Pick<Platform, 'network' | 'fileSystem'>,
): NameServerConf {
  const decidedKeys = new Map(
    Object.keys(decided).flatMap((key) => (decided[key] === undefined ? [] : [[key, decidedBy]])),
  )
  const base = withDefaults(conf, confPath === undefined ? {} : { configStorePath: confPath }, '-c')
  const first = read(withOverrides(base, decided, decidedBy), platform)
  const keptPath = first.values.configStorePath
  const isBeside = keptPath !== confPath && platform.fileSystem.status(keptPath) !== undefined
  if (!isBeside) return { ...first, decidedKeys, keptChanges: undefined }
  const kept = readConfFile(platform.fileSystem, keptPath, 'configStorePath')
  const isUsed = (key: string) => key !== 'configStorePath' && !decidedKeys.has(key)
  const used = { ...kept, properties: new Map([...kept.properties].filter(([key]) => isUsed(key))) }
  const { values, warnings } = read(withOverrides(layered(base, used), decided, decidedBy), platform)
  const unused = [...kept.properties.keys()].filter((key) => !isUsed(key))
  const changes = [...used.properties].map(([key, value]) => `${key}=${value}`)
  return {
    values,
    decidedKeys,
    keptChanges: changes.length === 0 ? undefined : `changes by requests apply: ${changes.join(', ')} (${keptPath})`,
    warnings: [...warnings, ...unused.map((key) => `${kept.sourceOf(key)}: ${key} has no effect in this file`)],
  }
}

function read(
  { properties, sourceOf }: SourcedProperties,
  platform: Pick<Platform, 'network'>,
): SettingsResult<NameServerSettings> {
  const environment = readEnvironment(platform)
  const { values, warnings } = readNameServerSettings(properties, { source: sourceOf, environment })
  return { values: withAbsolutePaths(values, ['kvConfigPath', 'configStorePath']), warnings }
}
