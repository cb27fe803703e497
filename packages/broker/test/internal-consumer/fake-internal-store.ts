import { type MessageToStore, recordBytes, writeRecord } from '@rocketmq-ts/protocol'
import type { QueueUnit } from '@rocketmq-ts/storage'
import type { InternalStore } from '../../src/internal-consumer/internal-consumer.ts'

const host = Buffer.from([127, 0, 0, 1, 0, 0, 0, 1])

/** A store with some queues of one topic. */
export class FakeInternalStore implements InternalStore {
  readonly records: Buffer[] = []
  readonly queues: QueueUnit[][]
  readonly #topic: string
  readonly #listeners: (() => void)[] = []
  min = 0

  constructor(topic: string, queueCount: number) {
    this.#topic = topic
    this.queues = Array.from({ length: queueCount }, () => [])
  }

  add(queueId: number, body: string, tagsCode = 0): void {
    const one: MessageToStore = {
      ...{ topicBytes: Buffer.from(this.#topic), queueId, flag: 0, sysFlag: 0, bornTimestamp: 1, bornHost: host },
      ...{ storeHost: host, reconsumeTimes: 0, preparedTransactionOffset: 0, propertiesBytes: Buffer.alloc(0) },
      body: Buffer.from(body),
    }
    const totalSize = recordBytes(one)
    const record = Buffer.alloc(totalSize)
    writeRecord(record, 0, totalSize, one, 0, 0, 0)
    this.records.push(record)
    this.queues[queueId]!.push({ physicalOffset: this.records.length - 1, totalSize, tagsCode })
  }

  async units(_topic: string, queueId: number, from: number, count: number): Promise<QueueUnit[]> {
    return this.queues[queueId]!.slice(from, from + count)
  }

  async recordsAt(places: readonly { physicalOffset: number }[]): Promise<(Buffer | undefined)[]> {
    return places.map(({ physicalOffset }) => this.records[physicalOffset])
  }

  onCutBack(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Cuts off what stands at or behind an offset. */
  cutBack(queueId: number, offset: number): void {
    this.queues[queueId]!.length = offset
    for (const listener of this.#listeners) listener()
  }

  minOffset(): number {
    return this.min
  }

  maxOffset(_topic: string, queueId: number): number {
    return this.queues[queueId]!.length
  }
}
