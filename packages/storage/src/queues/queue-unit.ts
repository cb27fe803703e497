import { putInt32, readInt64, writeInt64 } from '@rocketmq-ts/protocol'

/**
 * A unit of a consume queue: where the message with that queue offset stands in the log.
 *
 *     physicalOffset 8 | totalSize 4 | tagsCode 8
 *
 * Unit n of a queue stands at byte 20 n. Size 0 means not written; a filler for a gap has size 0x7fffffff.
 */
export const unitBytes = 20
const fillerSize = 0x7fffffff

export interface QueueUnit {
  physicalOffset: number
  totalSize: number
  /** Hash of the tag (a signed 32-bit integer), or the time of delivery for delayed messages. */
  tagsCode: number
}

/** Writes a unit for which there is room. */
export function putUnit(
  target: Buffer,
  position: number,
  physicalOffset: number,
  totalSize: number,
  tagsCode: number,
): void {
  writeInt64(target, physicalOffset, position)
  putInt32(target, totalSize, position + 8)
  writeInt64(target, tagsCode, position + 12)
}

export function writeFiller(target: Buffer, position: number): void {
  putUnit(target, position, 0, fillerSize, 0)
}

export function emptyUnit(): QueueUnit {
  return { physicalOffset: 0, totalSize: 0, tagsCode: 0 }
}

/** @param unit is overwritten and returned: a caller that keeps no unit can use one object for many */
export function readUnit(source: Buffer, position: number, unit = emptyUnit()): QueueUnit {
  unit.physicalOffset = readInt64(source, position)
  unit.totalSize = source.readInt32BE(position + 8)
  unit.tagsCode = readInt64(source, position + 12)
  return unit
}

/** Whether no unit was written at a position; cheaper than reading it. */
export function isBlankUnit(source: Buffer, position: number): boolean {
  return source.readInt32BE(position + 8) === 0
}

/** Whether a unit stands for a message: it was written and is no filler. */
export function isMessage(unit: QueueUnit): boolean {
  return unit.totalSize > 0 && unit.totalSize !== fillerSize
}
