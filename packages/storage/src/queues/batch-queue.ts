import { assert } from '@rocketmq-ts/base'
import { batchedBytesMin } from '@rocketmq-ts/protocol'
import { beginSearch, searchBatchUnit } from './batch-search.ts'
import { type BatchUnit, batchUnitBytes, batchUnits, messagesIn, putBatchUnit, readBatchUnit } from './batch-unit.ts'
import { ConsumeQueue } from './consume-queue.ts'
import type { FullMark } from './full-mark.ts'
import type { UnitTrust } from './queue-end.ts'
import { isMessage, type QueuedRecord } from './queue-unit.ts'
import type { UnitFiles } from './unit-files.ts'

/** What an empty queue of batches tells as its first offset. */
export const minOffsetOfNoBatches = -1

/**
 * A queue of a topic with `queue.type=BatchCQ`. A unit stands for the offsets of all messages of its record, so that the
 * number of a unit says nothing of them: the unit of an offset is searched for.
 */
export class BatchQueue extends ConsumeQueue<BatchUnit> {
  #maxOffset = 0
  /** The first offset, and the unit that it was read from. */
  #minOffset = 0
  #minOffsetOf = -1

  /** @param trust which of the units in the files count; the others are cleared */
  constructor(topic: string, queueId: number, segments: UnitFiles, fullMark: FullMark, trust: UnitTrust<BatchUnit>) {
    super(topic, queueId, segments, fullMark, batchUnits, trust)
    this.#readEnd()
    this.nextOffset = this.#maxOffset
  }

  override get unitBytes(): number {
    return batchUnitBytes
  }

  override get maxOffset(): number {
    return this.#maxOffset
  }

  override minOffset(logStartPosition: number): number {
    if (this.#maxOffset === 0) return minOffsetOfNoBatches
    const minUnit = this.minUnit(logStartPosition)
    if (minUnit >= this.endUnit) return this.#maxOffset
    if (minUnit !== this.#minOffsetOf) {
      this.#minOffset = Math.min(this.unitOf(minUnit).baseOffset, this.#maxOffset)
      this.#minOffsetOf = minUnit
    }
    return this.#minOffset
  }

  override add(record: QueuedRecord, tagsCode: number): void {
    const { physicalOffset, totalSize, storeTimestamp, queueOffset: baseOffset } = record
    const count = messagesIn(record)
    const at = this.roomForOne()
    putBatchUnit(this.recent, at, { physicalOffset, totalSize, tagsCode, storeTimestamp, baseOffset, count })
    this.unitAdded()
    this.#maxOffset = baseOffset + count
  }

  override canHold(record: QueuedRecord): boolean {
    const { queueOffset, physicalOffset, totalSize } = record
    if (queueOffset < 0 || queueOffset * batchedBytesMin > physicalOffset) return false
    if (messagesIn(record) * batchedBytesMin > totalSize) return false
    const isAhead = queueOffset > this.#maxOffset && this.endUnit > this.firstUnit
    const last = isAhead ? this.unitOf(this.endUnit - 1) : undefined
    if (last === undefined || !isMessage(last)) return true
    return (queueOffset - this.#maxOffset) * batchedBytesMin <= physicalOffset - last.physicalOffset
  }

  override replay(record: QueuedRecord, tagsCode: number): void {
    const { queueOffset } = record
    while (queueOffset < this.#maxOffset) this.cutTo(Math.min(this.#unitBehindAll(queueOffset), this.endUnit - 1))
    this.add(record, tagsCode)
    this.nextOffset = this.#maxOffset
  }

  override unitAt(queueOffset: number): BatchUnit {
    return this.unitOf(Math.min(this.#unitBehindAll(queueOffset), this.endUnit - 1))
  }

  /** The first unit whose messages are not all in front of an offset. */
  #unitBehindAll(queueOffset: number): number {
    const found = searchBatchUnit(this, beginSearch(this, queueOffset), (unitNumber) => this.unitOf(unitNumber))
    assert(typeof found === 'number', 'a unit is read at once')
    return found
  }

  protected override readUnit(source: Buffer, position: number, into?: BatchUnit): BatchUnit {
    return readBatchUnit(source, position, into)
  }

  protected override cutTo(unitNumber: number): void {
    super.cutTo(unitNumber)
    this.#readEnd()
    this.#minOffsetOf = -1
  }

  /** Reads from the last unit where the queue ends; one without units goes on at offset 0. */
  #readEnd(): void {
    let last = this.endUnit - 1
    while (last >= this.firstUnit && !isMessage(this.unitOf(last))) last--
    const unit = last < this.firstUnit ? undefined : this.unitOf(last)
    this.#maxOffset = unit === undefined ? 0 : unit.baseOffset + unit.count
  }
}
