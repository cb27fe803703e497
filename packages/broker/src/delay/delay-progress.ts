import {
  type DataVersion,
  type DelayOffsets,
  delayOffsetsBody,
  formatConfigJson,
  newDataVersion,
  nextDataVersion,
} from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from '../kept/index.ts'

export interface DelayProgressOptions {
  /** Where delayOffset.json is. */
  config: KeptFolder
  /** Milliseconds between two writes of the file. */
  flushIntervalMs: number
}

/** How far each delay level is delivered, kept in config/delayOffset.json. */
export class DelayProgress {
  readonly #config: KeptFolder
  readonly #kept: KeptState<DelayOffsets>
  readonly #offsets: Map<number, number>
  #dataVersion: DataVersion

  /** @throws Error when the file is there and cannot be used */
  constructor({ config, flushIntervalMs }: DelayProgressOptions) {
    this.#config = config
    this.#kept = new KeptState(config, {
      file: 'delayOffset.json',
      parse: (text) => delayOffsetsBody.parse(text),
      pieces: () => [this.#nextText()],
      intervalMs: flushIntervalMs,
      gatherMs: flushIntervalMs,
      isProgress: true,
    })
    const { content } = this.#kept
    this.#offsets = new Map(content?.offsetTable)
    this.#dataVersion = content?.dataVersion ?? newDataVersion(config.clock.now())
  }

  /** The queue offset of the next message to deliver. */
  offset(level: number): number {
    return this.#offsets.get(level) ?? 0
  }

  setOffset(level: number, offset: number): void {
    this.#offsets.set(level, offset)
    this.#kept.later()
  }

  /**
   * Goes back to an offset. That lasts when this returns.
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  goBack(level: number, offset: number): void {
    this.setOffset(level, offset)
    this.#kept.flush()
  }

  /** Levels in use with their offsets. */
  entries(): Iterable<[level: number, offset: number]> {
    return this.#offsets
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    this.#kept.close()
  }

  #nextText(): string {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#config.clock.now())
    const table = { dataVersion: this.#dataVersion, offsetTable: this.#offsets }
    return formatConfigJson(delayOffsetsBody.toWritable(table))
  }
}
