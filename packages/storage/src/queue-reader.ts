import { assert, LruMap, Places } from '@rocketmq-ts/base'
import type { Clock, Log } from '@rocketmq-ts/platform'
import { BlockCache, type MissingBlock } from './log/block-cache.ts'
import { BlockMemory } from './log/block-memory.ts'
import { type ColdReads, ColdReadsByDistance } from './log/cold-reads.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LentBytes } from './log/lent-bytes.ts'
import { isRecordAt, RecordParts, type Stretch, sliceOf } from './log/stretch.ts'
import type { ConsumeQueue } from './queues/consume-queue.ts'
import type { QueueTable } from './queues/queue-table.ts'
import { emptyUnit, isMessage, type QueueUnit, readUnit, unitBytes } from './queues/queue-unit.ts'

export interface ReadRequest {
  topic: string
  queueId: number
  queueOffset: number
  /** Limits: messages in the answer, units looked at for them, and bytes of the messages. */
  countMax: number
  scannedUnitsMax: number
  bytesMax: number
  /** Whether a message with this tags code is wanted. */
  matches(tagsCode: number): boolean
  /** Asked then about the record itself, when the tags code does not tell enough. */
  recordFilter?: RecordFilter | undefined
}

export interface RecordFilter {
  /**
   * Whether a message is wanted.
   * @param bytes holds its record, whole, from `start` on; for as long as the call lasts
   */
  matches(bytes: Buffer, start: number, byteCount: number): boolean
  /** Bytes of records after which a read tells where to go on, whatever it found: more would hold up others. */
  readonly bytesMax: number
}

export type ReadStatus =
  | 'FOUND'
  /** There are messages, but none of the units looked at matches. */
  | 'NO_MATCHED_MESSAGE'
  /** The messages were deleted while they were read. */
  | 'MESSAGE_WAS_REMOVING'
  | 'NO_MATCHED_LOGIC_QUEUE'
  | 'NO_MESSAGE_IN_QUEUE'
  | 'OFFSET_TOO_SMALL'
  | 'OFFSET_OVERFLOW_ONE'
  | 'OFFSET_OVERFLOW_BADLY'

export interface ReadResult {
  status: ReadStatus
  nextQueueOffset: number
  minOffset: number
  maxOffset: number
  /**
   * Records, whole and in order; neighbours in the log are one part. Their memory is used again after the turn in which
   * the result came: copy them to keep them longer.
   */
  parts: Buffer[]
  count: number
  byteCount: number
  /** Bytes of the log between the last message read and its end. */
  behindBytes: number
}

const queueBlockBytes = 800 * unitBytes
const logBlockBytes = 256 * 1024
const logOverlapBytes = 16 * 1024
/** Spare blocks to keep: as many as are read and given up in a few turns. */
const queueSparesMax = 64
const logSparesMax = 16
const unreadableKept = 10_000

/**
 * A consumer that fell a little behind, by a stall of the disk or a restart, must be able to catch up while producers
 * send at full rate. A consumer that is far behind must not slow down producers.
 */
const coldReadClasses = [
  { behindBytesMax: 1024 * 1024 * 1024, quietTurnMs: 0.06, quietShareMs: 0.1, busyShare: 0.4 },
  { behindBytesMax: Number.POSITIVE_INFINITY, quietTurnMs: 0.06, quietShareMs: 0.1, busyShare: 0.03 },
]

/** Loads for single records that are made at a time: each takes memory, and the system reads few files at once anyway. */
const recordLoadsMax = 8

/** A result, or what is needed first: a block to load, or a turn for a record that is not in the log's own memory. */
type Attempt = ReadResult | { missing: MissingBlock } | { coldPosition: number }

/**
 * How far a read has come in its attempts. What one that looks into records has passed by is not looked at again in the
 * next attempt.
 */
interface Progress {
  offset: number
  lookedBytes: number
  loads: number
}

/**
 * Loads after which a read answers what it has found. Its messages may lie in many blocks, and other reads may need the
 * memory of the first ones for theirs before it has the last.
 */
const loadsOfReadMax = 8

/**
 * Reads messages by queue offset. What is in memory is answered at once; otherwise the read waits for its turn, the
 * missing blocks are loaded, and the attempt is made again.
 */
export class QueueReader {
  readonly #commitLog: CommitLog
  readonly #queues: QueueTable
  readonly #logBlocks: BlockCache
  readonly #queueBlocks: BlockCache
  readonly #coldReads: ColdReadsByDistance
  readonly #recordLoads = new Places(recordLoadsMax)
  readonly #lent: LentBytes
  readonly #log: Log
  /** Positions where no record was found, and whether a second read of the file found none either. */
  readonly #unreadable = new LruMap<number, { isCertain: boolean }>(unreadableKept)
  /** The unit that a scan is at, overwritten by the next one. */
  readonly #scanned = emptyUnit()

  constructor(
    clock: Clock,
    commitLog: CommitLog,
    queues: QueueTable,
    cacheBytesMax: number,
    lent: LentBytes,
    log: Log,
  ) {
    this.#lent = lent
    this.#coldReads = new ColdReadsByDistance(clock, coldReadClasses)
    this.#log = log
    this.#commitLog = commitLog
    this.#queues = queues
    const logMemory = new BlockMemory(clock, logBlockBytes + logOverlapBytes, logSparesMax, lent)
    this.#logBlocks = new BlockCache(logMemory, logBlockBytes, cacheBytesMax * 0.8)
    const queueMemory = new BlockMemory(clock, queueBlockBytes, queueSparesMax, lent)
    this.#queueBlocks = new BlockCache(queueMemory, queueBlockBytes, cacheBytesMax * 0.2)
  }

  /** The number of file reads under way in the background. */
  get loadingCount(): number {
    return this.#logBlocks.loadingCount + this.#queueBlocks.loadingCount
  }

  read(request: ReadRequest): ReadResult | Promise<ReadResult> {
    return this.readAtOnce(request) ?? this.#readLater(request)
  }

  /** What can be read without waiting, or undefined. */
  readAtOnce(request: ReadRequest): ReadResult | undefined {
    const progress = request.recordFilter && progressOf(request)
    const attempt = this.#attempt(request, false, progress)
    if ('status' in attempt) return attempt
    if ('missing' in attempt) return undefined
    const inTurn = this.#coldReadsAt(attempt.coldPosition).atOnce(() => this.#attempt(request, true, progress))
    return inTurn !== undefined && 'status' in inTurn ? inTurn : undefined
  }

  async #readLater(request: ReadRequest): Promise<ReadResult> {
    const progress = progressOf(request)
    for (;;) {
      // A reader of new messages may need a block of the queue: it does not wait for readers that are far behind.
      const attempt = this.#attempt(request, false, progress)
      if ('status' in attempt) return attempt
      if ('coldPosition' in attempt) {
        const coldReads = this.#coldReadsAt(attempt.coldPosition)
        return coldReads.underWay(() => this.#readWithLoads(request, coldReads, progress))
      }
      if (!(await this.#load(attempt.missing, progress))) return this.#removed(request)
    }
  }

  /** A copy of the record at a position of the log, or undefined when none can stand there. */
  async recordAt(position: number, totalSize: number): Promise<Buffer | undefined> {
    const { minPosition, writtenPosition } = this.#commitLog
    if (position < minPosition || position + totalSize > writtenPosition) return undefined
    for (;;) {
      const stretch = this.#logStretch(position, totalSize)
      if (stretch !== undefined) return Buffer.from(sliceOf(stretch, position, totalSize))
      const missing = this.#missingOfLog(position, totalSize)
      const loaded = await this.#recordLoads.run(() => this.#logBlocks.load(missing))
      if (loaded.length < missing.byteCount) return undefined
    }
  }

  /** Units of a queue from an offset on, for administration tools and delayed messages. */
  async units(queue: ConsumeQueue, fromOffset: number, countMax: number): Promise<QueueUnit[]> {
    const units: QueueUnit[] = []
    for (let offset = fromOffset; offset < queue.maxOffset && units.length < countMax; ) {
      const unit = this.#unit(queue, offset)
      if ('missing' in unit) {
        const loaded = await this.#queueBlocks.load(unit.missing)
        if (loaded.length < unit.missing.byteCount) return units
        continue
      }
      units.push(unit)
      offset++
    }
    return units
  }

  /** Forgets everything that was read: log and queues were cut back. */
  forgetAll(): void {
    this.#logBlocks.clear()
    this.#queueBlocks.clear()
    this.#unreadable.clear()
  }

  /** Forgets blocks of a queue whose files are gone, or were cut. */
  forget(queue: ConsumeQueue): void {
    this.#queueBlocks.forget(queue.segments)
  }

  async #readWithLoads(request: ReadRequest, coldReads: ColdReads, progress: Progress): Promise<ReadResult> {
    for (;;) {
      const attempt = await coldReads.inTurn(() => this.#attempt(request, true, progress))
      if ('status' in attempt) return attempt
      assert('missing' in attempt, 'a read that may be cold waits for no turn')
      if (!(await this.#load(attempt.missing, progress))) return this.#removed(request)
    }
  }

  /** @returns whether there was all of the block */
  async #load(missing: MissingBlock, progress: Progress): Promise<boolean> {
    progress.loads++
    const cache = missing.folder === this.#commitLog.segments ? this.#logBlocks : this.#queueBlocks
    return (await cache.load(missing)).length === missing.byteCount
  }

  #coldReadsAt(position: number): ColdReads {
    return this.#coldReads.at(this.#commitLog.writtenPosition - position)
  }

  /** @param mayBeCold whether records may be read that are not in the log's own memory */
  #attempt(request: ReadRequest, mayBeCold: boolean, progress: Progress | undefined): Attempt {
    const queueOffset = progress === undefined ? request.queueOffset : progress.offset
    const queue = this.#queues.existing(request.topic, request.queueId)
    if (queue === undefined) return nothing('NO_MATCHED_LOGIC_QUEUE', 0, 0, 0)
    const { maxOffset } = queue
    const minOffset = queue.minOffset(this.#commitLog.minPosition)
    if (maxOffset === 0) return nothing('NO_MESSAGE_IN_QUEUE', 0, minOffset, maxOffset)
    if (queueOffset < minOffset) return nothing('OFFSET_TOO_SMALL', minOffset, minOffset, maxOffset)
    if (queueOffset === maxOffset) return nothing('OFFSET_OVERFLOW_ONE', queueOffset, minOffset, maxOffset)
    if (queueOffset > maxOffset) return nothing('OFFSET_OVERFLOW_BADLY', maxOffset, minOffset, maxOffset)
    return this.#scan(request, queue, minOffset, mayBeCold, progress)
  }

  #scan(
    request: ReadRequest,
    queue: ConsumeQueue,
    minOffset: number,
    mayBeCold: boolean,
    progress: Progress | undefined,
  ): Attempt {
    const { maxOffset } = queue
    const { recordFilter } = request
    const parts = new RecordParts()
    let count = 0
    let byteCount = 0
    let offset = progress === undefined ? request.queueOffset : progress.offset
    let lastPosition = this.#commitLog.writtenPosition
    const scanEnd = Math.min(maxOffset, request.queueOffset + request.scannedUnitsMax)
    const { firstInMemory } = this.#commitLog
    for (; offset < scanEnd && count < request.countMax; offset++) {
      const unit = this.#unit(queue, offset, this.#scanned)
      if ('missing' in unit) {
        if (endsAt(request, offset, count, progress)) break
        return unit
      }
      if (!isMessage(unit) || !request.matches(unit.tagsCode)) continue
      const { physicalOffset, totalSize } = unit
      if (count > 0 && byteCount + totalSize > request.bytesMax) break
      let stretch = physicalOffset < firstInMemory ? undefined : this.#commitLog.inMemory(physicalOffset, totalSize)
      if (stretch === undefined) {
        if (!mayBeCold) {
          if (endsAt(request, offset, count, progress)) break
          return { coldPosition: physicalOffset }
        }
        const inFile = this.#recordInFile(queue, offset, unit)
        if (inFile === undefined) continue
        if ('missing' in inFile) {
          if (endsAt(request, offset, count, progress)) break
          return inFile
        }
        stretch = inFile
      }
      if (recordFilter !== undefined) {
        if (progress!.lookedBytes >= recordFilter.bytesMax) break
        progress!.lookedBytes += totalSize
        if (!recordFilter.matches(stretch.bytes, physicalOffset - stretch.start, totalSize)) continue
      }
      parts.add(stretch, physicalOffset, totalSize)
      lastPosition = physicalOffset + totalSize
      count++
      byteCount += totalSize
    }
    const behindBytes = this.#commitLog.writtenPosition - lastPosition
    const status = count > 0 ? 'FOUND' : 'NO_MATCHED_MESSAGE'
    const found = parts.end()
    if (this.#lent.isChecked) for (const [index, part] of found.entries()) found[index] = this.#lent.lend(part)
    return { status, nextQueueOffset: offset, minOffset, maxOffset, parts: found, count, byteCount, behindBytes }
  }

  #unit(queue: ConsumeQueue, offset: number, into?: QueueUnit): QueueUnit | { missing: MissingBlock } {
    const inMemory = queue.unitInMemory(offset, into)
    if (inMemory !== undefined) return inMemory
    const { segments } = queue
    const position = offset * unitBytes
    const stretch = this.#queueBlocks.find(segments, position, unitBytes)
    if (stretch !== undefined) return readUnit(stretch.bytes, position - stretch.start, into)
    return { missing: this.#queueBlocks.missing(segments, position, unitBytes, queue.writtenOffset * unitBytes) }
  }

  /** What holds the record of a unit, or the block to load first; undefined when there is no record: it is skipped. */
  #recordInFile(
    queue: ConsumeQueue,
    queueOffset: number,
    unit: QueueUnit,
  ): Stretch | { missing: MissingBlock } | undefined {
    const { physicalOffset, totalSize } = unit
    const known = this.#unreadable.size === 0 ? undefined : this.#unreadable.get(physicalOffset)
    if (known?.isCertain === true) return undefined
    if (!this.#commitLog.canHold(physicalOffset, totalSize)) return this.#passBy(queue, queueOffset, unit)
    const stretch = this.#logBlocks.find(this.#commitLog.segments, physicalOffset, totalSize)
    if (stretch === undefined) return { missing: this.#missingOfLog(physicalOffset, totalSize) }
    if (isRecordAt(stretch.bytes, physicalOffset, physicalOffset - stretch.start, totalSize)) return stretch
    if (known !== undefined) return this.#passBy(queue, queueOffset, unit)
    this.#unreadable.set(physicalOffset, { isCertain: false })
    this.#logBlocks.forgetAt(this.#commitLog.segments, physicalOffset)
    return { missing: this.#missingOfLog(physicalOffset, totalSize) }
  }

  #passBy(queue: ConsumeQueue, queueOffset: number, unit: QueueUnit): undefined {
    const { topic, queueId } = queue
    this.#unreadable.set(unit.physicalOffset, { isCertain: true })
    this.#log.error(
      { topic, queueId, queueOffset, physicalOffset: unit.physicalOffset, totalSize: unit.totalSize },
      'the log holds no message where a consume queue says that there is one: consumers pass it by. ' +
        'Check the disk, and restore the files of this position from a backup or replica if there is one',
    )
    return undefined
  }

  #logStretch(position: number, byteCount: number): Stretch | undefined {
    return (
      this.#commitLog.inMemory(position, byteCount) ??
      this.#logBlocks.find(this.#commitLog.segments, position, byteCount)
    )
  }

  #missingOfLog(position: number, byteCount: number): MissingBlock {
    const { segments, writtenPosition } = this.#commitLog
    return this.#logBlocks.missing(segments, position, byteCount, writtenPosition)
  }

  #removed(request: ReadRequest): ReadResult {
    const queue = this.#queues.existing(request.topic, request.queueId)
    const minOffset = queue?.minOffset(this.#commitLog.minPosition) ?? 0
    const next = Math.max(request.queueOffset, minOffset)
    return nothing('MESSAGE_WAS_REMOVING', next, minOffset, queue?.maxOffset ?? 0)
  }
}

function progressOf(request: ReadRequest): Progress {
  return { offset: request.queueOffset, lookedBytes: 0, loads: 0 }
}

/**
 * Whether a read that cannot go on at an offset for now ends there, and answers what it has found. One that looks into
 * records does, rather than look for them once more; when it found none it goes on from there in its next attempt.
 */
function endsAt({ recordFilter }: ReadRequest, offset: number, count: number, progress: Progress | undefined): boolean {
  if (progress === undefined) return false
  if (recordFilter === undefined) return count > 0 && progress.loads >= loadsOfReadMax
  progress.offset = offset
  return count > 0
}

function nothing(status: ReadStatus, nextQueueOffset: number, minOffset: number, maxOffset: number): ReadResult {
  return { status, nextQueueOffset, minOffset, maxOffset, parts: [], count: 0, byteCount: 0, behindBytes: 0 }
}
