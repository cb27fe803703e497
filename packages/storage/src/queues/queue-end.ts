import { firstIndexWhere } from '@rocketmq-ts/base'
import type { SegmentFolder } from '../segment-folder.ts'
import { isMessage, type QueueUnit, readUnit, unitBytes } from './queue-unit.ts'

/** Which of the units in the files count. */
export interface UnitTrust {
  /** Units that point at or behind this position of the log do not count. */
  logPosition: number
  /**
   * What a power failure left behind may be torn: only units that this confirms count as the last one. Without it the
   * files are as they were written.
   */
  isInLog?(unit: QueueUnit, queueOffset: number): boolean
}

/**
 * The offset behind the last unit in the files that counts; what stands behind it is cleared.
 *
 * Units stand in the order of the log. All that point before `logPosition` are whole, and nothing that stands behind
 * them counts: so the search may meet torn units, but never ends before the last that is whole.
 */
export function cutToQueueEnd(segments: SegmentFolder, trust: UnitTrust): number {
  const end = findEnd(segments, trust)
  const endPosition = end * unitBytes
  const isClean = trust.isInLog === undefined && unitAt(segments, end).totalSize === 0
  segments.removeFrom(segments.startOf(endPosition) + segments.segmentBytes)
  if (!isClean) segments.clearFrom(endPosition)
  return end
}

function findEnd(segments: SegmentFolder, trust: UnitTrust): number {
  const unitsInSegment = segments.segmentBytes / unitBytes
  const isBehind = (offset: number): boolean => {
    const unit = unitAt(segments, offset)
    return unit.totalSize === 0 || pointsBehind(unit, trust.logPosition)
  }
  for (let index = segments.starts.length - 1; index >= 0; index--) {
    const first = segments.starts[index]! / unitBytes
    let end = firstIndexWhere(first, first + unitsInSegment, isBehind)
    if (trust.isInLog !== undefined) {
      while (end > first && !isWhole(segments, trust, first, end - 1)) end--
    }
    if (end > first || index === 0) return end
  }
  return 0
}

function isWhole(segments: SegmentFolder, trust: UnitTrust, first: number, offset: number): boolean {
  const unit = unitAt(segments, offset)
  if (!isMessage(unit) || pointsBehind(unit, trust.logPosition) || !trust.isInLog!(unit, offset)) return false
  if (offset === first) return true
  const before = unitAt(segments, offset - 1)
  return before.totalSize !== 0 && (!isMessage(before) || before.physicalOffset < unit.physicalOffset)
}

function unitAt(segments: SegmentFolder, offset: number): QueueUnit {
  const bytes = Buffer.alloc(unitBytes)
  segments.read(bytes, offset * unitBytes)
  return readUnit(bytes, 0)
}

function pointsBehind(unit: QueueUnit, logPosition: number): boolean {
  return isMessage(unit) && unit.physicalOffset + unit.totalSize > logPosition
}
