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
  #isSavingLater = false

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

  /**
   * Like `save`, without holding up the loop; when the file cannot be written, it says so, and the next call tries again.
   */
  async trySaveLater(log: Log): Promise<void> {
    if (!this.#isChanged || this.#isSavingLater) return
    this.#isChanged = false
    this.#isSavingLater = true
    try {
      await this.#file.saveLater(this.#nextContent())
    } catch (error) {
      this.#isChanged = true
      log.error({ err: error }, `${this.#file.path} could not be written: it will be tried again`)
    } finally {
      this.#isSavingLater = false
    }
  }

  /**
   * Writes the file when something changed.
   * @throws the file system's errors
   */
  save(): void {
    // What is under way would end after this returns.
    if (!this.#isChanged && !this.#isSavingLater) return
    this.#file.save(this.#nextContent())
    this.#isChanged = false
  }

  #nextContent(): string {
    const { counter, stateVersion } = this.#dataVersion
    this.#dataVersion = { counter: counter + 1, stateVersion, timestamp: this.#now() }
    const table = { dataVersion: this.#dataVersion, offsetTable: this.#offsets }
    return formatConfigJson(delayOffsetsBody.toWritable(table))
  }
}
