import { putInt32, readInt64, recordBytesMin, recordMagic, writeInt64 } from '@rocketmq-ts/protocol'

/**
 * A unit of the timer log, big-endian:
 *
 *     size 4 (52) | previous 8 | magic 4 | writeTime 8 | delay 4 | physicalOffset 8 | totalSize 4 | topicHash 4 | 0 8
 *
 * Units of one slot are a chain: `previous` is where the one before stands, or -1. The slot is the one of the time
 * writeTime + delay. The end of a file that no unit fits into starts with: remaining 4 | 0 8 | blank magic 4.
 */
export const timerUnitBytes = 52
export const timerBlankBytes = 16
const magicBits = { unit: 1, roll: 2, delete: 4 } as const
const knownBits = 15

export interface TimerUnit {
  /** Position of the previous unit of its slot; -1 for the first one. */
  previous: number
  /** Milliseconds since 1970: time of the slot, and when the unit was written. */
  slotMs: number
  writtenMs: number
  /** Whether the message must be put into the timer's topic again, since it is due later than the wheel reaches. */
  isRoll: boolean
  /** Whether the message recalls another one of its slot. */
  isDelete: boolean
  /** Where the message stands in the log. */
  physicalOffset: number
  totalSize: number
  /** Java's hash of the topic that the message is for. */
  topicHash: number
}

export function putTimerUnit(target: Buffer, at: number, unit: TimerUnit): void {
  putInt32(target, timerUnitBytes, at)
  writeInt64(target, unit.previous, at + 4)
  putInt32(
    target,
    magicBits.unit | (unit.isRoll ? magicBits.roll : 0) | (unit.isDelete ? magicBits.delete : 0),
    at + 12,
  )
  writeInt64(target, unit.writtenMs, at + 16)
  putInt32(target, unit.slotMs - unit.writtenMs, at + 24)
  writeInt64(target, unit.physicalOffset, at + 28)
  putInt32(target, unit.totalSize, at + 36)
  putInt32(target, unit.topicHash, at + 40)
  writeInt64(target, 0, at + 44)
}

/**
 * Reads the unit at `at`; `source` must be long enough.
 * @param position of the unit in the timer log
 * @returns undefined when there is no unit
 */
export function readTimerUnit(source: Buffer, at: number, position: number): TimerUnit | undefined {
  const magic = source.readInt32BE(at + 12)
  if (source.readInt32BE(at) !== timerUnitBytes || (magic & magicBits.unit) === 0 || (magic & ~knownBits) !== 0) {
    return undefined
  }
  const unit: TimerUnit = {
    previous: readInt64(source, at + 4),
    slotMs: readInt64(source, at + 16) + source.readInt32BE(at + 24),
    writtenMs: readInt64(source, at + 16),
    isRoll: (magic & magicBits.roll) !== 0,
    isDelete: (magic & magicBits.delete) !== 0,
    physicalOffset: readInt64(source, at + 28),
    totalSize: source.readInt32BE(at + 36),
    topicHash: source.readInt32BE(at + 40),
  }
  const { previous, slotMs, physicalOffset, totalSize } = unit
  const isUnit =
    previous >= -1 &&
    previous < position &&
    slotMs >= 0 &&
    Number.isSafeInteger(slotMs) &&
    physicalOffset >= 0 &&
    Number.isSafeInteger(physicalOffset) &&
    totalSize >= recordBytesMin
  return isUnit ? unit : undefined
}

export function putTimerBlank(target: Buffer, at: number, remainingBytes: number): void {
  putInt32(target, remainingBytes, at)
  writeInt64(target, 0, at + 4)
  putInt32(target, recordMagic.blank, at + 12)
}

export function isTimerBlank(source: Buffer, at: number): boolean {
  return source.readInt32BE(at + 12) === recordMagic.blank
}
