import { firstIndexWhere } from '@rocketmq-ts/base'
import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import type { Follower } from '../followers/follower.ts'
import type { CommitLog } from '../log/commit-log.ts'
import { QueueFileError } from '../queues/queue-folders.ts'
import type { QueueTable } from '../queues/queue-table.ts'
import { isMessage } from '../queues/queue-unit.ts'
import { SimpleQueue } from '../queues/simple-queue.ts'
import { isFolderName } from '../queues/topic-handle.ts'
import type { RecoveryPlan } from '../recovery/recover.ts'
import { repeat } from '../repeat.ts'
import type { StoreFiles } from '../store-files.ts'
import { diskFullReason, isDiskFull, type WriteGuard } from '../write-guard.ts'
import { CompactedPositions } from './compacted-positions.ts'
import { CompactedQueue } from './compacted-queue.ts'
import { CompactionDamageError, compact } from './compaction.ts'
import { checkFileSizes, type RecordFileSizes, type RecordFolders, recordFileSizes } from './pair-files.ts'

/** How topics are compacted of which the last message of each key is kept. Sizes in bytes, times in milliseconds. */
export interface CompactionOptions {
  /** compactionMappedFileSize */
  recordFileBytes: number
  /** compactionCqMappedFileSize */
  unitFileBytes: number
  /** Memory for the keys of one compaction. */
  keyBytesMax: number
  intervalMs: number
}

export interface CompactedLogsParts {
  files: StoreFiles
  clock: Clock
  log: Log
  commitLog: CommitLog
  queues: QueueTable
  rootPath: string
  options: CompactionOptions
}

/** How often new messages are copied. */
const copyIntervalMs = 1000
/** Longer copies are done in slices, so that senders do not wait for all of them. */
const sliceMs = 3
const sliceGapMs = 10
const removalMark = 'removed'

/**
 * The compacted logs of all compaction topics. They follow the log, but are given no records: the consume queues tell
 * which ones to copy. Ordinary messages cost nothing here.
 *
 *     compaction/compactionLog/<topic>/<queue>/   records
 *     compaction/compactionCq/<topic>/<queue>/    their units
 *     compaction/position-checkpoint              what compactions have covered
 */
export class CompactedLogs implements Follower {
  readonly name = 'compacted logs'
  readonly #parts: CompactedLogsParts
  readonly #sizes: RecordFileSizes
  readonly #positions: CompactedPositions
  /** Topics to compact. Others may have compacted logs that are there still. */
  readonly #topics = new Set<string>()
  readonly #queues = new Map<SimpleQueue, CompactedQueue>()
  /** Compacted logs whose queue is gone, as topic and id: they stay as they are. */
  readonly #unusable = new Set<string>()
  readonly #timers: CancelTimer[] = []
  #cancelSlice: CancelTimer | undefined
  #guard: WriteGuard | undefined
  #syncedPosition: () => number = () => 0
  /** The compactions under way, one after the other. */
  #compacting: Promise<void> | undefined
  #isClosed = false

  constructor(parts: CompactedLogsParts) {
    this.#parts = parts
    const { files, log, rootPath, options } = parts
    this.#sizes = recordFileSizes(options.recordFileBytes, options.unitFileBytes)
    this.#positions = new CompactedPositions(files.fileSystem, `${rootPath}/compaction/position-checkpoint`, log)
  }

  /** @throws SegmentSizeError */
  prepare(): undefined {
    const { files } = this.#parts
    for (const [topic, queueId] of this.#found()) checkFileSizes(files, this.#folders(topic, queueId), this.#sizes)
  }

  /** Takes over what an earlier process made: what it copied of records from `plan.from` on is copied again. */
  endReplay(logEndPosition: number, plan: RecoveryPlan): void {
    const { files, log, commitLog } = this.#parts
    const { fileSystem } = files
    // What the log has deleted was copied and synced before.
    const from = Math.max(plan.from, commitLog.minPosition)
    const mayBeUnsynced = plan.syncedPosition < logEndPosition || plan.mayBeTorn
    let isChanged = false
    const names = new Set<string>()
    const opened: CompactedQueue[] = []
    for (const topic of fileSystem.list(this.#path('records'))) {
      if (fileSystem.status(`${this.#path('records')}/${topic}/${removalMark}`) !== undefined) this.removeTopic(topic)
    }
    for (const [topic, queueId] of this.#found()) {
      names.add(`${topic}_${queueId}`)
      const queue = this.#existing(topic, queueId)
      if (queue === undefined || queue.maxOffset === 0) {
        this.#unusable.add(`${topic}/${queueId}`)
        log.error(
          { topic, queueId },
          'the consume queue of a compacted log is gone: its messages are not served. Restore the folder consumequeue ' +
            'from a backup, or delete the folders of this queue in the folder compaction to give its messages up',
        )
        continue
      }
      const compacted = this.#add(queue)
      const compactedOffset = this.#positions.get(topic, queueId)
      isChanged = compacted.open(firstOffsetFrom(queue, from), compactedOffset, mayBeUnsynced) || isChanged
      opened.push(compacted)
    }
    isChanged = this.#positions.keepOnly((name) => names.has(name)) || isChanged
    if (isChanged) this.#savePositions()
    for (const queue of opened) queue.opened()
  }

  /** @param syncedPosition of the log; messages before it survive a power failure */
  start(guard: WriteGuard, syncedPosition: () => number): void {
    this.#guard = guard
    this.#syncedPosition = syncedPosition
    const { clock, options } = this.#parts
    this.#timers.push(
      repeat(
        clock,
        () => copyIntervalMs,
        () => this.#copySome(),
      ),
      repeat(
        clock,
        () => options.intervalMs,
        () => void this.compactDue(),
      ),
    )
  }

  /** Compacts a topic from now on. */
  addTopic(topic: string): void {
    if (!isFolderName(topic)) return
    this.#topics.add(topic)
    for (const queueId of this.#parts.queues.queueIds(topic)) this.#existing(topic, queueId)
    for (const queue of this.#queues.values()) if (queue.topic === topic) queue.serve()
    this.#findNew()
  }

  /** Removes everything of a topic that is deleted. */
  removeTopic(topic: string): void {
    if (!isFolderName(topic)) return
    this.#topics.delete(topic)
    for (const name of this.#unusable) if (name.startsWith(`${topic}/`)) this.#unusable.delete(name)
    const { files } = this.#parts
    const { fileSystem } = files
    const folder = `${this.#path('records')}/${topic}`
    // A process that dies meanwhile leaves a part: the mark says that it is not a compacted log.
    if (fileSystem.status(folder) !== undefined) fileSystem.open(`${folder}/${removalMark}`, 'create').close()
    const removed = [...this.#queues].filter(([queue]) => queue.topic === topic)
    for (const [queue, compacted] of removed) {
      compacted.remove()
      this.#queues.delete(queue)
      this.#positions.delete(topic, queue.queueId)
    }
    // A topic that is made again under the name was not compacted that far.
    if (removed.length > 0) this.#savePositions()
    files.removeFolder(`${this.#path('units')}/${topic}`)
    files.removeFolder(folder)
    files.syncNames(this.#path('records'))
  }

  get position(): number {
    return this.#lowest(({ position }) => position)
  }

  get neededFrom(): number {
    this.#findNew()
    return this.#lowest(({ neededFrom }) => neededFrom)
  }

  /** Messages are copied at intervals of their own. */
  get waitingSinceMs(): undefined {
    return undefined
  }

  writeSome(): void {
    this.#copySome()
  }

  write(): void {
    this.#findNew()
    for (const queue of this.#queues.values()) queue.copy(this.#parts.commitLog.writtenPosition, () => false)
  }

  async sync(): Promise<void> {
    for (const queue of [...this.#queues.values()]) if (!queue.isRemoved) await queue.sync()
    if (this.#queues.size > 0) await this.#parts.files.syncAllNamesLater()
  }

  syncNow(): boolean {
    for (const queue of this.#queues.values()) queue.syncNow()
    if (this.#queues.size > 0) this.#parts.files.syncAllNames()
    return true
  }

  truncate(): void {
    for (const queue of this.#queues.values()) queue.cutToQueue()
    // What is copied again must not be taken for compacted.
    if (this.#queues.size > 0) this.#savePositions()
  }

  /** What the log has no more is what these are for. */
  trim(): void {}

  close(): void {
    this.#isClosed = true
    for (const cancel of this.#timers) cancel()
    this.#cancelSlice?.()
  }

  /**
   * Compacts the queues for which it is time, one after the other.
   * @returns resolves when that is done, or when those that were under way are
   */
  compactDue(): Promise<void> {
    this.#compacting ??= this.#compactAll().finally(() => {
      this.#compacting = undefined
    })
    return this.#compacting
  }

  async #compactAll(): Promise<void> {
    for (const queue of [...this.#queues.values()]) {
      if (this.#isOver()) return
      if (queue.isRemoved || !queue.isDue) continue
      try {
        await this.#compact(queue)
      } catch (error) {
        if (!this.#isOver()) this.#failed('compacting a topic', error)
      }
    }
  }

  async #compact(queue: CompactedQueue): Promise<void> {
    const { clock, log, options } = this.#parts
    const { topic, queueId } = queue
    const rules = { clock, keyBytesMax: options.keyBytesMax }
    for (let isPartial = true; isPartial; ) {
      const startMs = clock.monotonic()
      const result = await compact(
        queue,
        rules,
        () => !this.#isOver(),
        () => this.#savePositionsLater(),
      )
      if (result === undefined) return
      isPartial = result.isPartial
      const { before, after, compactedOffset } = result
      const tookMs = Math.round(clock.monotonic() - startMs)
      log.info({ topic, queueId, before, after, compactedOffset, tookMs }, 'a queue was compacted')
    }
  }

  #isOver(): boolean {
    return this.#isClosed || this.#guard?.isFenced === true
  }

  #savePositions(): void {
    this.#notePositions()
    this.#positions.save()
  }

  async #savePositionsLater(): Promise<void> {
    this.#notePositions()
    await this.#positions.saveLater()
  }

  /** A queue that cannot be used is left out: whoever uses it gets the error. */
  #existing(topic: string, queueId: number): SimpleQueue | undefined {
    try {
      const queue = this.#parts.queues.existing(topic, queueId)
      return queue instanceof SimpleQueue ? queue : undefined
    } catch (error) {
      if (error instanceof QueueFileError) return undefined
      throw error
    }
  }

  #notePositions(): void {
    for (const { topic, queueId, compactedOffset } of this.#queues.values()) {
      if (compactedOffset >= 0) this.#positions.set(topic, queueId, compactedOffset)
      else this.#positions.delete(topic, queueId)
    }
    this.#parts.files.makeFolder(`${this.#parts.rootPath}/compaction`)
  }

  /** Queues of the topics come when their first message does. */
  #findNew(): void {
    for (const topic of this.#topics) {
      for (const queue of this.#parts.queues.openQueues(topic)) {
        if (!(queue instanceof SimpleQueue) || this.#queues.has(queue)) continue
        if (this.#unusable.has(`${topic}/${queue.queueId}`)) continue
        const compacted = this.#add(queue)
        compacted.open(Number.POSITIVE_INFINITY, -1, false)
        compacted.serve()
      }
    }
  }

  /** Leaves compacted logs as they are whose topics are none to compact: the store knows its topics once it runs. */
  #leaveOthers(): void {
    for (const [queue, compacted] of this.#queues) {
      const { topic, queueId, isServed } = compacted
      if (isServed) continue
      // No checkpoint waits for it from now on: a start that compacts the topic again takes it for what is on the disk.
      compacted.syncNow()
      this.#parts.files.syncAllNames()
      this.#queues.delete(queue)
      this.#parts.log.warn(
        { topic, queueId },
        'there is a compacted log of a topic that is none to compact (cleanup.policy): it is left as it is, and not used',
      )
    }
  }

  /** Queues that have files. */
  *#found(): Iterable<[topic: string, queueId: number]> {
    const { fileSystem } = this.#parts.files
    for (const topic of fileSystem.list(this.#path('records')).filter(isFolderName)) {
      for (const queueId of fileSystem.list(`${this.#path('records')}/${topic}`).map(Number)) {
        if (Number.isInteger(queueId)) yield [topic, queueId]
      }
    }
  }

  #folders(topic: string, queueId: number): RecordFolders {
    return {
      records: `${this.#path('records')}/${topic}/${queueId}`,
      units: `${this.#path('units')}/${topic}/${queueId}`,
    }
  }

  #add(queue: SimpleQueue): CompactedQueue {
    const { files, log, commitLog } = this.#parts
    const folders = this.#folders(queue.topic, queue.queueId)
    const compacted = new CompactedQueue({ files, log, commitLog, queue, folders, sizes: this.#sizes })
    this.#queues.set(queue, compacted)
    return compacted
  }

  #copySome(): void {
    if (this.#isOver() || this.#cancelSlice !== undefined) return
    const { clock } = this.#parts
    const startMs = clock.monotonic()
    const isOver = (): boolean => clock.monotonic() - startMs >= sliceMs
    const endPosition = this.#syncedPosition()
    try {
      this.#leaveOthers()
      this.#findNew()
      for (const queue of this.#queues.values()) {
        if (queue.copy(endPosition, isOver) || !isOver()) continue
        this.#cancelSlice = clock.after(sliceGapMs, () => {
          this.#cancelSlice = undefined
          this.#copySome()
        })
        return
      }
    } catch (error) {
      this.#failed('copying messages to compacted logs', error)
    }
  }

  #failed(during: string, error: unknown): void {
    if (isDiskFull(error)) this.#guard?.setDiskFull(diskFullReason)
    else if (error instanceof CompactionDamageError) this.#parts.log.error({ err: error }, error.message)
    else this.#guard?.fence(during, error)
  }

  #lowest(positionOf: (queue: CompactedQueue) => number): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const queue of this.#queues.values()) lowest = Math.min(lowest, positionOf(queue))
    return lowest
  }

  #path(kind: keyof RecordFolders): string {
    return `${this.#parts.rootPath}/compaction/${kind === 'records' ? 'compactionLog' : 'compactionCq'}`
  }
}

/** The queue offset of the first message that stands at a position of the log or behind it. Gaps have none. */
function firstOffsetFrom(queue: SimpleQueue, position: number): number {
  const messageFrom = (offset: number): number => {
    let at = offset
    while (at < queue.maxOffset && !isMessage(queue.unitAt(at))) at++
    return at
  }
  const index = firstIndexWhere(queue.minOffsetInLog(0), queue.maxOffset, (offset) => {
    const message = messageFrom(offset)
    return message >= queue.maxOffset || queue.unitAt(message).physicalOffset >= position
  })
  return messageFrom(index)
}
