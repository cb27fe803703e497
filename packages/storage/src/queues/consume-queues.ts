import { dirname } from 'node:path'
import { InvariantError } from '@rocketmq-ts/base'
import type { Clock, Log } from '@rocketmq-ts/platform'
import { fillsLightQueues, lightQueueId, liteTopicOf, sysFlag } from '@rocketmq-ts/protocol'
import type { Follower } from '../followers/follower.ts'
import { type RecordSource, RecordView, standsInQueue } from '../followers/record-view.ts'
import { type SafeRecords, scanLog } from '../recovery/log-scan.ts'
import type { RecoveryPlan } from '../recovery/recover.ts'
import type { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import type { TagsCodes } from '../tags-codes.ts'
import type { ConsumeQueue } from './consume-queue.ts'
import { lightPlaces } from './light-places.ts'
import { QueueFileError, type QueueType, type QueueTypes } from './queue-folders.ts'
import { type QueuePlace, QueueTable } from './queue-table.ts'
import type { QueuedRecord } from './queue-unit.ts'
import { RemovedTopics } from './removed-topics.ts'
import type { TopicEntry } from './topic-handle.ts'
import { UnwrittenQueues } from './unwritten-queues.ts'

export interface ConsumeQueuesOptions {
  files: StoreFiles
  clock: Clock
  log: Log
  /** The log that the units point into. */
  segments: SegmentFolder
  tagsCodes: TagsCodes
  places: Record<QueueType, QueuePlace>
  types: QueueTypes
  /** Whether new messages stand in the light queues that they name too. */
  hasLightQueues: boolean
  hasLightSlots: boolean
  openLightQueuesMax?: number | undefined
}

/** Called for a queue that has new messages, once they can be read. */
export type ArrivalListener = (topic: string, queueId: number) => void

const queuesKeptInMemory = 2_000
/** Queues that are written in one go. With very many queues, senders need not wait for all of them. */
const queuesWrittenAtOnce = 20
/** Most queues that are synced when the store is closed: more would take minutes. */
const queuesSyncedAtCloseMax = 2_000
/** Closed queues that the list of unsynced ones may hold before they are taken out. */
const unsyncedClosedMax = 1_000
/** Damage in a log that is in use is passed by. */
const everythingIsSafe: SafeRecords = { position: 0, isSafe: () => true, tornFrom: Number.POSITIVE_INFINITY }
/** Topics that are searched for old files in one go, and how long that may take, in milliseconds. */
const topicsTrimmedAtOnce = 500
const trimMs = 5

/**
 * The consume queues, as a follower of the log. Queues with unwritten units are kept in the order of the log: the first
 * of them tells from where the log would have to be read again after a crash.
 */
export class ConsumeQueues implements Follower {
  readonly name = 'consume queues'
  readonly table: QueueTable
  readonly #options: ConsumeQueuesOptions
  readonly #removed: RemovedTopics
  readonly #unwritten = new UnwrittenQueues()
  /** Queues written to since the last sync. A queue whose own `isUnsynced` is false was removed. */
  #unsynced: ConsumeQueue[] = []
  /** How many of them were closed since. */
  #closedUnsynced = 0
  /** Those that a sync in the background has taken over. */
  #beingSynced: readonly ConsumeQueue[] = []
  /** Whether files outside of `#unsynced` may not be synced, such as those of an earlier process. */
  #hasUnknownFiles = false
  /** The end of the last record that was applied. */
  #appliedPosition = 0
  #arrived: ConsumeQueue[] = []
  #listener: ArrivalListener = () => {}
  #onCut: (queue: ConsumeQueue) => void = () => {}
  /** The start of the log for which all topics are searched, or were. */
  #trimmedFor = 0
  /** Topics of which that is still to be done, and whether the log began to start elsewhere meanwhile. */
  #toTrim: Iterator<string> | undefined
  #isTrimmedAgain = false
  /** Topics that are searched before them. */
  readonly #topicsToTrim = new Set<string>()
  /** Light queues without messages that may not be removed yet. */
  readonly #notRemovable: string[] = []
  #onLightExpired: (names: readonly string[]) => readonly string[] = (names) => names

  constructor(options: ConsumeQueuesOptions) {
    this.#options = options
    const { files, segments, places, types, log, hasLightQueues, hasLightSlots, openLightQueuesMax } = options
    this.#removed = new RemovedTopics(files, `${places.SimpleCQ.path}.removed`)
    this.table = new QueueTable({
      files,
      log: segments,
      places,
      types,
      eventLog: log,
      hasLightQueues,
      hasLightSlots,
      openLightQueuesMax,
    })
    this.table.onClose((queue) => this.#noteClosed(queue))
  }

  onArrival(listener: ArrivalListener): void {
    this.#listener = listener
  }

  /**
   * Asks which of some light queues can be removed, whose messages are all gone: their next message gets offset 0. The next
   * round asks for the others again.
   */
  onLightExpired(listener: (names: readonly string[]) => readonly string[]): void {
    this.#onLightExpired = listener
  }

  /** Calls the listener for a queue whose end is about to be replaced: units that were read of it are stale. */
  onCut(listener: (queue: ConsumeQueue) => void): void {
    this.#onCut = listener
  }

  lastKnown(): { physicalOffset: number; totalSize: number; path: string } | undefined {
    return this.table.lastUnit()
  }

  /** @throws SegmentSizeError */
  prepare({ isOurs, hadUnitsElsewhere }: RecoveryPlan): number | undefined {
    this.table.checkSizes()
    if (!isOurs) this.table.removeFullMarks()
    const { segments, log } = this.#options
    const isWhole = this.table.hasFolders(isOurs) && !(hadUnitsElsewhere && !this.table.lightFiles.hasSlotFile)
    if (segments.starts.length === 0 || isWhole) return undefined
    this.table.lightFiles.clearSlots()
    log.warn({ from: segments.firstPosition }, 'consume queues are missing: they are made again from the whole log')
    return segments.firstPosition
  }

  beginReplay({ from, mayBeTorn }: RecoveryPlan): void {
    this.table.trustUpTo(from, mayBeTorn)
    this.table.lightFiles.endMoves()
    this.#appliedPosition = from
  }

  endReplay(logEndPosition: number, plan: RecoveryPlan): void {
    this.table.endRecovery(logEndPosition, plan.isOurs)
    this.#appliedPosition = logEndPosition
    this.#removed.cutTo(logEndPosition, this.#options.segments.firstPosition)
    // A log that was cut back can end where everything was once synced, although files made since are still there.
    this.#hasUnknownFiles = plan.syncedPosition < logEndPosition || plan.mayBeTorn
    this.#trimmedFor = this.#options.segments.firstPosition
  }

  apply(record: RecordView): void {
    this.#appliedPosition = record.end
    if (!standsInQueue(record.sysFlag)) return
    if (record.topicEntry === undefined) this.#applyFromLog(record)
    else this.#applyPut(record, record.topicEntry)
    if (record.properties.has('multiQueueOffset')) this.#applyToLightQueues(record)
  }

  #applyPut(record: RecordView, topicEntry: TopicEntry): void {
    const queue = this.table.queueOf(topicEntry, record.queueId)
    // The sender is told this offset: at another one, consumers would miss the message or read it twice.
    if (topicEntry.isRemoved || queue.maxOffset !== record.queueOffset) throw otherOffset(queue, record)
    queue.add(record, this.#tagsCodeOf(record))
    this.#noteNew(queue, record.physicalOffset)
  }

  /** Applies a record whose offset was given by another store, or by this one before it was opened. */
  #applyFromLog(record: RecordView): void {
    const { topic, queueId } = record
    if (this.#isOfRemoved(record)) return
    const isBatch = (record.sysFlag & sysFlag.innerBatch) !== 0
    // A batch of a topic that was deleted, with its queues of batches. One that is made anew may be of either kind.
    if (isBatch && this.table.isRecovering && this.table.isForgotten(topic)) return
    const entry = this.table.entry(topic)
    // No broker stores under such a name: it would be a path out of the store.
    if (entry === undefined) return
    this.#replay(this.table.queueOf(entry, queueId), record, this.#tagsCodeOf(record))
  }

  /** Whether a topic of that name was removed, whose messages the log may have still. */
  wasRemoved(topic: string): boolean {
    return this.#removed.endOf(topic) > 0
  }

  #isOfRemoved({ topic, physicalOffset }: RecordView): boolean {
    return physicalOffset < this.#removed.endOf(topic)
  }

  #replay(queue: ConsumeQueue, record: QueuedRecord, tagsCode: number): void {
    const { queueOffset, physicalOffset } = record
    if (!queue.canHold(record)) {
      const { topic, queueId } = queue
      this.#options.log.error(
        { topic, queueId, queueOffset, physicalOffset },
        'a message of the log has a queue offset that cannot be, and is left out of its queue. Check the disk, and ' +
          'restore the file of this position from a backup or replica if there is one',
      )
      return
    }
    if (queueOffset < queue.maxOffset) this.#onCut(queue)
    queue.replay(record, tagsCode)
    this.#noteNew(queue, physicalOffset)
  }

  /**
   * Adds a unit to each light queue that the record says it stands in. What stood there before such queues were switched
   * off is there when they are switched on again.
   */
  #applyToLightQueues(record: RecordView): void {
    if (!fillsLightQueues(record.topic)) return
    if ((record.sysFlag & sysFlag.innerBatch) !== 0) return
    const { physicalOffset, totalSize, storeTimestamp, properties } = record
    const tagsCode = this.#tagsCodeOf(record)
    for (const { name, queueOffset } of lightPlaces(properties)) {
      if (!this.table.isLight(name)) continue
      // Lite topics go with their topic; other light queues have what was sent to them, whatever becomes of it.
      if (liteTopicOf(name)?.parentTopic === record.topic && this.#isOfRemoved(record)) continue
      const queue = this.table.queue(name, lightQueueId)
      if (record.topicEntry === undefined) {
        const placed = { physicalOffset, totalSize, queueOffset, storeTimestamp, sysFlag: record.sysFlag, properties }
        this.#replay(queue, placed, tagsCode)
        continue
      }
      if (queue.maxOffset !== queueOffset) throw otherOffset(queue, record)
      queue.add(record, tagsCode)
      this.#noteNew(queue, record.physicalOffset)
    }
  }

  /** Of a closed queue nothing is kept here: with very many of them, that would be too much. */
  #noteClosed(queue: ConsumeQueue): void {
    this.#unwritten.remove(queue)
    this.#onCut(queue)
    if (!queue.isUnsynced) return
    queue.isUnsynced = false
    this.#closedUnsynced++
    if (this.#closedUnsynced < unsyncedClosedMax || this.#closedUnsynced * 2 < this.#unsynced.length) return
    this.#unsynced = this.#unsynced.filter(({ isUnsynced }) => isUnsynced)
    this.#closedUnsynced = 0
  }

  /** The hash of the tag, or the time of delivery; see `TagsCodes`. */
  #tagsCodeOf({ topic, properties, storeTimestamp }: RecordView): number {
    return this.#options.tagsCodes.of(topic, properties, storeTimestamp)
  }

  #noteNew(queue: ConsumeQueue, position: number): void {
    // This is the first unwritten unit: all before were written, perhaps just now, when the memory for them was full.
    // During a replay the first unit may come with fillers, so the count alone does not tell.
    if (queue.hasOneUnwritten || !this.#unwritten.has(queue)) {
      this.#unwritten.add(queue, position, this.#options.clock.monotonic())
      if (!queue.segments.isShared) this.#noteUnsynced(queue)
    }
    if (queue.hasArrivals || this.table.isRecovering) return
    queue.hasArrivals = true
    this.#arrived.push(queue)
  }

  /** Calls the listener once for each queue that got messages. */
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

  /** A queue whose last units are lost, and the log with them, would give their offsets to other messages. */
  get neededFrom(): number {
    return this.position
  }

  get isOursAlone(): boolean {
    return this.table.lightFiles.hasSlots
  }

  get waitingSinceMs(): number | undefined {
    return this.#unwritten.oldest?.unwrittenSinceMs
  }

  writeSome(): void {
    for (let count = 0; count < queuesWrittenAtOnce; count++) {
      const queue = this.#unwritten.oldest
      if (queue === undefined) return
      this.#writeUnits(queue)
      // With very many queues, the recent units that each keeps in memory would be too much. Those in slots are few.
      if (this.table.openCount > queuesKeptInMemory && !queue.segments.isShared) queue.releaseMemory()
      this.#unwritten.remove(queue)
    }
  }

  write(): void {
    const queues = this.#unwritten.all()
    for (const queue of queues) this.#writeUnits(queue)
    for (const queue of queues) this.#unwritten.remove(queue)
  }

  /** Units that came when the queue was in a slot may be in its own files now: these are synced for themselves. */
  #writeUnits(queue: ConsumeQueue): void {
    queue.write()
    if (queue.hasUnsynced && !queue.segments.isShared) this.#noteUnsynced(queue)
  }

  async sync(): Promise<void> {
    const { files } = this.#options
    if (this.#hasUnknownFiles) await this.table.syncAllFiles()
    this.#hasUnknownFiles = false
    const queues = this.#unsynced
    this.#unsynced = []
    this.#closedUnsynced = 0
    this.#beingSynced = queues
    for (const queue of queues) {
      if (!queue.isUnsynced) continue
      queue.isUnsynced = false
      await queue.sync()
      // Its topic may have been removed meanwhile. Units that came or were written meanwhile wait for the next sync.
      if (this.table.isInUse(queue) && (queue.hasUnwritten || queue.hasUnsynced)) this.#noteUnsynced(queue)
      await files.syncNamesLater(dirname(queue.segments.path))
    }
    // Behind the others: some of these were closed meanwhile.
    await this.table.lightFiles.sync()
    await files.syncAllNamesLater()
    this.#beingSynced = []
  }

  syncNow(): boolean {
    const queueCount = this.#unsynced.length + this.#beingSynced.length + this.table.lightFiles.unsyncedCount
    if (this.#hasUnknownFiles || queueCount > queuesSyncedAtCloseMax) return false
    this.table.lightFiles.syncNow()
    // What was written to one since its sync began is not in that sync.
    for (const queue of this.#beingSynced) if (this.table.isInUse(queue)) queue.syncNow()
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
    // Units of a queue that comes back would count later.
    this.table.lightFiles.freeKept()
    this.#unwritten.cutTo(position)
    // Files of queues that are not open were cut too.
    this.#hasUnknownFiles = true
    this.#appliedPosition = Math.min(this.#appliedPosition, position)
    this.#removed.cutTo(position, this.#options.segments.firstPosition)
  }

  /**
   * After the log was cut back: of topics whose messages were hidden, files may have gone before the log did. A queue that
   * has nothing else is made again from the log, where it stands at which offset it goes on.
   * @param source the log
   */
  makeAgain(topics: readonly string[], source: RecordSource): void {
    const { segments, log } = this.#options
    const wanted = new Map<string, Set<number>>()
    for (const topic of topics) {
      const empty = this.table.queueIds(topic).filter((queueId) => this.table.queue(topic, queueId).isEmptyBehindStart)
      if (empty.length > 0) wanted.set(topic, new Set(empty))
    }
    if (wanted.size === 0) return
    log.warn(
      { topics: [...wanted.keys()] },
      'queues are made again from the log, which was cut back before all of them',
    )
    scanLog(segments, segments.firstPosition, false, everythingIsSafe, (layout, bytes) => {
      const record = RecordView.ofLayout(source, layout, bytes)
      if (standsInQueue(record.sysFlag) && wanted.get(record.topic)?.has(record.queueId)) this.#applyFromLog(record)
      record.release()
    })
  }

  trim(logStartPosition: number): void {
    // Not before all others: it may take some seconds.
    if (!this.hasMoreToTrim) this.trimSoon(this.#notRemovable.splice(0))
    if (logStartPosition !== this.#trimmedFor) {
      this.#trimmedFor = logStartPosition
      // Those at the end have their turn, however often the log starts elsewhere.
      this.#isTrimmedAgain = this.#toTrim !== undefined
      this.#toTrim ??= this.table.topicNames()
    }
    const { clock } = this.#options
    const startMs = clock.monotonic()
    const expired: string[] = []
    for (let count = 0; count < topicsTrimmedAtOnce && clock.monotonic() - startMs < trimMs; count++) {
      const topic = this.#nextToTrim()
      if (topic === undefined) break
      this.#trimTopic(topic, logStartPosition)
      if (this.table.hasLight(topic) && this.#isExpired(topic, logStartPosition)) expired.push(topic)
    }
    if (expired.length === 0) return
    const removable = new Set(this.#onLightExpired(expired))
    for (const name of expired) {
      if (removable.has(name)) this.removeTopic(name)
      else this.#notRemovable.push(name)
    }
  }

  get hasMoreToTrim(): boolean {
    return this.#toTrim !== undefined || this.#topicsToTrim.size > 0
  }

  #nextToTrim(): string | undefined {
    for (const topic of this.#topicsToTrim) {
      this.#topicsToTrim.delete(topic)
      return topic
    }
    const topic: string | undefined = this.#toTrim?.next().value
    if (topic !== undefined) return topic
    this.#toTrim = this.#isTrimmedAgain ? this.table.topicNames() : undefined
    this.#isTrimmedAgain = false
    return this.#toTrim?.next().value
  }

  /** Whether no message of a light queue is left, and none is on its way; one that cannot be used stays. */
  #isExpired(name: string, logStartPosition: number): boolean {
    try {
      const queue = this.table.existing(name, lightQueueId)
      if (queue === undefined || queue.nextOffset !== queue.maxOffset) return false
      return queue.maxOffset > 0 && queue.minOffset(logStartPosition) >= queue.maxOffset
    } catch (error) {
      if (!(error instanceof QueueFileError)) throw error
      return false
    }
  }

  /** More messages of these topics are hidden: the next `trim` looks at their files. */
  trimSoon(topics: readonly string[]): void {
    for (const topic of topics) this.#topicsToTrim.add(topic)
  }

  #trimTopic(topic: string, logStartPosition: number): void {
    for (const queueId of this.table.queueIds(topic)) {
      try {
        this.table.queue(topic, queueId).trim(logStartPosition)
      } catch (error) {
        // Whoever uses this queue gets the error; the others are trimmed all the same.
        if (!(error instanceof QueueFileError)) throw error
      }
    }
  }

  /**
   * Deletes the queues of a topic. A topic that is made again under the same name starts at offset 0.
   * @throws the file system's errors
   */
  removeTopic(topic: string): void {
    // That a light queue goes says nothing of the topic whose messages stand in it.
    if (!this.table.isLight(topic) && this.table.typesThere(topic).length > 0) {
      this.#removed.add(topic, this.#appliedPosition, this.#options.segments.firstPosition)
    }
    for (const queue of this.table.openQueues(topic)) {
      this.#onCut(queue)
      this.#unwritten.remove(queue)
      queue.isUnsynced = false
    }
    this.table.removeTopic(topic)
  }

  /** The owner of the shared files closes the others. */
  close(): void {
    this.table.lightFiles.close()
  }
}

/** A function of its own, so that no text is made for a message without an error. */
function otherOffset({ topic, queueId, maxOffset }: ConsumeQueue, { queueOffset }: RecordView): InvariantError {
  return new InvariantError(
    `a message of ${topic}/${queueId} has queue offset ${queueOffset}, and the queue ends at ${maxOffset}`,
  )
}
