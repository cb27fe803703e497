import type { Log } from '@rocketmq-ts/platform'
import { type DataVersion, delayOffsetsBody, formatConfigJson } from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'

/** How far each delay level is delivered, kept in config/delayOffset.json. */
export class DelayProgress {
  readonly #file: ConfigFile
  readonly #offsets: Map<number, number>
  #dataVersion: DataVersion
  readonly #now: () => number
  #isChanged = false

  constructor(file: ConfigFile, now: () => number) {
    this.#file = file
    this.#now = now
    const loaded = file.load((text) => delayOffsetsBody.parse(text))
    this.#offsets = new Map(loaded?.offsetTable)
    this.#dataVersion = loaded?.dataVersion ?? { counter: 0, stateVersion: 0, timestamp: now() }
  }

  /** The queue offset of the next message to deliver. */
  offset(level: number): number {
    return this.#offsets.get(level) ?? 0
  }

  setOffset(level: number, offset: number): void {
    this.#offsets.set(level, offset)
    this.#isChanged = true
  }

  /** Levels in use with their offsets. */
  entries(): Iterable<[level: number, offset: number]> {
    return this.#offsets
  }

  /** Like `save`; when the file cannot be written, it says so, and the next call tries again. */
  trySave(log: Log): void {
    try {
      this.save()
    } catch (error) {
      log.error({ err: error }, `${this.#file.path} could not be written: it will be tried again`)
    }
  }

  /**
   * Writes the file when something changed.
   * @throws the file system's errors
   */
  save(): void {
    if (!this.#isChanged) return
    const { counter, stateVersion } = this.#dataVersion
    this.#dataVersion = { counter: counter + 1, stateVersion, timestamp: this.#now() }
    const table = { dataVersion: this.#dataVersion, offsetTable: this.#offsets }
    this.#file.save(formatConfigJson(delayOffsetsBody.toWritable(table)))
    this.#isChanged = false
  }
}
