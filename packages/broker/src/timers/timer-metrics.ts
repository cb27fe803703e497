import { javaStringHash, type TimerMetrics as Table, timerMetricsBody } from '@rocketmq-ts/protocol'
import { type KeptFolder, TopicCounts } from '../kept/index.ts'

/** How many messages of each topic wait for their time, kept in config/timermetrics. */
export class TimerMetrics extends TopicCounts {
  /** @throws Error when the file is there and cannot be used */
  constructor(config: KeptFolder) {
    super(config, {
      file: 'timermetrics',
      parse(text) {
        const { dataVersion, timingCount } = timerMetricsBody.parse(text)
        return { dataVersion, counts: timingCount }
      },
      encode: ({ dataVersion, counts }) =>
        timerMetricsBody.encode({ dataVersion, timingCount: new Map(counts) }).toString('utf8'),
    })
  }

  /**
   * Sets what was counted, by Java's hash of the topics' names.
   * @param topics that messages may be for, beside those that are known already
   */
  setCounted(counts: ReadonlyMap<number, number>, topics: Iterable<string>): void {
    const known = this.table.counts
    if (counts.size === 0 && known.size === 0) return
    const names = [...new Set([...known.keys(), ...topics])]
    this.setAll(new Map(names.map((topic) => [topic, counts.get(javaStringHash(topic)) ?? 0])))
  }

  get body(): Table {
    const { dataVersion, counts } = this.table
    return { dataVersion, timingCount: new Map(counts) }
  }
}

/** Changes one after the other: those of one topic that follow each other are made together. */
export class MetricChanges {
  readonly #metrics: Pick<TimerMetrics, 'add'>
  #topic: string | undefined
  #change = 0

  constructor(metrics: Pick<TimerMetrics, 'add'>) {
    this.#metrics = metrics
  }

  add(topic: string, change: number): void {
    if (topic !== this.#topic) this.end()
    this.#topic = topic
    this.#change += change
  }

  /** Makes what was not made yet. */
  end(): void {
    if (this.#topic !== undefined && this.#change !== 0) this.#metrics.add(this.#topic, this.#change)
    this.#change = 0
  }
}
