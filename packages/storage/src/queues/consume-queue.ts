import { assert, firstIndexWhere } from '@rocketmq-ts/base'
import { isDiskFull } from '../write-guard.ts'
import type { CompactedMessages } from './compacted-messages.ts'
import { type FullMark, fullAt } from './full-mark.ts'
import { cutToQueueEnd, type UnitTrust } from './queue-end.ts'
import { isMessage, type QueuedRecord, type QueueUnit, type UnitForm } from './queue-unit.ts'
import type { UnitFiles } from './unit-files.ts'

const recentUnitsMax = 256
const recentUnitsFirst = 8
const keptUnits = 64

/**
 * The units of one queue of a topic. New units gather in memory and are written in bulk; the newest stay in memory for
 * consumers at the tail. The log has everything needed to make unwritten units again.
 *
 * Units have numbers: unit n stands n units behind where the first file of all began. What a unit says, and which queue
 * offsets it stands for, is the matter of the two kinds of queues: `SimpleQueue` and `BatchQueue`.
 */
export abstract class ConsumeQueue<Unit extends QueueUnit = QueueUnit> {
  // The fields that each message needs come first: with very many queues, each further cache line is a miss.
  /** The offset that the next appended message gets. */
  nextOffset: number
  /** Units that consumers may see: [the first that is left, #endUnit). */
  #endUnit: number
  /** Units before it are in the files. */
  #writtenUnit: number
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
  readonly segments: UnitFiles
  readonly #fullMark: FullMark
  /** Units before it survive a power failure. */
  #syncedUnit: number
  #minUnit: number
  #minUnitForLogStart = -1
  /** Units of messages before this position of the log are hidden, whether or not the log has them. */
  #hiddenPosition = 0
  /** Has messages in front of `minOffset`; undefined for a queue that is not compacted. */
  compacted: CompactedMessages | undefined

  /** @param trust which of the units in the files count; the others are cleared */
  constructor(
    topic: string,
    queueId: number,
    segments: UnitFiles,
    fullMark: FullMark,
    form: UnitForm<Unit>,
    trust: UnitTrust<Unit>,
  ) {
    this.nextOffset = cutToQueueEnd(segments, form, trust)
    this.#endUnit = this.nextOffset
    this.#writtenUnit = this.nextOffset
    this.#recentStart = this.nextOffset
    this.queueId = queueId
    this.topic = topic
    this.segments = segments
    this.#fullMark = fullMark
    this.#syncedUnit = this.nextOffset
    this.#minUnit = segments.firstPosition / form.unitBytes
  }

  /** What each unit takes in a file. */
  abstract get unitBytes(): number
  /** The offset behind the last message that consumers may see. */
  abstract get maxOffset(): number
  /** The first offset whose message is not hidden and still in the log; of an empty queue what consumers are told. */
  abstract minOffset(logStartPosition: number): number
  /** Adds the unit of the next message, whose offset is `maxOffset`. */
  abstract add(record: QueuedRecord, tagsCode: number): void
  /**
   * Whether a record of the log can stand at its queue offset: the messages of all offsets before it must fit into the
   * log in front of it. Otherwise the record is damaged where no checksum covers it.
   */
  abstract canHold(record: QueuedRecord): boolean
  /**
   * Sets the unit of a record that has an offset already. Units at or behind the offset are dropped: of records with the
   * same offset, the last one in the log counts.
   */
  abstract replay(record: QueuedRecord, tagsCode: number): void
  /** The unit of the message at an offset in [minOffset, maxOffset). Reads files when it is not in memory. */
  abstract unitAt(queueOffset: number): Unit
  protected abstract readUnit(source: Buffer, position: number, into?: Unit): Unit

  /** The number behind the last unit. */
  get endUnit(): number {
    return this.#endUnit
  }

  /** The number of the first unit in the files, or the first in memory without files. */
  get firstUnit(): number {
    return this.segments.firstPosition / this.unitBytes
  }

  /** Where in the files the units end that are written. */
  get writtenPosition(): number {
    return this.#writtenUnit * this.unitBytes
  }

  /** Whether units were written and not synced. */
  get hasUnsynced(): boolean {
    return this.#syncedUnit < this.#writtenUnit
  }

  /** The first byte of the files that a power failure may take. */
  get unsyncedPosition(): number {
    return this.#syncedUnit * this.unitBytes
  }

  get hasUnwritten(): boolean {
    return this.#writtenUnit < this.#endUnit
  }

  /** Whether the last unit is the only one that is not written. */
  get hasOneUnwritten(): boolean {
    return this.#endUnit - this.#writtenUnit === 1
  }

  /** Whether it begins behind a file that is gone, and has nothing: where it goes on is not in its files. */
  get isEmptyBehindStart(): boolean {
    const { firstPosition } = this.segments
    return firstPosition > 0 && this.#endUnit * this.unitBytes === firstPosition
  }

  /** The first unit whose message is not hidden and still in the log, which starts at `logStartPosition`. */
  protected minUnit(logStartPosition: number): number {
    const startPosition = Math.max(logStartPosition, this.#hiddenPosition)
    if (this.#minUnitForLogStart !== startPosition) {
      const first = Math.max(this.#minUnit, this.firstUnit)
      const firstInLog = firstIndexWhere(first, this.#endUnit, (unitNumber) => {
        const message = this.messageFrom(unitNumber)
        return message >= this.#endUnit || this.unitOf(message).physicalOffset >= startPosition
      })
      this.#minUnit = this.messageFrom(firstInLog)
      this.#minUnitForLogStart = startPosition
    }
    return this.#minUnit
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
    const at = (this.#endUnit - this.#recentStart) * this.unitBytes
    return this.#recent === undefined || at >= this.#recent.length ? 0 : this.#recent[at]!
  }

  /** A unit by its number. Reads a file when it is not in memory. */
  protected unitOf(unitNumber: number): Unit {
    const inMemory = this.unitInMemory(unitNumber)
    if (inMemory !== undefined) return inMemory
    const bytes = Buffer.alloc(this.unitBytes)
    this.segments.read(bytes, unitNumber * this.unitBytes)
    return this.readUnit(bytes, 0)
  }

  /** @param into takes the unit, if it is in memory */
  unitInMemory(unitNumber: number, into?: Unit): Unit | undefined {
    if (this.#recent === undefined || unitNumber < this.#recentStart || unitNumber >= this.#endUnit) return undefined
    return this.readUnit(this.#recent, (unitNumber - this.#recentStart) * this.unitBytes, into)
  }

  /** The number of the first unit that is in memory for certain. */
  get firstInMemory(): number {
    return this.#recent === undefined ? this.#endUnit : this.#recentStart
  }

  /** Writes the units that are only in memory. */
  write(): void {
    const { unitBytes } = this
    let from = this.#writtenUnit
    const unitsInSegment = this.segments.segmentBytes / unitBytes
    while (from < this.#endUnit) {
      const to = Math.min(this.#endUnit, from - (from % unitsInSegment) + unitsInSegment)
      const start = (from - this.#recentStart) * unitBytes
      this.segments.write(this.#recent!.subarray(start, start + (to - from) * unitBytes), from * unitBytes)
      from = to
    }
    this.#fullMark.set(fullAt(this.segments, this.#endUnit * unitBytes))
    this.#writtenUnit = this.#endUnit
  }

  /** Makes the written units survive a power failure. */
  async sync(): Promise<void> {
    const writtenUnit = this.#writtenUnit
    for (const position of this.#unsyncedSegments()) await this.segments.sync(position)
    this.#syncedUnit = Math.max(this.#syncedUnit, writtenUnit)
  }

  syncNow(): void {
    for (const position of this.#unsyncedSegments()) this.segments.syncNow(position)
    this.#syncedUnit = this.#writtenUnit
  }

  /** Reads the units from a number on into memory, where none are. */
  keepFrom(unitNumber: number): void {
    const { unitBytes } = this
    const count = this.#endUnit - unitNumber
    if (count === 0) return
    this.#recent = Buffer.allocUnsafeSlow((count + recentUnitsFirst) * unitBytes)
    this.#recentStart = unitNumber
    this.segments.read(this.#recent.subarray(0, count * unitBytes), unitNumber * unitBytes)
  }

  /** Gives up the memory for recent units; they must have been written. */
  releaseMemory(): void {
    assert(!this.hasUnwritten, 'unwritten units of a consume queue would be lost')
    this.#recent = undefined
    this.#recentStart = this.#endUnit
  }

  /** Takes back the units of messages at or behind a position of the log. */
  truncate(logPosition: number): void {
    this.#hiddenPosition = Math.min(this.#hiddenPosition, logPosition)
    this.#minUnitForLogStart = -1
    const first = this.firstUnit
    let last = this.#endUnit - 1
    while (last >= first && !isMessage(this.unitOf(last))) last--
    if (last < first || this.unitOf(last).physicalOffset < logPosition) return
    const end = firstIndexWhere(first, last, (unitNumber) => {
      const message = this.messageFrom(unitNumber)
      return message >= last || this.unitOf(message).physicalOffset >= logPosition
    })
    this.cutTo(end)
    // An empty file behind a full one would hold a message for the official broker.
    const endPosition = end * this.unitBytes
    if (endPosition > this.segments.firstPosition) this.segments.removeFrom(endPosition)
    if (!this.hasUnwritten) this.#fullMark.set(fullAt(this.segments, endPosition))
    this.nextOffset = this.maxOffset
  }

  /** Deletes files whose units all stand in front of the first one that consumers may see; the last file stays. */
  trim(logStartPosition: number): void {
    const firstKept = this.minUnit(logStartPosition) * this.unitBytes
    while (this.segments.starts.length > 1 && this.segments.firstPosition + this.segments.segmentBytes <= firstKept) {
      this.segments.removeFirst()
    }
  }

  /** The first unit from this one on that has a message. Fillers and missing files have none. */
  protected messageFrom(unitNumber: number): number {
    let at = unitNumber
    while (at < this.#endUnit && !isMessage(this.unitOf(at))) at = this.unitBehind(at)
    return at
  }

  /** The next unit behind one; the first of the next file that is there when its own is missing. */
  unitBehind(unitNumber: number): number {
    const { unitBytes } = this
    const position = unitNumber * unitBytes
    if (unitNumber >= this.#writtenUnit || this.segments.has(position)) return unitNumber + 1
    return (this.segments.nextStart(position) ?? this.writtenPosition) / unitBytes
  }

  #unsyncedSegments(): number[] {
    const positions: number[] = []
    const end = this.writtenPosition
    const first = this.segments.startOf(this.#syncedUnit * this.unitBytes)
    for (let position = first; position < end; position += this.segments.segmentBytes) positions.push(position)
    return positions
  }

  /** The memory for recent units, when there is room for one in it; see `roomForOne`. */
  protected get recent(): Buffer {
    return this.#recent!
  }

  /** The position in `recent` of the next unit; makes it larger, or writes and restarts it when it is full. */
  protected roomForOne(): number {
    const { unitBytes } = this
    const count = this.#endUnit - this.#recentStart
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
    this.#recentStart = this.#endUnit - keptUnits
    return keptUnits * unitBytes
  }

  /** A unit was put where `roomForOne` said. */
  protected unitAdded(): void {
    this.#endUnit++
  }

  /** Makes `#recent`, which is full, larger, and gives the position of its first free unit. */
  #enlarge(unitCount: number): number {
    const full = this.#recent!
    this.#recent = Buffer.allocUnsafeSlow(unitCount * this.unitBytes)
    full.copy(this.#recent)
    return full.length
  }

  /** Drops the units from a number on. */
  protected cutTo(unitNumber: number): void {
    if (unitNumber < this.firstUnit) {
      this.segments.removeFrom(0)
      this.beginAt(0)
      return
    }
    if (unitNumber < this.#writtenUnit) {
      // The rest of the file is cleared and later files are removed, so that no old unit appears behind the last one.
      const position = unitNumber * this.unitBytes
      this.segments.removeFrom(this.segments.startOf(position) + this.segments.segmentBytes)
      this.segments.clearFrom(position)
      this.#writtenUnit = unitNumber
      this.#syncedUnit = Math.min(this.#syncedUnit, unitNumber)
    }
    this.#endUnit = unitNumber
    this.#recentStart = Math.min(this.#recentStart, unitNumber)
    this.#minUnit = Math.min(this.#minUnit, unitNumber)
    this.#minUnitForLogStart = -1
  }

  /** Starts anew, without files: the next unit gets this number. */
  protected beginAt(unitNumber: number): void {
    this.#endUnit = unitNumber
    this.#writtenUnit = unitNumber
    this.#syncedUnit = unitNumber
    this.#recentStart = unitNumber
    this.#minUnit = unitNumber
    this.#minUnitForLogStart = -1
  }
}
