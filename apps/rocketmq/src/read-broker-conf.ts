import path from 'node:path'
import { type BrokerSettings, keptSettingsPath, readBrokerSettings } from '@rocketmq-ts/broker'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsResult } from '@rocketmq-ts/settings'
import { withAbsolutePaths } from './absolute-paths.ts'
import { readConfFile } from './conf-file.ts'
import { readEnvironment } from './environment.ts'
import { layered, type SourcedProperties, withOverrides } from './sourced-properties.ts'

/** What the settings of a broker come from. */
export interface BrokerSources {
  /** A file of the user. */
  readonly conf: SourcedProperties
  /** Absolute path of that file, if changes by requests are kept in it. */
  readonly confPath?: string | undefined
  /** Values that count more than any file; those that are undefined are left to the files. */
  readonly decided: Readonly<Record<string, string | undefined>>
  /** What decides them, for messages: `-n`. */
  readonly decidedBy: string
}

/** The settings of a broker, and what a start needs beside them. */
export interface BrokerConf {
  readonly values: BrokerSettings
  /** All properties that were set, and where. */
  readonly sourced: SourcedProperties
  /** Keys that no change by a request has an effect on, with what decides them. */
  readonly decidedKeys: ReadonlyMap<string, string>
  /** A line that says which changes by earlier requests apply, if there are any beside the user's file. */
  readonly keptChanges: string | undefined
  readonly warnings: readonly string[]
}

/** Keys that say where the kept changes are: they cannot stand among them. */
const placeKeys = ['brokerConfigPath', 'storePathRootDir']

/**
 * Reads the settings of a broker: what is decided counts most, then changes that earlier requests left beside the data or
 * in `brokerConfigPath`, then the file of the user.
 *
 * @throws SettingsError when a value cannot be used; UserError when a file cannot be read
 */
export function readBrokerConf(sources: BrokerSources, platform: Pick<Platform, 'network' | 'fileSystem'>): BrokerConf {
  const { conf, confPath, decided, decidedBy } = sources
  const decidedKeys = new Map(
    Object.keys(decided).flatMap((key) => (decided[key] === undefined ? [] : [[key, decidedBy]])),
  )
  const written = withOverrides(conf, decided, decidedBy)
  const first = readBrokerProperties(written, platform)
  const keptPath = keptSettingsPath(first.values, confPath)
  const kept = keptPath === confPath ? undefined : readKept(keptPath, platform)
  if (kept === undefined) {
    const beside = keptSettingsPath({ ...first.values, brokerConfigPath: '' }, undefined)
    const warnings = [...first.warnings]
    if (keptPath !== beside && platform.fileSystem.status(beside) !== undefined) {
      warnings.push(`the changes in ${beside} do not apply: they were kept while there was no file given by -c`)
    }
    return { values: first.values, sourced: written, decidedKeys, keptChanges: undefined, warnings }
  }
  const isUsed = (key: string) => !placeKeys.includes(key) && !decidedKeys.has(key)
  const used = { ...kept, properties: new Map([...kept.properties].filter(([key]) => isUsed(key))) }
  const sourced = withOverrides(layered(conf, used), decided, decidedBy)
  const { values, warnings } = readBrokerProperties(sourced, platform)
  const unused = [...kept.properties.keys()].filter((key) => !isUsed(key))
  const changes = [...used.properties].map(([key, value]) => `${key}=${value}`)
  return {
    values,
    sourced,
    decidedKeys,
    keptChanges: changes.length === 0 ? undefined : `changes by requests apply: ${changes.join(', ')} (${keptPath})`,
    warnings: [...warnings, ...unused.map((key) => `${kept.sourceOf(key)}: ${key} has no effect in this file`)],
  }
}

/**
 * Reads the settings of a broker; relative paths are seen from the current folder.
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

function readKept(file: string, { fileSystem }: Pick<Platform, 'fileSystem'>): SourcedProperties | undefined {
  return fileSystem.status(file) === undefined ? undefined : readConfFile(fileSystem, file, 'brokerConfigPath')
}
