import { assert } from '@rocketmq-ts/base'
import { recordBytesMin } from '@rocketmq-ts/protocol'
import { ConsumeQueue } from './consume-queue.ts'
import type { FullMark } from './full-mark.ts'
import type { UnitTrust } from './queue-end.ts'
import {
  isMessage,
  putUnit,
  type QueuedRecord,
  type QueueUnit,
  readUnit,
  simpleUnits,
  unitBytes,
  writeFiller,
} from './queue-unit.ts'
import type { UnitFiles } from './unit-files.ts'

/** A queue of an ordinary topic: the unit of a message has the number that is the message's queue offset. */
export class SimpleQueue extends ConsumeQueue {
  #compactedBefore = 0

  /** @param trust which of the units in the files count; the others are cleared */
  constructor(topic: string, queueId: number, segments: UnitFiles, fullMark: FullMark, trust: UnitTrust) {
    super(topic, queueId, segments, fullMark, simpleUnits, trust)
  }

  override get unitBytes(): number {
    return unitBytes
  }

  override get maxOffset(): number {
    return this.endUnit
  }

  override minOffset(logStartPosition: number): number {
    return Math.max(this.minUnit(logStartPosition), this.#compactedBefore)
  }

  /** Like `minOffset`, whatever compactions have covered. */
  minOffsetInLog(logStartPosition: number): number {
    return this.minUnit(logStartPosition)
  }

  /** From now on messages before this offset are read from `compacted`. */
  readCompactedBefore(queueOffset: number): void {
    this.#compactedBefore = queueOffset
  }

  override add({ physicalOffset, totalSize }: QueuedRecord, tagsCode: number): void {
    const at = this.roomForOne()
    putUnit(this.recent, at, physicalOffset, totalSize, tagsCode)
    this.unitAdded()
  }

  override canHold({ queueOffset, physicalOffset }: QueuedRecord): boolean {
    if (queueOffset < 0 || queueOffset * recordBytesMin > physicalOffset) return false
    const { endUnit } = this
    const last = queueOffset > endUnit && endUnit > 0 ? this.unitAt(endUnit - 1) : undefined
    if (last === undefined || !isMessage(last)) return true
    return (queueOffset - endUnit) * recordBytesMin <= physicalOffset - last.physicalOffset
  }

  override replay(record: QueuedRecord, tagsCode: number): void {
    const { queueOffset } = record
    if (queueOffset < this.endUnit) this.cutTo(queueOffset)
    while (this.endUnit < queueOffset) this.#addFiller(queueOffset)
    assert(queueOffset === this.endUnit, `unit ${queueOffset} of ${this.topic}/${this.queueId} is not the next one`)
    this.add(record, tagsCode)
    this.nextOffset = queueOffset + 1
  }

  override unitAt(queueOffset: number): QueueUnit {
    return this.unitOf(queueOffset)
  }

  protected override readUnit(source: Buffer, position: number, into?: QueueUnit): QueueUnit {
    return readUnit(source, position, into)
  }

  #addFiller(firstOffset: number): void {
    // A new queue that does not begin at offset 0 begins with the file that its first message belongs to.
    if (this.endUnit === 0 && this.segments.starts.length === 0) {
      const unitsInSegment = this.segments.segmentBytes / unitBytes
      const start = firstOffset - (firstOffset % unitsInSegment)
      if (start > 0) this.beginAt(start)
      if (this.endUnit === firstOffset) return
    }
    const at = this.roomForOne()
    writeFiller(this.recent, at)
    this.unitAdded()
  }
}
