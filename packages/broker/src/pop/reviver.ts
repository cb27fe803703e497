import type { DecodedMessage } from '@rocketmq-ts/protocol'
import { InternalConsumer } from '../internal-consumer/internal-consumer.ts'
import { LoopShare } from '../loop-share.ts'
import { decodedRecord } from '../stored-message.ts'
import type { PopRecovery } from './pop-recovery.ts'
import { readReviveRecord } from './revive-records.ts'
import { RetryTopics, type RevivingParts, RevivingQueue } from './reviving-queue.ts'

export interface ReviverParts extends RevivingParts {
  queueCount: number
  recovery: Pick<PopRecovery, 'isLoaded' | 'load'>
  /** Records of the revive topic were read. */
  onRead(count: number, byteCount: number): void
}

/** What is read comes in bulk, when the second is over in which it was due: requests do not wait for all of it. */
const messagesAtOnce = 32
const shareMs = 1

/**
 * Makes messages visible again that were given out and not acknowledged in time: a copy goes to the retry topic of the
 * group. Copies and the record that they were made are stored together, so that after a crash none is made twice.
 */
export class Reviver {
  readonly #parts: ReviverParts
  readonly #consumer: InternalConsumer<DecodedMessage>
  readonly #queues: RevivingQueue[]
  readonly #retryTopics: RetryTopics

  constructor(parts: ReviverParts) {
    this.#parts = parts
    const { clock, log, records, store, queueCount, recovery } = parts
    const { reviveTopic } = records
    this.#retryTopics = new RetryTopics(parts.topics)
    this.#queues = Array.from(
      { length: queueCount },
      (_, queueId) => new RevivingQueue(queueId, parts, this.#retryTopics),
    )
    this.#consumer = new InternalConsumer({
      clock,
      log,
      store,
      topic: reviveTopic,
      queueCount,
      slices: { messagesAtOnce, share: new LoopShare(clock, shareMs) },
      progress: {
        offset: (queueId) => this.#queues[queueId]!.readOffset,
        // What was read is dealt with later: the queues keep what lasts.
        setOffset: (queueId, offset) => this.#queues[queueId]!.passTo(offset),
        goBack: (queueId, offset) => this.#queues[queueId]!.goBack(offset),
      },
      decode: decodedRecord,
      async handle(messages, queueId) {
        // What is dealt with is not read after the next crash: how far groups were is taken from it before.
        if (!recovery.isLoaded) await recovery.load()
        let byteCount = 0
        for (const message of messages) {
          reading(queueId).read(message.queueOffset, readReviveRecord(message))
          byteCount += message.totalSize
        }
        parts.onRead(messages.length, byteCount)
        reading(queueId).wake()
      },
    })
    const reading = (queueId: number) => this.#queues[queueId]!
  }

  /** Messages arrived in a queue of some topic. */
  arrived(topic: string, queueId: number): void {
    if (topic === this.#parts.records.reviveTopic) this.#consumer.arrived(topic, queueId)
  }

  start(): void {
    this.#consumer.start()
  }

  async drain(): Promise<void> {
    await this.#consumer.drain()
    await Promise.all(this.#queues.map((queue) => queue.drain()))
  }

  /** A topic was deleted. */
  forgetTopic(topic: string): void {
    this.#retryTopics.forget(topic)
  }

  /** Checkpoints that were read and not dealt with, and records that were not read. */
  counts(): { pending: number; unread: number } {
    const pending = this.#queues.reduce((sum, queue) => sum + queue.pendingCount, 0)
    const unread = this.#consumer.progress().reduce((sum, queue) => sum + queue.maxOffset - queue.nextOffset, 0)
    return { pending, unread }
  }
}
