import { dirname } from 'node:path'
import { type FileSystem, replaceFile } from '@rocketmq-ts/platform'
import { type Properties, type SettingsUpdate, toPropertiesText } from '@rocketmq-ts/settings'
import { type NameServerSettings, nameServerSettings, updateNameServerSettings } from '../settings/index.ts'

/** The settings of a running name server, which administrators change by requests. */
export class LiveSettings {
  readonly #fileSystem: FileSystem
  #values: NameServerSettings

  constructor(values: NameServerSettings, fileSystem: FileSystem) {
    this.#values = values
    this.#fileSystem = fileSystem
  }

  get values(): NameServerSettings {
    return this.#values
  }

  /** All settings as the text of a .properties file. */
  toPropertiesText(): string {
    return toPropertiesText(nameServerSettings, this.#values)
  }

  /** Changes settings and writes all of them to `configStorePath`; a rejected update changes nothing. */
  update(changes: Properties): SettingsUpdate<NameServerSettings> {
    const update = updateNameServerSettings(this.#values, changes)
    if (update.outcome !== 'updated' || update.changedKeys.length === 0) return update
    const path = update.values.configStorePath
    this.#fileSystem.makeFolder(dirname(path))
    const text = toPropertiesText(nameServerSettings, update.values)
    replaceFile(this.#fileSystem, path, Buffer.from(text, 'utf8'), `${path}.bak`)
    this.#values = update.values
    return update
  }
}
