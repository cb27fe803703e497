import {
  type DataVersion,
  javaStringHash,
  newDataVersion,
  nextDataVersion,
  type TimerMetrics as Table,
  timerMetricsBody,
} from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from '../kept/index.ts'

const intervalMs = 10_000

/** How many messages of each topic wait for their time, kept in config/timermetrics. */
export class TimerMetrics {
  readonly #config: KeptFolder
  readonly #kept: KeptState<Table>
  readonly #counts: Map<string, { count: number; timeStamp: number }>
  #dataVersion: DataVersion

  /** @throws Error when the file is there and cannot be used */
  constructor(config: KeptFolder) {
    this.#config = config
    this.#kept = new KeptState(config, {
      file: 'timermetrics',
      parse: (text) => timerMetricsBody.parse(text),
      pieces: () => [this.#nextText()],
      intervalMs,
      gatherMs: intervalMs,
      isProgress: false,
    })
    this.#counts = new Map(this.#kept.content?.timingCount)
    this.#dataVersion = this.#kept.content?.dataVersion ?? newDataVersion(config.clock.now())
  }

  add(topic: string, change: number): void {
    const known = this.#counts.get(topic)
    const count = Math.max((known?.count ?? 0) + change, 0)
    this.#counts.set(topic, { count, timeStamp: this.#config.clock.now() })
    this.#kept.later()
  }

  /**
   * Sets what was counted, by Java's hash of the topics' names.
   * @param topics that messages may be for, beside those that are known already
   */
  setCounted(counts: ReadonlyMap<number, number>, topics: Iterable<string>): void {
    if (counts.size === 0 && this.#counts.size === 0) return
    const timeStamp = this.#config.clock.now()
    for (const topic of new Set([...this.#counts.keys(), ...topics])) {
      const count = Math.max(counts.get(javaStringHash(topic)) ?? 0, 0)
      if (count > 0 || this.#counts.has(topic)) this.#counts.set(topic, { count, timeStamp })
    }
    this.#kept.later()
  }

  /** A topic is deleted. */
  remove(topic: string): void {
    if (this.#counts.delete(topic)) this.#kept.later()
  }

  /** Messages of all topics that wait. */
  total(): number {
    let sum = 0
    for (const { count } of this.#counts.values()) sum += count
    return sum
  }

  table(): Table {
    return { dataVersion: this.#dataVersion, timingCount: this.#counts }
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    this.#kept.close()
  }

  #nextText(): string {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#config.clock.now())
    return timerMetricsBody.encode(this.table()).toString('utf8')
  }
}
