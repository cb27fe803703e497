import { transactionMetricsBody } from '@rocketmq-ts/protocol'
import { type KeptFolder, TopicCounts } from '../kept/index.ts'

/** How many transactions of each topic have not ended, kept in config/transactionMetrics. */
export class TransactionMetrics extends TopicCounts {
  /** What was added since a count began; undefined while none is under way. */
  #sinceCount: Map<string, number> | undefined

  /** @throws Error when the file is there and cannot be used */
  constructor(config: KeptFolder) {
    super(config, {
      file: 'transactionMetrics',
      parse(text) {
        const { dataVersion, transactionCount } = transactionMetricsBody.parse(text)
        return { dataVersion, counts: transactionCount }
      },
      encode: ({ dataVersion, counts }) =>
        transactionMetricsBody.encode({ dataVersion, transactionCount: new Map(counts) }).toString('utf8'),
    })
  }

  override add(topic: string, change: number): void {
    super.add(topic, change)
    this.#sinceCount?.set(topic, (this.#sinceCount.get(topic) ?? 0) + change)
  }

  /** All that are open at this moment are about to be counted. */
  beginCount(): void {
    this.#sinceCount = new Map()
  }

  /** @param open how many were, by topic, when the count began */
  setCounted(open: ReadonlyMap<string, number>): void {
    const counts = new Map(open)
    for (const [topic, change] of this.#sinceCount ?? []) counts.set(topic, (counts.get(topic) ?? 0) + change)
    this.setAll(counts)
    this.#sinceCount = undefined
  }
}
