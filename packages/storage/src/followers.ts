import type { Clock, Log } from '@rocketmq-ts/platform'
import { EncodedProperties, type RecordLayout, sysFlag } from '@rocketmq-ts/protocol'
import { keyHashes, topicPrefixHash } from './index/key-hash.ts'
import type { KeyIndex } from './index/key-index.ts'
import type { LogRecord } from './log-record.ts'
import type { ConsumeQueue } from './queues/consume-queue.ts'
import type { ConsumeQueues } from './queues/consume-queues.ts'
import { isFolderName } from './queues/topic-folder.ts'
import type { TagsCodes } from './tags-codes.ts'

/** Told of queues that have new messages, after they can be read. */
export type ArrivalListener = (topic: string, queueId: number) => void

/** What is derived from the log: consume queues and key index. They get every record, in the order of the log. */
export class Followers {
  readonly #clock: Clock
  readonly #queues: ConsumeQueues
  readonly #keyIndex: KeyIndex | undefined
  readonly #tagsCodes: TagsCodes
  readonly #log: Log
  #arrived: ConsumeQueue[] = []
  #listener: ArrivalListener = () => {}

  constructor(clock: Clock, log: Log, queues: ConsumeQueues, keyIndex: KeyIndex | undefined, tagsCodes: TagsCodes) {
    this.#log = log
    this.#clock = clock
    this.#queues = queues
    this.#keyIndex = keyIndex
    this.#tagsCodes = tagsCodes
  }

  onArrival(listener: ArrivalListener): void {
    this.#listener = listener
  }

  /** @param nowMs the clock's monotonic time, which those who apply many read once */
  apply(record: LogRecord, queue: ConsumeQueue, nowMs: number): void {
    if (isDeliverable(record.sysFlag)) {
      queue.add(record)
      this.#queues.markUnwritten(queue, record.physicalOffset, nowMs)
      if (!queue.hasArrivals) {
        queue.hasArrivals = true
        this.#arrived.push(queue)
      }
    }
    this.#keyIndex?.apply(record)
  }

  /** Tells the listener once of each queue that got messages. */
  announce(): void {
    const queues = this.#arrived
    this.#arrived = []
    for (const queue of queues) {
      queue.hasArrivals = false
      this.#listener(queue.topic, queue.queueId)
    }
  }

  /** Applies a record of the log again, whether or not it was applied before. */
  replay(layout: RecordLayout, source: Buffer): void {
    const properties = new EncodedProperties(source.subarray(layout.propertiesStart, layout.propertiesEnd))
    const topic = source.toString('utf8', layout.topicStart, layout.topicEnd)
    // No broker stores under such a name: it would lead out of the store.
    if (!isFolderName(topic)) return
    const { physicalOffset, totalSize, queueId, queueOffset, storeTimestamp } = layout
    const tagsCode = this.#tagsCodes.of(topic, properties, storeTimestamp)
    if (isDeliverable(layout.sysFlag)) {
      const queue = this.#queues.queue(topic, queueId)
      if (!queue.canHold(queueOffset, physicalOffset)) {
        this.#log.error(
          { topic, queueId, queueOffset, physicalOffset },
          'a message of the log has a queue offset that cannot be, and is left out of its queue. Check the disk, and ' +
            'restore the file of this position from a backup or replica if there is one',
        )
        return
      }
      queue.replay(queueOffset, { physicalOffset, totalSize, tagsCode })
      this.#queues.markReplayed(queue, physicalOffset, this.#clock.monotonic())
    }
    this.#keyIndex?.apply({
      physicalOffset,
      totalSize,
      topic,
      queueId,
      queueOffset,
      sysFlag: layout.sysFlag,
      storeTimestamp,
      tagsCode,
      keyHashes: keyHashes(topicPrefixHash(topic), properties),
    })
  }
}

/** Half messages and rollbacks of transactions are in the log, but in no queue. */
function isDeliverable(flags: number): boolean {
  const transaction = flags & sysFlag.transactionMask
  return transaction === 0 || transaction === sysFlag.transactionCommit
}
