import { type EncodedProperties, putInt32, type RecordLayout, readInt64, writeInt64 } from '@rocketmq-ts/protocol'

/**
 * A unit of a consume queue: where a message stands in the log. A unit of any form begins so:
 *
 *     physicalOffset 8 | totalSize 4 | tagsCode 8
 *
 * Units stand one behind the other. Size 0 means not written; a filler for a gap has size 0x7fffffff. In an ordinary
 * queue a unit has nothing else, and unit n belongs to the message with queue offset n.
 */
export const unitBytes = 20
const fillerSize = 0x7fffffff

/** What a queue notes of a record: a `RecordView`. */
export interface QueuedRecord {
  readonly physicalOffset: number
  readonly totalSize: number
  readonly queueOffset: number
  /** Milliseconds since 1970. */
  readonly storeTimestamp: number
  readonly sysFlag: number
  readonly properties: EncodedProperties
}

/** How the units of a kind of queue are laid out in its files. */
export interface UnitForm<Unit extends QueueUnit = QueueUnit> {
  readonly unitBytes: number
  /** @param unit is overwritten and returned */
  read(source: Buffer, position: number, unit?: Unit): Unit
  /** Whether a unit belongs to a record that stands where the unit says. */
  isOf(unit: Unit, unitNumber: number, record: RecordLayout, source: Buffer): boolean
}

/** Units of ordinary queues. */
export const simpleUnits: UnitForm = {
  unitBytes,
  read: readUnit,
  isOf: (_, unitNumber, { queueOffset }) => queueOffset === unitNumber,
}

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
