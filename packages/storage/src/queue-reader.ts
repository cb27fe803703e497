import { assert, LruMap, Places } from '@rocketmq-ts/base'
import type { Clock, Log } from '@rocketmq-ts/platform'
import { BlockCache, type MissingBlock } from './log/block-cache.ts'
import { BlockMemory } from './log/block-memory.ts'
import { type ColdReads, ColdReadsByDistance } from './log/cold-reads.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LentBytes } from './log/lent-bytes.ts'
import { isRecordAt, RecordParts, type Stretch, sliceOf } from './log/stretch.ts'
import { BatchQueue } from './queues/batch-queue.ts'
import { type BatchSearch, beginSearch, searchBatchUnit } from './queues/batch-search.ts'
import { type BatchUnit, batchUnitBytes, emptyBatchUnit, readBatchUnit } from './queues/batch-unit.ts'
import type { CompactedMessages } from './queues/compacted-messages.ts'
import type { ConsumeQueue } from './queues/consume-queue.ts'
import type { QueueTable } from './queues/queue-table.ts'
import { emptyUnit, isMessage, type QueueUnit, readUnit, unitBytes } from './queues/queue-unit.ts'
import type { ReadRequest, ReadResult, ReadStatus } from './read-request.ts'

/** A block holds whole units of either kind. */
const queueBlockBytes = 35 * 20 * 23
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

/**
 * A result, or what is needed first: a block to load, or a turn for a record that is not in the log's own memory; or who
 * has the messages.
 */
type Attempt = ReadResult | { missing: MissingBlock } | { coldPosition: number } | { compacted: CompactedMessages }

/**
 * How far a read has come in its attempts. What one that looks into records has passed by is not looked at again in the
 * next attempt.
 */
interface Progress {
  offset: number
  lookedBytes: number
  loads: number
  /** For the unit of `offset` in a queue of batches. */
  search: BatchSearch | undefined
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
  readonly #scannedBatch = emptyBatchUnit()

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
    if ('missing' in attempt || 'compacted' in attempt) return undefined
    const inTurn = this.#coldReadsAt(attempt.coldPosition).atOnce(() => this.#attempt(request, true, progress))
    return inTurn !== undefined && 'status' in inTurn ? inTurn : undefined
  }

  async #readLater(request: ReadRequest): Promise<ReadResult> {
    const progress = progressOf(request)
    for (;;) {
      // A reader of new messages may need a block of the queue: it does not wait for readers that are far behind.
      const attempt = this.#attempt(request, false, progress)
      if ('status' in attempt) return attempt
      if ('compacted' in attempt) {
        const result = await this.#recordLoads.run(() => attempt.compacted.read(request))
        if (result !== undefined) return result
        continue
      }
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

  /**
   * Units of a queue from an offset on, for administration tools and delayed messages.
   * @param countMax offsets that they begin within
   */
  async units(queue: ConsumeQueue, fromOffset: number, countMax: number): Promise<QueueUnit[]> {
    const units: QueueUnit[] = []
    let unitNumber: number | undefined
    while (units.length < countMax && fromOffset < queue.maxOffset) {
      unitNumber ??= await this.#firstUnit(queue, fromOffset)
      if (unitNumber === undefined || unitNumber >= queue.endUnit) return units
      const unit = queue instanceof BatchQueue ? this.#batchUnit(queue, unitNumber) : this.#unit(queue, unitNumber)
      if ('missing' in unit) {
        if (!(await this.#loadUnits(unit.missing))) return units
        continue
      }
      if (isBehind(unit, fromOffset + countMax)) return units
      units.push(unit)
      unitNumber++
    }
    return units
  }

  /** The unit that a message stands in; undefined when a file is gone that tells it. */
  async #firstUnit(queue: ConsumeQueue, queueOffset: number): Promise<number | undefined> {
    if (!(queue instanceof BatchQueue)) return queueOffset
    const search = beginSearch(queue, queueOffset)
    for (;;) {
      const found = searchBatchUnit(queue, search, (unitNumber) => this.#batchUnit(queue, unitNumber))
      if (typeof found === 'number') return found
      if (!(await this.#loadUnits(found.missing))) return undefined
    }
  }

  /** @returns whether there was all of the block */
  async #loadUnits(missing: MissingBlock): Promise<boolean> {
    return (await this.#queueBlocks.load(missing)).length === missing.byteCount
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
      // A compaction has covered what is read, or the log has it no more.
      if ('compacted' in attempt) return this.#removed(request)
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
    if (queue === undefined) {
      return nothing('NO_MATCHED_LOGIC_QUEUE', 0, this.#queues.minOffsetWithoutQueue(request.topic), 0)
    }
    const { maxOffset } = queue
    const minOffset = queue.minOffset(this.#commitLog.minPosition)
    if (maxOffset === 0) return nothing('NO_MESSAGE_IN_QUEUE', 0, minOffset, maxOffset)
    if (queueOffset < minOffset) {
      const { compacted } = queue
      return compacted === undefined ? nothing('OFFSET_TOO_SMALL', minOffset, minOffset, maxOffset) : { compacted }
    }
    if (queueOffset === maxOffset) return nothing('OFFSET_OVERFLOW_ONE', queueOffset, minOffset, maxOffset)
    if (queueOffset > maxOffset) return nothing('OFFSET_OVERFLOW_BADLY', maxOffset, minOffset, maxOffset)
    return queue instanceof BatchQueue
      ? this.#scanBatches(request, queue, minOffset, mayBeCold, progress)
      : this.#scan(request, queue, minOffset, mayBeCold, progress)
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
    const found = this.#lentParts(parts)
    return { status, nextQueueOffset: offset, minOffset, maxOffset, parts: found, count, byteCount, behindBytes }
  }

  /** Like `#scan`. Records are taken as a whole, the first one however many messages it holds. */
  #scanBatches(
    request: ReadRequest,
    queue: BatchQueue,
    minOffset: number,
    mayBeCold: boolean,
    progress: Progress | undefined,
  ): Attempt {
    const { maxOffset, endUnit } = queue
    const { recordFilter } = request
    const unitOf = (unitNumber: number) => this.#batchUnit(queue, unitNumber, this.#scannedBatch)
    const parts = new RecordParts()
    let count = 0
    let byteCount = 0
    let offset = progress === undefined ? request.queueOffset : progress.offset
    let lastPosition = this.#commitLog.writtenPosition
    // Each attempt narrows the search: it comes to its end although other reads need the memory of its blocks.
    const search = progress?.search?.queueOffset === offset ? progress.search : beginSearch(queue, offset)
    if (progress !== undefined) progress.search = search
    const first = searchBatchUnit(queue, search, unitOf)
    if (typeof first === 'object') return first
    const scanEnd = Math.min(endUnit, first + request.scannedUnitsMax)
    let unitNumber = first
    for (; unitNumber < scanEnd && count < request.countMax; unitNumber++) {
      const unit = unitOf(unitNumber)
      if ('missing' in unit) {
        if (endsAt(request, offset, count, progress)) break
        return unit
      }
      if (!isMessage(unit)) continue
      const { physicalOffset, totalSize } = unit
      const next = Math.max(offset, unit.baseOffset + unit.count)
      if (request.matches(unit.tagsCode)) {
        const isFull = count + unit.count > request.countMax || byteCount + totalSize > request.bytesMax
        if (count > 0 && isFull) break
        const stretch = this.#recordOf(queue, unit, mayBeCold)
        if (stretch !== undefined && !('bytes' in stretch)) {
          if (endsAt(request, offset, count, progress)) break
          return stretch
        }
        if (stretch !== undefined && recordFilter !== undefined) {
          if (progress!.lookedBytes >= recordFilter.bytesMax) break
          progress!.lookedBytes += totalSize
        }
        if (
          stretch !== undefined &&
          recordFilter?.matches(stretch.bytes, physicalOffset - stretch.start, totalSize) !== false
        ) {
          parts.add(stretch, physicalOffset, totalSize)
          lastPosition = physicalOffset + totalSize
          count += unit.count
          byteCount += totalSize
        }
      }
      offset = next
    }
    // Damaged units at the end say no offset.
    if (unitNumber >= endUnit) offset = maxOffset
    const behindBytes = this.#commitLog.writtenPosition - lastPosition
    const status = count > 0 ? 'FOUND' : 'NO_MATCHED_MESSAGE'
    const found = this.#lentParts(parts)
    return { status, nextQueueOffset: offset, minOffset, maxOffset, parts: found, count, byteCount, behindBytes }
  }

  #recordOf(
    queue: BatchQueue,
    unit: BatchUnit,
    mayBeCold: boolean,
  ): Stretch | { missing: MissingBlock } | { coldPosition: number } | undefined {
    const { physicalOffset, totalSize, baseOffset } = unit
    const stretch = this.#commitLog.inMemory(physicalOffset, totalSize)
    if (stretch !== undefined) return stretch
    return mayBeCold ? this.#recordInFile(queue, baseOffset, unit) : { coldPosition: physicalOffset }
  }

  #lentParts(parts: RecordParts): Buffer[] {
    const found = parts.end()
    if (this.#lent.isChecked) for (const [index, part] of found.entries()) found[index] = this.#lent.lend(part)
    return found
  }

  #batchUnit(queue: BatchQueue, unitNumber: number, into?: BatchUnit): BatchUnit | { missing: MissingBlock } {
    const inMemory = queue.unitInMemory(unitNumber, into)
    if (inMemory !== undefined) return inMemory
    const { segments, writtenPosition } = queue
    const position = unitNumber * batchUnitBytes
    const stretch = this.#queueBlocks.find(segments, position, batchUnitBytes)
    if (stretch !== undefined) return readBatchUnit(stretch.bytes, position - stretch.start, into)
    return { missing: this.#queueBlocks.missing(segments, position, batchUnitBytes, writtenPosition) }
  }

  #unit(queue: ConsumeQueue, offset: number, into?: QueueUnit): QueueUnit | { missing: MissingBlock } {
    const inMemory = queue.unitInMemory(offset, into)
    if (inMemory !== undefined) return inMemory
    const { segments } = queue
    const position = offset * unitBytes
    const stretch = this.#queueBlocks.find(segments, position, unitBytes)
    if (stretch !== undefined) return readUnit(stretch.bytes, position - stretch.start, into)
    return { missing: this.#queueBlocks.missing(segments, position, unitBytes, queue.writtenPosition) }
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

function isBehind(unit: QueueUnit | BatchUnit, queueOffset: number): boolean {
  return 'baseOffset' in unit && unit.baseOffset >= queueOffset
}

function progressOf(request: ReadRequest): Progress {
  return { offset: request.queueOffset, lookedBytes: 0, loads: 0, search: undefined }
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
