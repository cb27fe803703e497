import { QueueLookAhead } from '@rocketmq-ts/storage'
import type { SendableTopic } from '../topics/index.ts'

/** With fewer topics, what messages need of them stays in the processor's caches. */
const topicsMin = 256

export interface LikelyTopics {
  /** Topics that were sent to. */
  readonly sendableCount: number
  /** The topic that most likely has this name. */
  likelySendable(topic: string): SendableTopic | undefined
}

/**
 * Brings into the processor's caches what the messages of a read need of their topics and queues: see `QueueLookAhead`.
 */
export class SendLookAhead {
  readonly #topics: LikelyTopics
  readonly #queues = new QueueLookAhead()
  readonly #found: SendableTopic[] = []
  readonly #queueIds: number[] = []
  /** Of all that was read, so that no compiler leaves the reads away. */
  checksum = 0

  constructor(topics: LikelyTopics) {
    this.#topics = topics
  }

  /** @param headers of the messages */
  read(headers: readonly { topic: string; queueId: number }[]): void {
    if (this.#topics.sendableCount < topicsMin) return
    const found = this.#found
    const queueIds = this.#queueIds
    for (const { topic, queueId } of headers) {
      const likely = this.#topics.likelySendable(topic)
      if (likely === undefined) continue
      found.push(likely)
      queueIds.push(queueId)
    }
    let sum = 0
    for (const { counters } of found) sum += counters === undefined ? 0 : 1
    for (const { topic, config, counters, queues } of found) {
      sum += topic.charCodeAt(0) + config.writeQueueNums
      if (counters?.isPending) sum++
      if (queues?.isRemoved) sum++
    }
    this.checksum = (sum + this.#queues.read(found, queueIds)) | 0
    found.length = 0
    queueIds.length = 0
  }
}
