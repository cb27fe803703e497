import { assert, firstIndexWhere } from '@rocketmq-ts/base'
import { recordBytesMin } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'
import { isDiskFull } from '../write-guard.ts'
import { type FullMark, fullAt } from './full-mark.ts'
import { cutToQueueEnd, type UnitTrust } from './queue-end.ts'
import { isMessage, putUnit, type QueueUnit, readUnit, unitBytes, writeFiller } from './queue-unit.ts'

const recentUnitsMax = 256
const recentUnitsFirst = 8
const keptUnits = 64

/**
 * The units of one queue of a topic. New units gather in memory and are written in bulk; the newest stay in memory for
 * consumers at the tail. The log has everything needed to make unwritten units again.
 */
export class ConsumeQueue {
  // The fields that each message needs come first: with very many queues, each further cache line is a miss.
  /** The offset that the next appended message gets. */
  nextOffset: number
  /** Units that consumers may see: [minOffset, maxOffset). */
  #maxOffset: number
  /** Units before it are in the files. */
  #writtenOffset: number
  /** Units from here on are in `#recent`. */
  #recentStart: number
  #recent: Buffer | undefined
  /** For its owner: whether it is in the list of queues whose arrivals are to be announced. */
  hasArrivals = false
  readonly queueId: number
  readonly topic: string
  /** For `UnwrittenQueues`: log position of the message of the first unwritten unit; -1 without one. */
  firstUnwrittenPosition = -1
  /** When the first unwritten unit came, in the owner's monotonic milliseconds. */
  unwrittenSinceMs = 0
  /** For its owner: whether it is in the list of queues written to since the last sync. */
  isUnsynced = false
  readonly segments: SegmentFolder
  readonly #fullMark: FullMark
  /** Units before it survive a power failure. */
  #syncedOffset: number
  #minOffset: number
  #minOffsetForLogStart = -1
  /** Units of messages before this position of the log are hidden, whether or not the log has them. */
  #hiddenPosition = 0

  /** @param trust which of the units in the files count; the others are cleared */
  constructor(topic: string, queueId: number, segments: SegmentFolder, fullMark: FullMark, trust: UnitTrust) {
    this.nextOffset = cutToQueueEnd(segments, trust)
    this.#maxOffset = this.nextOffset
    this.#writtenOffset = this.nextOffset
    this.#recentStart = this.nextOffset
    this.queueId = queueId
    this.topic = topic
    this.segments = segments
    this.#fullMark = fullMark
    this.#syncedOffset = this.nextOffset
    this.#minOffset = segments.firstPosition / unitBytes
  }

  get maxOffset(): number {
    return this.#maxOffset
  }

  get writtenOffset(): number {
    return this.#writtenOffset
  }

  /** Whether units were written and not synced. */
  get hasUnsynced(): boolean {
    return this.#syncedOffset < this.#writtenOffset
  }

  get hasUnwritten(): boolean {
    return this.#writtenOffset < this.#maxOffset
  }

  /** Whether it begins behind a file that is gone, and has nothing: where it goes on is not in its files. */
  get isEmptyBehindStart(): boolean {
    const { firstPosition } = this.segments
    return firstPosition > 0 && this.#maxOffset * unitBytes === firstPosition
  }

  /** The first offset whose message is not hidden and still in the log, which starts at `logStartPosition`. */
  minOffset(logStartPosition: number): number {
    const startPosition = Math.max(logStartPosition, this.#hiddenPosition)
    if (this.#minOffsetForLogStart !== startPosition) {
      const first = Math.max(this.#minOffset, this.segments.firstPosition / unitBytes)
      const firstInLog = firstIndexWhere(first, this.#maxOffset, (offset) => {
        const message = this.#messageFrom(offset)
        return message >= this.#maxOffset || this.unitAt(message).physicalOffset >= startPosition
      })
      this.#minOffset = this.#messageFrom(firstInLog)
      this.#minOffsetForLogStart = startPosition
    }
    return this.#minOffset
  }

  /** Hides the messages before a position of the log, for as long as the queue is there. */
  hideBefore(logPosition: number): void {
    this.#hiddenPosition = Math.max(this.#hiddenPosition, logPosition)
  }

  /** For `LookAhead`: a number that depends on each cache line of the fields that a message needs. */
  get fieldsAhead(): number {
    return this.nextOffset + this.queueId + (this.isUnsynced ? 1 : 0)
  }

  /** For `LookAhead`: the length of the memory for units. */
  get unitsAhead(): number {
    return this.#recent === undefined ? 0 : this.#recent.length
  }

  /** For `LookAhead`: the byte where the next unit goes. */
  get nextUnitAhead(): number {
    const at = (this.#maxOffset - this.#recentStart) * unitBytes
    return this.#recent === undefined || at >= this.#recent.length ? 0 : this.#recent[at]!
  }

  /** Adds the unit of the next message. */
  add(physicalOffset: number, totalSize: number, tagsCode: number): void {
    const at = this.#roomForOne()
    putUnit(this.#recent!, at, physicalOffset, totalSize, tagsCode)
    this.#maxOffset++
  }

  /**
   * Whether a message of the log can have this offset: the messages of all offsets before it must fit into the log in
   * front of it. Otherwise its record is damaged where no checksum covers it.
   */
  canHold(queueOffset: number, physicalOffset: number): boolean {
    if (queueOffset < 0 || queueOffset * recordBytesMin > physicalOffset) return false
    const last = queueOffset > this.#maxOffset && this.#maxOffset > 0 ? this.unitAt(this.#maxOffset - 1) : undefined
    if (last === undefined || !isMessage(last)) return true
    return (queueOffset - this.#maxOffset) * recordBytesMin <= physicalOffset - last.physicalOffset
  }

  /**
   * Sets the unit of a message whose record has an offset already. Units at or behind the offset are dropped: of
   * records with the same offset, the last one in the log counts.
   */
  replay(queueOffset: number, unit: QueueUnit): void {
    if (queueOffset < this.#maxOffset) this.#cutTo(queueOffset)
    while (this.#maxOffset < queueOffset) this.#addFiller(queueOffset)
    assert(queueOffset === this.#maxOffset, `unit ${queueOffset} of ${this.topic}/${this.queueId} is not the next one`)
    this.add(unit.physicalOffset, unit.totalSize, unit.tagsCode)
    this.nextOffset = queueOffset + 1
  }

  /** The unit at an offset in [minOffset, maxOffset). Reads a file when it is not in memory. */
  unitAt(queueOffset: number): QueueUnit {
    const inMemory = this.unitInMemory(queueOffset)
    if (inMemory !== undefined) return inMemory
    const bytes = Buffer.alloc(unitBytes)
    this.segments.read(bytes, queueOffset * unitBytes)
    return readUnit(bytes, 0)
  }

  /** @param into takes the unit, if it is in memory */
  unitInMemory(queueOffset: number, into?: QueueUnit): QueueUnit | undefined {
    if (this.#recent === undefined || queueOffset < this.#recentStart || queueOffset >= this.#maxOffset)
      return undefined
    return readUnit(this.#recent, (queueOffset - this.#recentStart) * unitBytes, into)
  }

  /** Writes the units that are only in memory. */
  write(): void {
    let from = this.#writtenOffset
    const unitsInSegment = this.segments.segmentBytes / unitBytes
    while (from < this.#maxOffset) {
      const to = Math.min(this.#maxOffset, from - (from % unitsInSegment) + unitsInSegment)
      const start = (from - this.#recentStart) * unitBytes
      this.segments.write(this.#recent!.subarray(start, start + (to - from) * unitBytes), from * unitBytes)
      from = to
    }
    this.#fullMark.set(fullAt(this.segments, this.#maxOffset))
    this.#writtenOffset = this.#maxOffset
  }

  /** Makes the written units survive a power failure. */
  async sync(): Promise<void> {
    const writtenOffset = this.#writtenOffset
    for (const position of this.#unsyncedSegments()) await this.segments.sync(position)
    this.#syncedOffset = Math.max(this.#syncedOffset, writtenOffset)
  }

  syncNow(): void {
    for (const position of this.#unsyncedSegments()) this.segments.syncNow(position)
    this.#syncedOffset = this.#writtenOffset
  }

  /** Gives up the memory for recent units; they must have been written. */
  releaseMemory(): void {
    assert(!this.hasUnwritten, 'unwritten units of a consume queue would be lost')
    this.#recent = undefined
    this.#recentStart = this.#maxOffset
  }

  /** Takes back the units of messages at or behind a position of the log. */
  truncate(logPosition: number): void {
    this.#hiddenPosition = Math.min(this.#hiddenPosition, logPosition)
    this.#minOffsetForLogStart = -1
    const first = this.segments.firstPosition / unitBytes
    let last = this.#maxOffset - 1
    while (last >= first && !isMessage(this.unitAt(last))) last--
    if (last < first || this.unitAt(last).physicalOffset < logPosition) return
    const end = firstIndexWhere(first, last, (offset) => {
      const message = this.#messageFrom(offset)
      return message >= last || this.unitAt(message).physicalOffset >= logPosition
    })
    this.#cutTo(end)
    // An empty file behind a full one would hold a message for the official broker.
    const endPosition = end * unitBytes
    if (endPosition > this.segments.firstPosition) this.segments.removeFrom(endPosition)
    if (!this.hasUnwritten) this.#fullMark.set(fullAt(this.segments, end))
    this.nextOffset = this.#maxOffset
  }

  /** Deletes files whose units all stand in front of the first one that consumers may see; the last file stays. */
  trim(logStartPosition: number): void {
    const firstKept = this.minOffset(logStartPosition) * unitBytes
    while (this.segments.starts.length > 1 && this.segments.firstPosition + this.segments.segmentBytes <= firstKept) {
      this.segments.removeFirst()
    }
  }

  /** The first offset from this one on that has a message. Fillers and missing files have none. */
  #messageFrom(queueOffset: number): number {
    let offset = queueOffset
    while (offset < this.#maxOffset && !isMessage(this.unitAt(offset))) {
      const position = offset * unitBytes
      const isInFile = offset >= this.#writtenOffset || this.segments.has(position)
      offset = isInFile
        ? offset + 1
        : (this.segments.nextStart(position) ?? this.#writtenOffset * unitBytes) / unitBytes
    }
    return offset
  }

  #unsyncedSegments(): number[] {
    const positions: number[] = []
    const end = this.#writtenOffset * unitBytes
    const first = this.segments.startOf(this.#syncedOffset * unitBytes)
    for (let position = first; position < end; position += this.segments.segmentBytes) positions.push(position)
    return positions
  }

  #addFiller(firstOffset: number): void {
    // A new queue that does not begin at offset 0 begins with the file that its first message belongs to.
    if (this.#maxOffset === 0 && this.segments.starts.length === 0) {
      const unitsInSegment = this.segments.segmentBytes / unitBytes
      const start = firstOffset - (firstOffset % unitsInSegment)
      if (start > 0) {
        this.#maxOffset = start
        this.#writtenOffset = start
        this.#syncedOffset = start
        this.#recentStart = start
        this.#minOffset = start
      }
      if (this.#maxOffset === firstOffset) return
    }
    const at = this.#roomForOne()
    writeFiller(this.#recent!, at)
    this.#maxOffset++
  }

  /** The position in `#recent` of the next unit; makes it larger, or writes and restarts it when it is full. */
  #roomForOne(): number {
    const count = this.#maxOffset - this.#recentStart
    if (this.#recent === undefined) this.#recent = Buffer.allocUnsafeSlow(recentUnitsFirst * unitBytes)
    if ((count + 1) * unitBytes <= this.#recent.length) return count * unitBytes
    if (count < recentUnitsMax) return this.#enlarge(Math.min(count * 4, recentUnitsMax))
    try {
      this.write()
    } catch (error) {
      // The messages are in the log already. Their units wait in memory for space, and the next round of maintenance
      // makes the store refuse further messages.
      if (!isDiskFull(error)) throw error
      return this.#enlarge(count * 2)
    }
    const kept = this.#recent.subarray((count - keptUnits) * unitBytes, count * unitBytes)
    if (count > recentUnitsMax) this.#recent = Buffer.allocUnsafeSlow(recentUnitsMax * unitBytes)
    kept.copy(this.#recent)
    this.#recentStart = this.#maxOffset - keptUnits
    return keptUnits * unitBytes
  }

  /** Makes `#recent`, which is full, larger, and gives the position of its first free unit. */
  #enlarge(unitCount: number): number {
    const full = this.#recent!
    this.#recent = Buffer.allocUnsafeSlow(unitCount * unitBytes)
    full.copy(this.#recent)
    return full.length
  }

  #cutTo(queueOffset: number): void {
    if (queueOffset < this.segments.firstPosition / unitBytes) {
      this.#clear()
      return
    }
    if (queueOffset < this.#writtenOffset) {
      // The rest of the file is cleared and later files are removed, so that no old unit appears behind the last one.
      const position = queueOffset * unitBytes
      this.segments.removeFrom(this.segments.startOf(position) + this.segments.segmentBytes)
      this.segments.clearFrom(position)
      this.#writtenOffset = queueOffset
      this.#syncedOffset = Math.min(this.#syncedOffset, queueOffset)
    }
    this.#maxOffset = queueOffset
    this.#recentStart = Math.min(this.#recentStart, queueOffset)
    this.#minOffset = Math.min(this.#minOffset, queueOffset)
    this.#minOffsetForLogStart = -1
  }

  /** Starts anew: the next unit belongs in front of all files. */
  #clear(): void {
    this.segments.removeFrom(0)
    this.#maxOffset = 0
    this.#writtenOffset = 0
    this.#syncedOffset = 0
    this.#recentStart = 0
    this.#minOffset = 0
    this.#minOffsetForLogStart = -1
  }
}
