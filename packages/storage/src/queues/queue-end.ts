import { firstIndexWhere } from '@rocketmq-ts/base'
import type { SegmentFolder } from '../segment-folder.ts'
import { isBlankUnit, isMessage, type QueueUnit, readUnit, unitBytes } from './queue-unit.ts'

/** Tells which of the units in the files count. */
export interface UnitTrust {
  /** Units that point at or behind this position of the log do not count. */
  logPosition: number
  /**
   * Given when a power failure may have torn the files: only a unit that it confirms counts as the last one. Without it
   * the files are as they were written.
   */
  isInLog?(unit: QueueUnit, queueOffset: number): boolean
}

/**
 * Finds the offset behind the last unit in the files that counts, and clears what stands behind it. Damaged units in
 * front of it stay: readers skip them.
 *
 * Units stand in the order of the log. Those that point before `logPosition` are whole, and nothing behind them counts.
 * So the search may meet torn units, but never ends before the last whole one.
 */
export function cutToQueueEnd(segments: SegmentFolder, trust: UnitTrust): number {
  const units = new UnitReader(segments)
  const end = findEnd(segments, units, trust)
  const endPosition = end * unitBytes
  const isClean = trust.isInLog === undefined && units.isBlank(end)
  segments.removeFrom(emptyFrom(segments, endPosition))
  if (!isClean) segments.clearFrom(endPosition)
  return end
}

/** The last unit in the files that stands for a message, or undefined without any. Changes nothing. */
export function lastMessage(segments: SegmentFolder): QueueUnit | undefined {
  const units = new UnitReader(segments)
  const unitsInSegment = segments.segmentBytes / unitBytes
  for (const start of segments.starts.toReversed()) {
    const first = start / unitBytes
    let offset = firstIndexWhere(first, first + unitsInSegment, (at) => units.isBlank(at))
    while (offset-- > first) {
      const unit = units.at(offset)
      if (isMessage(unit)) return unit
    }
  }
  return undefined
}

/** From where on files are empty and not needed. The first file is: it tells where the queue begins. */
function emptyFrom(segments: SegmentFolder, endPosition: number): number {
  const start = segments.startOf(endPosition)
  return start === endPosition && start > segments.firstPosition ? start : start + segments.segmentBytes
}

function findEnd(segments: SegmentFolder, units: UnitReader, trust: UnitTrust): number {
  const unitsInSegment = segments.segmentBytes / unitBytes
  const isBehind = (offset: number): boolean => !mayCount(units.at(offset), trust)
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
function behindDamage(units: UnitReader, trust: UnitTrust, first: number, end: number, segmentEnd: number): number {
  let lastEnd = end
  let lastPosition = end > first ? units.at(end - 1).physicalOffset : -1
  for (let offset = end + 1; offset < Math.min(lastEnd + unitsLookedBehind, segmentEnd); offset++) {
    if (units.isBlank(offset)) continue
    const unit = units.at(offset)
    if (!isMessage(unit) || unit.physicalOffset <= lastPosition) continue
    if (!mayCount(unit, trust) || !isConfirmed(unit, offset, trust)) continue
    lastEnd = offset + 1
    lastPosition = unit.physicalOffset
  }
  return lastEnd
}

function isWhole(units: UnitReader, trust: UnitTrust, first: number, offset: number): boolean {
  const unit = units.at(offset)
  if (!mayCount(unit, trust) || !isConfirmed(unit, offset, trust)) return false
  if (offset === first) return true
  const before = units.at(offset - 1)
  if (before.totalSize <= 0) return false
  return !isMessage(before) || !isMessage(unit) || before.physicalOffset < unit.physicalOffset
}

const unitsLookedBehind = 256
/** The first read of a short queue covers the units looked at behind its end. */
const unitsPerRead = 2 * unitsLookedBehind

/** Reads units, several at a time. */
class UnitReader {
  readonly #segments: SegmentFolder
  readonly #bytes = Buffer.alloc(unitsPerRead * unitBytes)
  #first = Number.NaN

  constructor(segments: SegmentFolder) {
    this.#segments = segments
  }

  at(offset: number): QueueUnit {
    return readUnit(this.#bytes, this.#placeOf(offset))
  }

  /** Whether no unit was written there; cheaper than reading it. */
  isBlank(offset: number): boolean {
    return isBlankUnit(this.#bytes, this.#placeOf(offset))
  }

  /** Where the unit stands in `#bytes`, which are read if necessary. */
  #placeOf(offset: number): number {
    const inSegment = offset % (this.#segments.segmentBytes / unitBytes)
    const first = offset - (inSegment % unitsPerRead)
    if (first !== this.#first) this.#read(first)
    return (offset - first) * unitBytes
  }

  /** What is not in a file reads as zeros, and so do units of the next file. */
  #read(first: number): void {
    const position = first * unitBytes
    const segmentEnd = this.#segments.startOf(position) + this.#segments.segmentBytes
    const wanted = this.#bytes.subarray(0, Math.min(this.#bytes.length, segmentEnd - position))
    const filled = this.#segments.read(wanted, position)
    this.#bytes.fill(0, filled)
    this.#first = first
  }
}

/** Whether a unit is a filler, or points into the part of the log that counts. */
function mayCount(unit: QueueUnit, { logPosition }: UnitTrust): boolean {
  return unit.totalSize > 0 && !(isMessage(unit) && unit.physicalOffset + unit.totalSize > logPosition)
}

/** Whether the log has the message; true when the log is not to be asked. */
function isConfirmed(unit: QueueUnit, queueOffset: number, { isInLog }: UnitTrust): boolean {
  return isInLog === undefined || (isMessage(unit) && isInLog(unit, queueOffset))
}
