import type { FileSystem } from '@rocketmq-ts/platform'
import { readConfFile } from './conf-file.ts'
import { layered, type SourcedProperties, withOverrides } from './sourced-properties.ts'

/** The sources of a server's settings. */
export interface SettingsSources {
  /** The file of the user. */
  readonly conf: SourcedProperties
  /** Absolute path of that file: changes by requests are kept in it, unless it names another one for them. */
  readonly confPath?: string | undefined
  /** Values that take precedence over files; undefined leaves a key to the files. */
  readonly decided: Readonly<Record<string, string | undefined>>
  /** What decides them, for messages: `-p`. */
  readonly decidedBy: string
}

/** Properties with the changes that earlier requests made. */
export interface ChangedProperties {
  readonly sourced: SourcedProperties
  /** A line that says which of these changes apply, if there are any beside the user's file. */
  readonly keptChanges: string | undefined
  readonly warnings: readonly string[]
}

/** Keys that no request can change, with what decides them. */
export function decidedKeysOf({ decided, decidedBy }: SettingsSources): ReadonlyMap<string, string> {
  const keys = Object.keys(decided).filter((key) => decided[key] !== undefined)
  return new Map(keys.map((key) => [key, decidedBy]))
}

/**
 * Layers the changes by requests over the file of the user, and decided values over both.
 *
 * @param file in which changes are kept; it need not exist
 * @param option the setting that names it, for messages
 * @param placeKeys settings that say where this file is: the file itself cannot set them
 * @throws UserError when it cannot be read
 */
export function withKeptChanges(
  sources: SettingsSources,
  file: string,
  option: string,
  placeKeys: readonly string[],
  fileSystem: FileSystem,
): ChangedProperties {
  const { conf, confPath, decided, decidedBy } = sources
  if (file === confPath || fileSystem.status(file) === undefined) {
    return { sourced: withOverrides(conf, decided, decidedBy), keptChanges: undefined, warnings: [] }
  }
  const kept = readConfFile(fileSystem, file, option)
  const isUsed = (key: string) => !placeKeys.includes(key) && decided[key] === undefined
  const used = { ...kept, properties: new Map([...kept.properties].filter(([key]) => isUsed(key))) }
  const unused = [...kept.properties.keys()].filter((key) => !isUsed(key))
  const changes = [...used.properties].map(([key, value]) => `${key}=${value}`)
  return {
    sourced: withOverrides(layered(conf, used), decided, decidedBy),
    keptChanges: changes.length === 0 ? undefined : `changes by requests apply: ${changes.join(', ')} (${file})`,
    warnings: unused.map((key) => `${kept.sourceOf(key)}: ${key} has no effect in this file`),
  }
}
