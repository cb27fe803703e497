import { InvariantError } from '@rocketmq-ts/base'
import type { Clock, Log } from '@rocketmq-ts/platform'
import type { Follower } from '../followers/follower.ts'
import { type RecordView, standsInQueue } from '../followers/record-view.ts'
import type { RecoveryPlan } from '../recovery/recover.ts'
import type { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import type { TagsCodes } from '../tags-codes.ts'
import type { ConsumeQueue } from './consume-queue.ts'
import { QueueFileError, QueueTable } from './queue-table.ts'
import { UnwrittenQueues } from './unwritten-queues.ts'

export interface ConsumeQueuesOptions {
  files: StoreFiles
  clock: Clock
  /** For what someone has to look after. */
  log: Log
  /** The log that the units point into. */
  segments: SegmentFolder
  tagsCodes: TagsCodes
  path: string
  segmentBytes: number
}

/** Told of queues that have new messages, after they can be read. */
export type ArrivalListener = (topic: string, queueId: number) => void

const queuesKeptInMemory = 2_000
/** Queues that are written in one go: with very many, senders do not wait for all of them. */
const queuesWrittenAtOnce = 20
/** Queues that are synced when the store is closed; with more of them that would take minutes. */
const queuesSyncedAtCloseMax = 2_000
/** Topics whose files are looked at in one go for what can be deleted. */
const topicsTrimmedAtOnce = 500

/**
 * The consume queues, as a follower of the log. Queues with unwritten units are kept in the order of the log, which
 * tells from where the log would have to be read again after a crash.
 */
export class ConsumeQueues implements Follower {
  readonly name = 'consume queues'
  readonly table: QueueTable
  readonly #options: ConsumeQueuesOptions
  readonly #unwritten = new UnwrittenQueues()
  /** Written to since the last sync; those that do not say so themselves were removed. */
  #unsynced: ConsumeQueue[] = []
  /** An earlier process wrote files, and nobody knows which of them were synced. */
  #hasUnknownFiles = false
  /** Behind the last record that was applied. */
  #appliedPosition = 0
  #arrived: ConsumeQueue[] = []
  #listener: ArrivalListener = () => {}
  #onCut: (queue: ConsumeQueue) => void = () => {}
  /** The start of the log for which `#topicsToTrim` was filled. */
  #trimmedFor = 0
  readonly #topicsToTrim = new Set<string>()

  constructor(options: ConsumeQueuesOptions) {
    this.#options = options
    const { files, segments, path, segmentBytes, log } = options
    this.table = new QueueTable({ files, log: segments, path, segmentBytes, eventLog: log })
  }

  onArrival(listener: ArrivalListener): void {
    this.#listener = listener
  }

  /** Told of a queue whose end is about to be replaced: what was read of it before is not so any more. */
  onCut(listener: (queue: ConsumeQueue) => void): void {
    this.#onCut = listener
  }

  lastKnown(): { physicalOffset: number; totalSize: number; path: string } | undefined {
    return this.table.lastUnit()
  }

  prepare({ isOurs }: RecoveryPlan): number | undefined {
    if (!isOurs) this.table.removeFullMarks()
    const { segments, log } = this.#options
    if (this.table.hasFolders || segments.starts.length === 0) return undefined
    log.warn({ from: segments.firstPosition }, 'there are no consume queues: they are made again from the whole log')
    return segments.firstPosition
  }

  beginReplay({ from, mayBeTorn }: RecoveryPlan): void {
    this.table.trustUpTo(from, mayBeTorn)
    this.#appliedPosition = from
  }

  endReplay(logEndPosition: number, plan: RecoveryPlan): void {
    this.table.endRecovery(logEndPosition, plan.isOurs)
    this.#appliedPosition = logEndPosition
    // A log that was cut back can end where everything was synced once, and files made since are there all the same.
    this.#hasUnknownFiles = plan.syncedPosition < logEndPosition || plan.mayBeTorn
    this.#trimmedFor = this.#options.segments.firstPosition
  }

  apply(record: RecordView): void {
    this.#appliedPosition = record.end
    if (!standsInQueue(record.sysFlag)) return
    const { topicEntry } = record
    if (topicEntry === undefined) {
      this.#applyFromLog(record)
      return
    }
    const queue = this.table.queueOf(topicEntry, record.queueId)
    // The sender is told this offset: at another one the message would not be found, or found twice.
    if (topicEntry.isRemoved || queue.maxOffset !== record.queueOffset) throw otherOffset(queue, record)
    queue.add(record.physicalOffset, record.totalSize, this.#tagsCodeOf(record))
    this.#noteNew(queue, record.physicalOffset)
  }

  /** A record that another store, or this one in an earlier life, gave its offset. */
  #applyFromLog(record: RecordView): void {
    const { topic, queueId, queueOffset, physicalOffset, totalSize } = record
    const entry = this.table.entry(topic)
    // No broker stores under such a name: it would lead out of the store.
    if (entry === undefined) return
    const queue = this.table.queueOf(entry, queueId)
    if (!queue.canHold(queueOffset, physicalOffset)) {
      this.#options.log.error(
        { topic, queueId, queueOffset, physicalOffset },
        'a message of the log has a queue offset that cannot be, and is left out of its queue. Check the disk, and ' +
          'restore the file of this position from a backup or replica if there is one',
      )
      return
    }
    if (queueOffset < queue.maxOffset) this.#onCut(queue)
    queue.replay(queueOffset, { physicalOffset, totalSize, tagsCode: this.#tagsCodeOf(record) })
    this.#noteNew(queue, physicalOffset)
  }

  /** The hash of the tag, or the time of delivery; see `TagsCodes`. */
  #tagsCodeOf({ topic, properties, storeTimestamp }: RecordView): number {
    return this.#options.tagsCodes.of(topic, properties, storeTimestamp)
  }

  #noteNew(queue: ConsumeQueue, position: number): void {
    // The first unwritten one: all before were written, perhaps just now because the memory for them was full. While
    // the log is read again, a gap can come with the first unit.
    if (queue.maxOffset - queue.writtenOffset === 1 || !this.#unwritten.has(queue)) {
      this.#unwritten.add(queue, position, this.#options.clock.monotonic())
      this.#noteUnsynced(queue)
    }
    if (queue.hasArrivals || this.table.isRecovering) return
    queue.hasArrivals = true
    this.#arrived.push(queue)
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

  get position(): number {
    return this.#unwritten.oldest?.firstUnwrittenPosition ?? this.#appliedPosition
  }

  get waitingSinceMs(): number | undefined {
    return this.#unwritten.oldest?.unwrittenSinceMs
  }

  writeSome(): void {
    for (let count = 0; count < queuesWrittenAtOnce; count++) {
      const queue = this.#unwritten.oldest
      if (queue === undefined) return
      queue.write()
      // With very many queues, what each of them keeps in memory for consumers at its end comes to too much.
      if (this.table.openCount > queuesKeptInMemory) queue.releaseMemory()
      this.#unwritten.remove(queue)
    }
  }

  write(): void {
    const queues = this.#unwritten.all()
    for (const queue of queues) queue.write()
    for (const queue of queues) this.#unwritten.remove(queue)
  }

  async sync(): Promise<void> {
    const { files, path } = this.#options
    if (this.#hasUnknownFiles) await this.table.syncAllFiles()
    this.#hasUnknownFiles = false
    const queues = this.#unsynced
    this.#unsynced = []
    for (const queue of queues) {
      if (!queue.isUnsynced) continue
      queue.isUnsynced = false
      await queue.sync()
      // Its topic may be removed meanwhile; units that came or were written meanwhile are for the next time.
      if (this.table.isInUse(queue) && (queue.hasUnwritten || queue.hasUnsynced)) this.#noteUnsynced(queue)
      await files.syncNamesLater(`${path}/${queue.topic}`)
    }
    await files.syncAllNamesLater()
  }

  syncNow(): boolean {
    if (this.#hasUnknownFiles || this.#unsynced.length > queuesSyncedAtCloseMax) return false
    for (const queue of this.#unsynced) {
      if (!queue.isUnsynced) continue
      queue.syncNow()
      queue.isUnsynced = false
    }
    this.#unsynced = []
    this.#options.files.syncAllNames()
    return true
  }

  #noteUnsynced(queue: ConsumeQueue): void {
    if (queue.isUnsynced) return
    queue.isUnsynced = true
    this.#unsynced.push(queue)
  }

  truncate(position: number): void {
    this.table.forEach((queue) => {
      queue.truncate(position)
    })
    this.#unwritten.cutTo(position)
    // Files of queues that are not open were cut too.
    this.#hasUnknownFiles = true
    this.#appliedPosition = Math.min(this.#appliedPosition, position)
  }

  trim(logStartPosition: number): void {
    if (logStartPosition !== this.#trimmedFor) {
      this.#trimmedFor = logStartPosition
      for (const topic of this.table.topics()) this.#topicsToTrim.add(topic)
    }
    let count = 0
    for (const topic of this.#topicsToTrim) {
      if (count++ === topicsTrimmedAtOnce) return
      this.#topicsToTrim.delete(topic)
      this.#trimTopic(topic, logStartPosition)
    }
  }

  /** More messages of these topics are hidden: their files are looked at with the next `trim`. */
  trimSoon(topics: readonly string[]): void {
    for (const topic of topics) this.#topicsToTrim.add(topic)
  }

  #trimTopic(topic: string, logStartPosition: number): void {
    for (const queueId of this.table.queueIds(topic)) {
      try {
        this.table.queue(topic, queueId).trim(logStartPosition)
      } catch (error) {
        // Whoever uses the queue is told what to do; the others are trimmed all the same.
        if (!(error instanceof QueueFileError)) throw error
      }
    }
  }

  /** Deletes the queues of a topic. A topic that is made again under the same name starts at offset 0. */
  removeTopic(topic: string): void {
    for (const queue of this.table.openQueues(topic)) {
      this.#unwritten.remove(queue)
      queue.isUnsynced = false
    }
    this.table.removeTopic(topic)
  }

  /** The files are shared, and closed by their owner. */
  close(): void {}
}

/** Made apart: a text for each message would cost more than all else that is done for its unit. */
function otherOffset({ topic, queueId, maxOffset }: ConsumeQueue, { queueOffset }: RecordView): InvariantError {
  return new InvariantError(
    `a message of ${topic}/${queueId} has queue offset ${queueOffset}, and the queue ends at ${maxOffset}`,
  )
}
