import { ProtocolError } from '@rocketmq-ts/protocol'
import { type ChangeRules, checkChange, type RunningValues } from './check-change.ts'
import { type KeptFile, SettingsNotKeptError } from './kept-file.ts'
import { toPropertiesText } from './properties-text.ts'
import type { SettingsOf, SettingsTable } from './setting.ts'
import { shownSetting } from './settings-error.ts'

export interface RunningSettingsOptions<Table extends SettingsTable> extends ChangeRules<Table> {
  /** What the process was started with. */
  readonly initial: SettingsOf<Table>
  readonly keptFile: KeptFile
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** A change that was made and kept. */
export interface SettingsChange {
  /** Keys that have another value now, or will have after a restart. */
  readonly changedKeys: readonly string[]
  /** Those of them that wait for a restart. */
  readonly restartKeys: readonly string[]
  /** What the answer says of it, when there is something to say. */
  readonly remark?: string
}

/**
 * The settings of a running process. Whoever reads one that can change asks for it each time. A change is kept before it
 * is made, and what waits for a restart is not in force.
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

  /** What is in force. */
  get current(): SettingsOf<Table> {
    return this.#values.current
  }

  /** How often they were changed, and when for the last time; when the process started, as long as they were not. */
  get version(): { readonly counter: number; readonly timestamp: number } {
    return { counter: this.#updateCount, timestamp: this.#lastUpdateMs }
  }

  /** All settings as the text of a .properties file; what waits for a restart is shown as it will be. */
  toPropertiesText(): string {
    return toPropertiesText(this.#options.table, this.#values.next)
  }

  /** Told the keys of each change that are in force, after the change. */
  onChange(listener: (changedKeys: readonly string[]) => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Changes settings as a request asks for, all of its keys or none.
   *
   * @param body of the request: a .properties text
   * @throws ProtocolError when it is refused or cannot be kept: nothing has changed then, unless the message says so
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

  /** @throws ProtocolError when one of those who listen could not do what follows from the change; all were told */
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
