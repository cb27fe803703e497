import { readRecord } from '@rocketmq-ts/protocol'
import type { CompactedLogs } from './compaction/compacted-logs.ts'
import { inSystemsHands, onDisk } from './confirmation.ts'
import { CutBack } from './cut-back.ts'
import { type Follower, recordFollowers } from './followers/follower.ts'
import type { KeyIndex, KeyKind } from './index/key-index.ts'
import type { CommitLog } from './log/commit-log.ts'
import { LogSync, type SyncedWithLog } from './log/log-sync.ts'
import { type RecordPlace, scatteredRecords } from './log/scattered-records.ts'
import { Maintenance } from './maintenance.ts'
import { PutPipeline } from './put-pipeline.ts'
import { QueueReader } from './queue-reader.ts'
import type { ArrivalListener, ConsumeQueues } from './queues/consume-queues.ts'
import { LightDispatch } from './queues/light-dispatch.ts'
import type { QueueType } from './queues/queue-folders.ts'
import type { QueueUnit } from './queues/queue-unit.ts'
import type { ReadRequest, ReadResult } from './read-request.ts'
import type { CheckpointFile } from './recovery/checkpoint.ts'
import { type OpenedFiles, openFiles } from './recovery/open-files.ts'
import type { Recovery } from './recovery/recover.ts'
import { HiddenMessages } from './retention/hidden-messages.ts'
import { Retention } from './retention/retention.ts'
import { StoreFiles } from './store-files.ts'
import { StoreFolder } from './store-folder.ts'
import type { PutOutcome, StoreMessage } from './store-message.ts'
import type { StoreOptions } from './store-options.ts'
import { offsetByTime, storeTimestampOf, timestampAt } from './time-search.ts'
import { isDiskFull, WriteGuard } from './write-guard.ts'

const headBytes = 4

/** Where the log starts and ends, and how far it is on the disk. */
export interface LogPositions {
  min: number
  max: number
  synced: number
}

/** What a store consists of once it is open. */
interface StoreParts {
  options: StoreOptions
  files: StoreFiles
  folder: StoreFolder
  commitLog: CommitLog
  queues: ConsumeQueues
  keyIndex: KeyIndex
  compactedLogs: CompactedLogs | undefined
  followers: readonly Follower[]
  checkpoint: CheckpointFile
  guard: WriteGuard
  logSync: LogSync
  pipeline: PutPipeline
  reader: QueueReader
  maintenance: Maintenance
  retention: Retention
  cutBack: CutBack
  recovery: Recovery
}

/** The messages of a broker on disk: the log, and what is derived from it. */
export class MessageStore {
  readonly #parts: StoreParts
  readonly #commitLog: CommitLog
  readonly #queues: ConsumeQueues

  /** Use `open`. */
  private constructor(parts: StoreParts) {
    this.#parts = parts
    this.#commitLog = parts.commitLog
    this.#queues = parts.queues
  }

  /**
   * Opens a store, recovering it when it was not closed in order.
   * @throws StoreLockedError when another process uses it; StoreLayoutError or SegmentSizeError when it is not ours to
   *   read; LostMessagesError when its log is missing or too short, and `acceptLostMessages` is not set; the file
   *   system's errors. It can be opened again when the cause is gone.
   */
  static open(options: StoreOptions): MessageStore {
    const files = new StoreFiles(options.platform.fileSystem, options.openFilesMax)
    const folder = new StoreFolder(files, options.rootPath, options.commitLogPath, options.processId, options.log)
    let isAsItWas = true
    const onChange = (): void => {
      isAsItWas = false
    }
    try {
      return new MessageStore(assemble(options, files, folder, openFiles(options, files, folder.wasClosed, onChange)))
    } catch (error) {
      files.close()
      // A store that was closed in order, and was not changed since, stays marked so.
      if (isAsItWas) folder.releaseUnchanged()
      else folder.release(false, false)
      throw error
    }
  }

  /** What recovery found: for the log and for tests. */
  get recovered(): Recovery {
    return this.#parts.recovery
  }

  /** What is noted elsewhere, such as offsets of groups, was compared with what is there: `recovered.mayHaveLost`. */
  endDoubt(): void {
    const { checkpoint } = this.#parts
    if (checkpoint.hasDoubt) checkpoint.noteDoubt(undefined)
  }

  /** Why nothing can be stored, or undefined when it can. */
  get refusal(): string | undefined {
    return this.#parts.guard.refusal?.reason
  }

  /** Store time of the newest message, in milliseconds since 1970; 0 without any. It never falls, though the clock is set back. */
  get newestTimestamp(): number {
    return this.#parts.pipeline.lastTimestamp
  }

  get positions(): LogPositions {
    return {
      min: this.#commitLog.minPosition,
      max: this.#commitLog.endPosition,
      synced: this.#parts.logSync.syncedPosition,
    }
  }

  /** The newest message in the key index: its store time and position. */
  get lastIndexed(): { storeTimestamp: number; physicalOffset: number } {
    return this.#parts.keyIndex.lastUpdate
  }

  /**
   * Stores messages in this order, all or none.
   * @param done called once they are as safe as the flush mode promises, or refused; see `PutPipeline.put`
   */
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
    this.#parts.pipeline.put(messages, done)
  }

  /**
   * Stores a batch as one record in a topic with queues of batches, where it takes an offset for each of its messages.
   * @param batch has the messages in its body, and `sysFlag.innerBatch`; its properties are completed here
   * @param count of its messages, from 1 to `batchCountMax`
   * @param done see `put`; its place has the offset of the first message
   */
  putWhole(batch: StoreMessage, count: number, done: (outcome: PutOutcome) => void): void {
    this.#parts.pipeline.putWhole(batch, count, done)
  }

  /** The kinds of queues that a topic has: two when it was of another kind before. */
  queueTypesInFiles(topic: string): QueueType[] {
    return this.#queues.table.typesThere(topic)
  }

  /**
   * The position at which the next bytes of another broker's log must start. It is behind the end of this log when part
   * of a record has come already.
   */
  get appendPosition(): number {
    return this.#parts.pipeline.appendPosition
  }

  /**
   * Appends bytes of another broker's log as they are, at their exact position. They may begin and end anywhere in a
   * record: an incomplete record waits in memory for its rest, and is lost when the store is closed.
   * @param position `appendPosition`
   * @param done called when the complete records are as safe as the flush mode promises, with their `places`. Bytes
   *   that are not records, or belong to another position, are refused as `illegal`, and none of them are kept
   * @throws QueueFileError when a queue of the records cannot be used; the file system's errors. Nothing is kept then
   */
  appendRaw(position: number, bytes: Buffer, done: (outcome: PutOutcome) => void): void {
    this.#parts.pipeline.appendRaw(position, bytes, done)
  }

  /**
   * Cuts off the end of the log, from the start of a record on, and everything derived from it. Puts are refused
   * meanwhile. A power failure leaves all of what is cut off, or none of it; once the promise has resolved, none.
   * @throws CutBackError when no record starts there or the store takes no writes; the file system's errors, which stop
   *   the store from taking writes
   */
  cutBackTo(position: number): Promise<void> {
    return this.#parts.cutBack.to(position)
  }

  /**
   * Makes everything that was put until now survive a failure of the power, and the removal of light queues: for what
   * points into the log or into queues, and must not outlive them, or be gone before them.
   * @returns false when a sync failed, now or before
   */
  async syncLog(): Promise<boolean> {
    this.#parts.pipeline.commitNow()
    if (!(await this.#parts.logSync.syncWritten())) return false
    try {
      await this.#queues.table.lightFiles.syncRemovals()
    } catch (error) {
      return this.#failedRemovals(error)
    }
    return true
  }

  /** Like `syncLog`, before it returns. */
  syncLogNow(): boolean {
    this.#parts.pipeline.commitNow()
    if (!this.#parts.logSync.syncWrittenNow()) return false
    try {
      this.#queues.table.lightFiles.syncRemovalsNow()
    } catch (error) {
      return this.#failedRemovals(error)
    }
    return true
  }

  #failedRemovals(error: unknown): false {
    this.failed('syncing the removal of light queues', error)
    return false
  }

  /** Has something else survive a failure of the power before a message that came after it is confirmed as synced. */
  syncWithLog(companion: SyncedWithLog): void {
    this.#parts.logSync.add(companion)
  }

  /** Told when the log was cut back, before anything can be put where messages were: what is noted elsewhere is compared. */
  onCutBack(listener: () => void): void {
    this.#parts.cutBack.onCut(listener)
  }

  /** Calls the listener once a turn for every queue that got messages. */
  onArrival(listener: ArrivalListener): void {
    this.#queues.onArrival(listener)
  }

  read(request: ReadRequest): ReadResult | Promise<ReadResult> {
    return this.#parts.reader.read(request)
  }

  /** What can be read without waiting, or undefined. */
  readAtOnce(request: ReadRequest): ReadResult | undefined {
    return this.#parts.reader.readAtOnce(request)
  }

  /**
   * Offset of the first message of a queue that is still stored; 0 for a queue that does not exist. A queue of batches
   * has -1 as long as it never had a message, as the official broker says.
   */
  minOffset(topic: string, queueId: number): number {
    const { table } = this.#queues
    const { minPosition } = this.#commitLog
    const queue = table.existing(topic, queueId)
    if (queue === undefined) return table.minOffsetWithoutQueue(topic)
    return queue.compacted === undefined ? queue.minOffset(minPosition) : queue.compacted.firstOffset(minPosition)
  }

  /** The offset behind the last message of a queue that can be read. */
  maxOffset(topic: string, queueId: number): number {
    return this.#queues.table.maxOffset(topic, queueId)
  }

  /** See `offsetByTime`; 0 for a queue that has no messages. */
  offsetByTime(topic: string, queueId: number, timestampMs: number, boundary: 'lower' | 'upper'): number {
    const queue = this.#queues.table.existing(topic, queueId)
    return queue === undefined ? 0 : offsetByTime(this.#commitLog, queue, timestampMs, boundary)
  }

  /** Store time in milliseconds, or undefined when there is no such message. */
  storeTimestamp(topic: string, queueId: number, queueOffset: number): number | undefined {
    const queue = this.#queues.table.existing(topic, queueId)
    if (queue === undefined) return undefined
    const minOffset = Math.max(0, queue.minOffset(this.#commitLog.minPosition))
    if (queueOffset < minOffset) return queue.compacted?.unitFrom(queueOffset)?.storeTimestamp
    if (queueOffset >= queue.maxOffset) return undefined
    return storeTimestampOf(this.#commitLog, queue, queueOffset)
  }

  /** Store time of the oldest message of the log, or undefined without any. */
  earliestTimestamp(): number | undefined {
    const { minPosition, writtenPosition } = this.#commitLog
    if (minPosition >= writtenPosition) return undefined
    const head = Buffer.alloc(headBytes)
    this.#commitLog.segments.read(head, minPosition)
    const totalSize = head.readInt32BE(0)
    return totalSize > 0 && totalSize <= this.#commitLog.recordBytesMax
      ? timestampAt(this.#commitLog, minPosition, totalSize)
      : undefined
  }

  /** Whether the message at a queue offset can be read without reading a file of the log. */
  isInMemory(topic: string, queueId: number, queueOffset: number): boolean {
    const queue = this.#queues.table.existing(topic, queueId)
    if (queue === undefined || queueOffset >= queue.maxOffset) return false
    const unit = queue.unitAt(queueOffset)
    return this.#commitLog.inMemory(unit.physicalOffset, unit.totalSize) !== undefined
  }

  units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]> {
    const queue = this.#queues.table.existing(topic, queueId)
    return queue === undefined ? Promise.resolve([]) : this.#parts.reader.units(queue, fromOffset, countMax)
  }

  /** The record that starts at a position of the log, or undefined when none does. */
  async recordAt(physicalOffset: number, size?: number): Promise<Buffer | undefined> {
    const totalSize = size ?? (await this.#parts.reader.recordAt(physicalOffset, headBytes))?.readInt32BE(0)
    if (totalSize === undefined || totalSize < headBytes || totalSize > this.#commitLog.recordBytesMax) return undefined
    const bytes = await this.#parts.reader.recordAt(physicalOffset, totalSize)
    if (bytes === undefined) return undefined
    const reading = readRecord(bytes, 0)
    return reading.kind === 'record' && reading.record.physicalOffset === physicalOffset ? bytes : undefined
  }

  /**
   * Records that stand anywhere in the log, in the order of their places; undefined where no such record stands. Cheaper
   * than one after the other when they are not side by side.
   */
  recordsAt(places: readonly RecordPlace[]): Promise<(Buffer | undefined)[]> {
    return scatteredRecords(this.#commitLog, places)
  }

  /**
   * Files that follow from the log, and that somebody else keeps, could not be written or synced. A full disk is waited
   * for; after any other failure the store takes no more writes, since what the disk holds is unknown.
   * @param during what failed: `writing the timer's files`
   */
  failed(during: string, error: unknown): void {
    if (!isDiskFull(error)) this.#parts.guard.fence(during, error)
  }

  /** Positions of messages that may have a key, newest first; see `KeyIndex.find`. */
  findByKey(topic: string, key: string, kind: KeyKind, countMax: number, beginMs: number, endMs: number): number[] {
    return this.#parts.keyIndex.find(topic, key, kind, countMax, beginMs, endMs)
  }

  /** Ids of the queues of a topic that have messages or had some, ascending. */
  queueIds(topic: string): number[] {
    return this.#queues.table.queueIds(topic)
  }

  /** Topics that have queues here, whether or not the topic still exists. For light queues see `lightQueueNames`. */
  topicsWithQueues(): Set<string> {
    return this.#queues.table.ordinaryTopics()
  }

  /** Deletes files of the log that are old enough, whatever the hour. */
  deleteOldFiles(): void {
    this.#parts.retention.deleteNow()
  }

  /**
   * Hides messages older than the `reserve.time` of their topic, as each round of retention does. Call it once the
   * topics are known and before anything is read.
   */
  hideExpired(): void {
    this.#parts.retention.hideNow()
  }

  /**
   * Keeps the last message of each key of a topic, however old it is, and removes the others from time to time, until
   * `removeTopic`. Nothing happens without `StoreOptions.compaction`.
   */
  compact(topic: string): void {
    this.#parts.compactedLogs?.addTopic(topic)
  }

  /** Compacts now what would be compacted at the next time. */
  async compactNow(): Promise<void> {
    await this.#parts.compactedLogs?.compactDue()
  }

  /** Deletes a topic's queues; its messages go when their part of the log does. */
  removeTopic(topic: string): void {
    // What was put before is written first, so that it is removed too.
    this.#parts.pipeline.commitNow()
    if (!this.#queues.table.isLight(topic)) this.#parts.compactedLogs?.removeTopic(topic)
    this.#queues.removeTopic(topic)
  }

  /** See `ConsumeQueues.wasRemoved`. */
  wasRemoved(topic: string): boolean {
    return this.#queues.wasRemoved(topic)
  }

  /**
   * Deletes a light queue that is not used any more.
   * @param isUnused asked once everything that was put stands in it
   * @returns whether it was deleted
   */
  removeLightQueue(name: string, isUnused: () => boolean): boolean {
    this.#parts.pipeline.commitNow()
    if (!isUnused()) return false
    this.removeTopic(name)
    return true
  }

  /** Where the message at a queue offset stands in the log; undefined when there is none. */
  positionAt(topic: string, queueId: number, queueOffset: number): number | undefined {
    const queue = this.#queues.table.existing(topic, queueId)
    if (queue === undefined || queueOffset < this.minOffset(topic, queueId)) return undefined
    return queueOffset < queue.maxOffset ? queue.unitAt(queueOffset).physicalOffset : undefined
  }

  /** How many light queues there are, `%LMQ%` names whose one queue is filled by messages of other topics. */
  get lightQueueCount(): number {
    return this.#queues.table.lightCount
  }

  hasLightQueue(name: string): boolean {
    return this.#queues.table.hasLight(name)
  }

  /** Names of light queues, in no order. What is added or removed meanwhile may be among them. */
  lightQueueNames(): Iterable<string> {
    return this.#queues.table.lightNames()
  }

  /** See `ConsumeQueues.onLightExpired`. */
  onLightQueuesExpired(listener: (names: readonly string[]) => readonly string[]): void {
    this.#queues.onLightExpired(listener)
  }

  /** Writes what was put, and closes. A fenced store stays marked as not closed in order. */
  close(): void {
    const { maintenance, retention, pipeline, guard, checkpoint, followers, files, folder } = this.#parts
    maintenance.stop()
    retention.stop()
    pipeline.commitNow()
    const { isFenced } = guard
    guard.close()
    if (!isFenced) maintenance.finish()
    checkpoint.close()
    for (const follower of followers) follower.close()
    files.close()
    folder.release(
      !isFenced,
      followers.some((follower) => follower.isOursAlone === true),
    )
  }

  /** Size and free space of the disk that the store's folder is on. */
  diskSpace(): { totalBytes: number; freeBytes: number } {
    return this.#parts.options.platform.fileSystem.diskSpace(this.#parts.options.rootPath)
  }
}

/** Makes the parts that work on the opened files, and starts the timers of maintenance and retention. */
function assemble(options: StoreOptions, files: StoreFiles, folder: StoreFolder, opened: OpenedFiles): StoreParts {
  const { platform, log, rootPath, live, topicReserves: reserves = () => [] } = options
  const { fileSystem, clock } = platform
  const { commitLog, queues, compactedLogs, followers, checkpoint, bootId, syncedPosition } = opened
  const guard = new WriteGuard(log)
  const logSync = new LogSync(commitLog, guard, clock, () => live().syncTimeoutMs, syncedPosition)
  const reader = new QueueReader(clock, commitLog, queues.table, options.readCacheBytesMax, opened.lent, log)
  queues.onCut((queue) => reader.forget(queue))
  const confirmPolicies = { ASYNC_FLUSH: inSystemsHands, SYNC_FLUSH: onDisk(logSync, guard) }
  const pipeline = new PutPipeline(
    {
      clock,
      commitLog,
      logSync,
      queues: queues.table,
      lightDispatch: new LightDispatch(queues.table, () => live().lightQueuesMax),
      followers: recordFollowers(followers),
      guard,
      confirmPolicy: () => confirmPolicies[live().flushMode],
      backgroundWriteBytesMin: options.backgroundWriteBytesMin,
      backgroundReads: () => reader.loadingCount,
    },
    opened.lastTimestamp,
  )
  const lastTimestamp = (): number => pipeline.lastTimestamp
  const maintenance = new Maintenance(
    { clock, log, live, commitLog, logSync, followers, checkpoint, guard, bootId, lastTimestamp },
    syncedPosition,
  )
  const hiddenMessages = new HiddenMessages({ clock, fileSystem, log, commitLog, queues, rootPath, reserves })
  const retention = new Retention({ clock, fileSystem, log, commitLog, followers, guard, hiddenMessages, live })
  if (opened.cutPosition !== undefined) {
    hiddenMessages.cutBackTo(opened.cutPosition)
    queues.makeAgain(hiddenMessages.topics(), commitLog)
    maintenance.cutBackTo(opened.cutPosition)
  }
  const cutBack = new CutBack({
    log,
    commitLog,
    logSync,
    pipeline,
    maintenance,
    followers,
    queues,
    hiddenMessages,
    reader,
    checkpoint,
    guard,
  })
  maintenance.start()
  retention.start()
  compactedLogs?.start(guard, () => logSync.syncedPosition)
  return {
    options,
    files,
    folder,
    commitLog,
    queues,
    keyIndex: opened.keyIndex,
    compactedLogs,
    followers,
    checkpoint,
    guard,
    logSync,
    pipeline,
    reader,
    maintenance,
    retention,
    cutBack,
    recovery: opened.recovery,
  }
}
