import { readRecord } from '@rocketmq-ts/protocol'
import type { ArrivalListener, Followers } from './followers.ts'
import type { KeyIndex, KeyKind } from './index/key-index.ts'
import type { CommitLog } from './log/commit-log.ts'
import { LogSync } from './log/log-sync.ts'
import { Maintenance } from './maintenance.ts'
import { PutPipeline } from './put-pipeline.ts'
import { QueueReader, type ReadRequest, type ReadResult } from './queue-reader.ts'
import type { ConsumeQueues } from './queues/consume-queues.ts'
import type { QueueUnit } from './queues/queue-unit.ts'
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
import { WriteGuard } from './write-guard.ts'

const headBytes = 4

/** Where the log starts and ends, and how far it is on the disk. */
export interface LogPositions {
  min: number
  max: number
  synced: number
}

/** The messages of a broker on disk: the log, and the queues and keys derived from it. */
export class MessageStore {
  readonly #options: StoreOptions
  readonly #folder: StoreFolder
  readonly #commitLog: CommitLog
  readonly #queues: ConsumeQueues
  readonly #keyIndex: KeyIndex | undefined
  readonly #checkpoint: CheckpointFile
  readonly #guard: WriteGuard
  readonly #followers: Followers
  readonly #logSync: LogSync
  readonly #pipeline: PutPipeline
  readonly #reader: QueueReader
  readonly #maintenance: Maintenance
  readonly #retention: Retention
  readonly #files: StoreFiles
  /** What recovery found: for the log and for tests. */
  readonly recovered: Recovery

  /**
   * Opens a store, recovering it when it was not closed in order.
   * @throws StoreLockedError when another process uses it; StoreLayoutError or SegmentSizeError when it is not ours to
   *   read; the file system's errors
   */
  constructor(options: StoreOptions) {
    this.#options = options
    const { fileSystem, clock } = options.platform
    const { log, rootPath } = options
    this.#files = new StoreFiles(fileSystem, options.openFilesMax)
    this.#folder = new StoreFolder(this.#files, rootPath, options.processId)
    const opened = this.#openFiles()
    const { commitLog, queues, followers, keyIndex, checkpoint, bootId } = opened
    this.#guard = new WriteGuard(log)
    this.#commitLog = commitLog
    this.#queues = queues
    this.#followers = followers
    this.#keyIndex = keyIndex
    this.#checkpoint = checkpoint
    this.recovered = opened.recovery
    const { syncTimeoutMs, flushMode, readCacheBytesMax } = options
    const guard = this.#guard
    const logSync = new LogSync(commitLog, guard, clock, syncTimeoutMs, opened.syncedPosition)
    this.#logSync = logSync
    this.#pipeline = new PutPipeline(
      {
        clock,
        commitLog,
        logSync,
        queues,
        followers,
        guard,
        tagsCodes: opened.tagsCodes,
        flushMode,
        backgroundWriteBytesMin: options.backgroundWriteBytesMin,
        backgroundReads: () => this.#reader.loadingCount,
      },
      opened.lastTimestamp,
    )
    this.#reader = new QueueReader(clock, commitLog, queues, readCacheBytesMax, log)
    const lastTimestamp = (): number => this.#pipeline.lastTimestamp
    this.#maintenance = new Maintenance(
      { clock, log, options, commitLog, logSync, queues, keyIndex, checkpoint, guard, bootId, lastTimestamp },
      opened.writtenPosition,
      opened.syncedPosition,
    )
    this.#maintenance.start()
    const { retentionRules: rules, retentionIntervalMs: intervalMs, topicReserves: reserves = () => [] } = options
    const hiddenMessages = new HiddenMessages({ clock, fileSystem, log, commitLog, queues, rootPath, reserves })
    this.#retention = new Retention({
      clock,
      fileSystem,
      log,
      commitLog,
      queues,
      keyIndex,
      guard,
      hiddenMessages,
      rules,
      intervalMs,
    })
    this.#retention.start()
  }

  /** Why nothing can be stored, or undefined when it can. */
  get refusal(): string | undefined {
    return this.#guard.refusal?.reason
  }

  get positions(): LogPositions {
    return {
      min: this.#commitLog.minPosition,
      max: this.#commitLog.endPosition,
      synced: this.#logSync.syncedPosition,
    }
  }

  /** The newest message in the key index: its store time and position. */
  get lastIndexed(): { storeTimestamp: number; physicalOffset: number } {
    return this.#keyIndex?.lastUpdate ?? { storeTimestamp: 0, physicalOffset: 0 }
  }

  /**
   * Stores messages in this order, all or none; `done` is called when they are as safe as the flush mode promises.
   */
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
    this.#pipeline.put(messages, done)
  }

  /** Told once a turn of every queue that got messages. */
  onArrival(listener: ArrivalListener): void {
    this.#followers.onArrival(listener)
  }

  read(request: ReadRequest): ReadResult | Promise<ReadResult> {
    return this.#reader.read(request)
  }

  /** Offset of the first message of a queue that is still there; 0 for a queue that has none. */
  minOffset(topic: string, queueId: number): number {
    return this.#queues.existing(topic, queueId)?.minOffset(this.#commitLog.minPosition) ?? 0
  }

  /** Offset that the next message of a queue will be read at. */
  maxOffset(topic: string, queueId: number): number {
    return this.#queues.existing(topic, queueId)?.maxOffset ?? 0
  }

  /** See `offsetByTime`; 0 for a queue that has no messages. */
  offsetByTime(topic: string, queueId: number, timestampMs: number, boundary: 'lower' | 'upper'): number {
    const queue = this.#queues.existing(topic, queueId)
    return queue === undefined ? 0 : offsetByTime(this.#commitLog, queue, timestampMs, boundary)
  }

  /** Store time in milliseconds, or undefined when there is no such message. */
  storeTimestamp(topic: string, queueId: number, queueOffset: number): number | undefined {
    const queue = this.#queues.existing(topic, queueId)
    if (queue === undefined) return undefined
    if (queueOffset < queue.minOffset(this.#commitLog.minPosition) || queueOffset >= queue.maxOffset) return undefined
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

  /** Whether the message of a queue offset can be read without a file. */
  isInMemory(topic: string, queueId: number, queueOffset: number): boolean {
    const queue = this.#queues.existing(topic, queueId)
    if (queue === undefined || queueOffset >= queue.maxOffset) return false
    const unit = queue.unitAt(queueOffset)
    return this.#commitLog.inMemory(unit.physicalOffset, unit.totalSize) !== undefined
  }

  units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]> {
    const queue = this.#queues.existing(topic, queueId)
    return queue === undefined ? Promise.resolve([]) : this.#reader.units(queue, fromOffset, countMax)
  }

  /** The record that starts at a position of the log, or undefined when none does. */
  async recordAt(physicalOffset: number, size?: number): Promise<Buffer | undefined> {
    const totalSize = size ?? (await this.#reader.recordAt(physicalOffset, headBytes))?.readInt32BE(0)
    if (totalSize === undefined || totalSize < headBytes || totalSize > this.#commitLog.recordBytesMax) return undefined
    const bytes = await this.#reader.recordAt(physicalOffset, totalSize)
    if (bytes === undefined) return undefined
    const reading = readRecord(bytes, 0)
    return reading.kind === 'record' && reading.record.physicalOffset === physicalOffset ? bytes : undefined
  }

  /** Positions of messages that may have a key, newest first; see `KeyIndex.find`. */
  findByKey(topic: string, key: string, kind: KeyKind, countMax: number, beginMs: number, endMs: number): number[] {
    return this.#keyIndex?.find(topic, key, kind, countMax, beginMs, endMs) ?? []
  }

  /** Topics that have queues here, whether or not the topic still exists. */
  topicsWithQueues(): Set<string> {
    return this.#queues.topics()
  }

  /** Deletes files of the log that are old enough, whatever the hour. */
  deleteOldFiles(): void {
    this.#retention.deleteNow()
  }

  /**
   * Hides the messages of topics whose own time has passed, as each round of retention does. To be called once the
   * topics are known and before anything is read: what was hidden before the last stop is not seen again.
   */
  hideExpired(): void {
    this.#retention.hideNow()
  }

  /** Deletes a topic's queues; its messages go when their part of the log does. */
  removeTopic(topic: string): void {
    // What was put before it is stored before it, and goes with it.
    this.#pipeline.commitNow()
    for (const queue of this.#queues.openQueues(topic)) this.#reader.forget(queue)
    this.#queues.removeTopic(topic)
  }

  /** Writes what was put, and closes. A fenced store stays marked as not closed in order. */
  close(): void {
    this.#maintenance.stop()
    this.#retention.stop()
    this.#pipeline.commitNow()
    const isFenced = this.#guard.isFenced
    this.#guard.close()
    if (!isFenced) this.#maintenance.finish()
    this.#checkpoint.close()
    if (!isFenced) this.#keyIndex?.close()
    this.#files.close()
    this.#folder.release(!isFenced)
  }

  /** A store that cannot be opened is given up, so that it can be opened again when the cause is gone. */
  #openFiles(): OpenedFiles {
    try {
      return openFiles(this.#options, this.#files, this.#folder.wasClosed)
    } catch (error) {
      this.#files.close()
      this.#folder.release(false)
      throw error
    }
  }

  /** What is known of the store's disk. */
  diskSpace(): { totalBytes: number; freeBytes: number } {
    return this.#options.platform.fileSystem.diskSpace(this.#options.rootPath)
  }
}
