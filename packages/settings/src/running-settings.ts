import { ProtocolError } from '@rocketmq-ts/protocol'
import { type ChangeRules, checkChange, type RunningValues } from './check-change.ts'
import { type KeptFile, SettingsNotKeptError } from './kept-file.ts'
import { toPropertiesText } from './properties-text.ts'
import type { SettingsOf, SettingsTable } from './setting.ts'
import { shownSetting } from './settings-error.ts'

export interface RunningSettingsOptions<Table extends SettingsTable> extends ChangeRules<Table> {
  /** The settings at the start of the process. */
  readonly initial: SettingsOf<Table>
  readonly keptFile: KeptFile
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** A change that was made and kept. */
export interface SettingsChange {
  /** Keys with another value now or after a restart. */
  readonly changedKeys: readonly string[]
  /** The changed keys that take effect at the next start. */
  readonly restartKeys: readonly string[]
  /** The remark of the answer, if there is one. */
  readonly remark?: string
}

/**
 * The settings of a running process. Read `current` at each use: values can change. A change is written to the file
 * before it takes effect. A setting that needs a restart keeps its old value in `current`.
 */
export class RunningSettings<Table extends SettingsTable> {
  readonly #options: RunningSettingsOptions<Table>
  #values: RunningValues<SettingsOf<Table>>
  #updateCount = 0
  #lastUpdateMs: number
  readonly #listeners: ((changedKeys: readonly string[]) => void)[] = []

  constructor(options: RunningSettingsOptions<Table>) {
    this.#options = options
    this.#values = { current: options.initial, next: options.initial }
    this.#lastUpdateMs = options.nowMs
  }

  /** The values in effect. */
  get current(): SettingsOf<Table> {
    return this.#values.current
  }

  /** How often settings were changed, and when last, in milliseconds; before any change, when the process started. */
  get version(): { readonly counter: number; readonly timestamp: number } {
    return { counter: this.#updateCount, timestamp: this.#lastUpdateMs }
  }

  /** All settings as the text of a .properties file, with the values that they will have after a restart. */
  toPropertiesText(): string {
    return toPropertiesText(this.#options.table, this.#values.next)
  }

  /** Calls the listener after each change, with the keys that took effect at once. */
  onChange(listener: (changedKeys: readonly string[]) => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Changes the settings that a request names: all of its keys or none.
   *
   * @param body of the request: a .properties text
   * @throws ProtocolError when the change is refused or cannot be kept: nothing has changed then, unless the message
   *   says otherwise
   */
  change(body: Buffer, nowMs: number): SettingsChange {
    const { table, keptFile } = this.#options
    const checked = checkChange(this.#options, this.#values, body)
    if (checked.outcome === 'refused') throw new ProtocolError(checked.code, checked.remark)
    const { values, given, changedKeys, restartKeys, notes } = checked
    try {
      if (given.size > 0) keptFile.keep(given, changedKeys)
    } catch (error) {
      if (error instanceof SettingsNotKeptError) throw new ProtocolError('SYSTEM_ERROR', error.message)
      throw error
    }
    this.#values = values
    this.#updateCount++
    this.#lastUpdateMs = nowMs
    const liveKeys = changedKeys.filter((key) => table[key]!.effect === 'live')
    if (liveKeys.length > 0) this.#tell(liveKeys)
    const waiting = restartKeys.map((key) => shownSetting(key, given.get(key)!))
    const restart = `${waiting.join(', ')}: kept in ${keptFile.path}, takes effect at the next start`
    const sentences = waiting.length > 0 ? [restart, ...notes] : notes
    return { changedKeys, restartKeys, remark: sentences.length > 0 ? sentences.join('; ') : undefined }
  }

  /** @throws ProtocolError when a listener failed; all listeners were called */
  #tell(keys: readonly string[]): void {
    const errors: unknown[] = []
    for (const listener of this.#listeners) {
      try {
        listener(keys)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 0) return
    const reasons = errors.map((error) => (error instanceof Error ? error.message : String(error)))
    throw new ProtocolError(
      'SYSTEM_ERROR',
      `the change is made and kept, but what follows failed: ${reasons.join('; ')}`,
    )
  }
}
