import { firstIndexWhere } from '@rocketmq-ts/base'
import { isBlankUnit, isMessage, type QueueUnit, type UnitForm } from './queue-unit.ts'
import type { UnitFiles } from './unit-files.ts'

/** Tells which of the units in the files count. */
export interface UnitTrust<Unit extends QueueUnit = QueueUnit> {
  /** Units that point at or behind this position of the log do not count. */
  logPosition: number
  /**
   * Given when a power failure may have torn the files: only a unit that it confirms counts as the last one. Without it
   * the files are as they were written.
   */
  isInLog?(unit: Unit, unitNumber: number): boolean
}

/**
 * Finds the number behind the last unit in the files that counts, and clears what stands behind it. Damaged units in
 * front of it stay: readers skip them.
 *
 * Units stand in the order of the log. Those that point before `logPosition` are whole, and nothing behind them counts.
 * So the search may meet torn units, but never ends before the last whole one.
 */
export function cutToQueueEnd<Unit extends QueueUnit>(
  segments: UnitFiles,
  form: UnitForm<Unit>,
  trust: UnitTrust<Unit>,
): number {
  const countsAll = trust.isInLog === undefined && trust.logPosition === Number.POSITIVE_INFINITY
  if (countsAll && segments.writtenEnd !== undefined) return segments.writtenEnd
  const units = new UnitReader(segments, form)
  const end = findEnd(segments, units, trust)
  const endPosition = end * form.unitBytes
  const isClean = trust.isInLog === undefined && units.isBlank(end)
  segments.removeFrom(emptyFrom(segments, endPosition))
  if (!isClean) segments.clearFrom(endPosition)
  return end
}

/** The last unit in the files that stands for a message, or undefined without any. Changes nothing. */
export function lastMessage(segments: UnitFiles, form: UnitForm): QueueUnit | undefined {
  const units = new UnitReader(segments, form)
  for (const start of segments.starts.toReversed()) {
    const first = start / form.unitBytes
    let unitNumber = firstIndexWhere(first, first + units.unitsInSegment, (at) => units.isBlank(at))
    while (unitNumber-- > first) {
      const unit = units.at(unitNumber)
      if (isMessage(unit)) return unit
    }
  }
  return undefined
}

/** From where on files are empty and not needed. The first file is: it tells where the queue begins. */
function emptyFrom(segments: UnitFiles, endPosition: number): number {
  const start = segments.startOf(endPosition)
  return start === endPosition && start > segments.firstPosition ? start : start + segments.segmentBytes
}

function findEnd<Unit extends QueueUnit>(segments: UnitFiles, units: UnitReader<Unit>, trust: UnitTrust<Unit>): number {
  const { unitsInSegment, unitBytes } = units
  const isBehind = (unitNumber: number): boolean => !mayCount(units.at(unitNumber), trust)
  for (let index = segments.starts.length - 1; index >= 0; index--) {
    const first = segments.starts[index]! / unitBytes
    // Most of very many queues have few units: one read is enough for them.
    const firstRead = Math.min(first + unitsPerRead, first + unitsInSegment) - 1
    const searchEnd = isBehind(firstRead) ? firstRead : first + unitsInSegment
    let end = firstIndexWhere(first, searchEnd, isBehind)
    while (end > first && !isWhole(units, trust, first, end - 1)) end--
    end = behindDamage(units, trust, first, end, first + unitsInSegment)
    if (end > first || index === 0) return end
  }
  return 0
}

/**
 * A damaged unit in the middle of a queue looks like its end, but what stands behind it must not be cleared: units that
 * point into the log, in its order, were written. The search covers more units than a page of a disk holds.
 */
function behindDamage<Unit extends QueueUnit>(
  units: UnitReader<Unit>,
  trust: UnitTrust<Unit>,
  first: number,
  end: number,
  segmentEnd: number,
): number {
  let lastEnd = end
  let lastPosition = end > first ? units.at(end - 1).physicalOffset : -1
  for (let unitNumber = end + 1; unitNumber < Math.min(lastEnd + unitsLookedBehind, segmentEnd); unitNumber++) {
    if (units.isBlank(unitNumber)) continue
    const unit = units.at(unitNumber)
    if (!isMessage(unit) || unit.physicalOffset <= lastPosition) continue
    if (!counts(unit, unitNumber, trust)) continue
    lastEnd = unitNumber + 1
    lastPosition = unit.physicalOffset
  }
  return lastEnd
}

function isWhole<Unit extends QueueUnit>(
  units: UnitReader<Unit>,
  trust: UnitTrust<Unit>,
  first: number,
  unitNumber: number,
): boolean {
  const unit = units.at(unitNumber)
  if (!counts(unit, unitNumber, trust)) return false
  if (unitNumber === first) return true
  const before = units.at(unitNumber - 1)
  if (before.totalSize <= 0) return false
  return !isMessage(before) || !isMessage(unit) || before.physicalOffset < unit.physicalOffset
}

const unitsLookedBehind = 256
/** The first read of a short queue covers the units looked at behind its end. */
const unitsPerRead = 2 * unitsLookedBehind

/** Reads units, several at a time. */
class UnitReader<Unit extends QueueUnit> {
  readonly unitBytes: number
  readonly unitsInSegment: number
  readonly #segments: UnitFiles
  readonly #form: UnitForm<Unit>
  readonly #bytes: Buffer
  #first = Number.NaN

  constructor(segments: UnitFiles, form: UnitForm<Unit>) {
    this.unitBytes = form.unitBytes
    this.unitsInSegment = segments.segmentBytes / form.unitBytes
    this.#segments = segments
    this.#form = form
    // Most of it is never read into: zeroed memory that is not touched takes none.
    this.#bytes = Buffer.alloc(unitsPerRead * form.unitBytes)
  }

  at(unitNumber: number): Unit {
    return this.#form.read(this.#bytes, this.#placeOf(unitNumber))
  }

  /** Whether no unit was written there; cheaper than reading it. */
  isBlank(unitNumber: number): boolean {
    return isBlankUnit(this.#bytes, this.#placeOf(unitNumber))
  }

  /** Where the unit stands in `#bytes`, which are read if necessary. */
  #placeOf(unitNumber: number): number {
    const inSegment = unitNumber % this.unitsInSegment
    const first = unitNumber - (inSegment % unitsPerRead)
    if (first !== this.#first) this.#read(first)
    return (unitNumber - first) * this.unitBytes
  }

  /** What is not in a file reads as zeros, and so do units of the next file. */
  #read(first: number): void {
    const position = first * this.unitBytes
    const segmentEnd = this.#segments.startOf(position) + this.#segments.segmentBytes
    const wanted = this.#bytes.subarray(0, Math.min(this.#bytes.length, segmentEnd - position))
    const filled = this.#segments.read(wanted, position)
    this.#bytes.fill(0, filled)
    this.#first = first
  }
}

/** Whether a unit counts as the last one of its queue. */
export function counts<Unit extends QueueUnit>(unit: Unit, unitNumber: number, trust: UnitTrust<Unit>): boolean {
  return mayCount(unit, trust) && isConfirmed(unit, unitNumber, trust)
}

/** Whether a unit is a filler, or points into the part of the log that counts. */
function mayCount(unit: QueueUnit, { logPosition }: Pick<UnitTrust, 'logPosition'>): boolean {
  return unit.totalSize > 0 && !(isMessage(unit) && unit.physicalOffset + unit.totalSize > logPosition)
}

/** Whether the log has the message; true when the log is not to be asked. */
function isConfirmed<Unit extends QueueUnit>(unit: Unit, unitNumber: number, { isInLog }: UnitTrust<Unit>): boolean {
  return isInLog === undefined || (isMessage(unit) && isInLog(unit, unitNumber))
}
