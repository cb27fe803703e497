import {
  batchedBytesMin,
  findMessageProperty,
  propertyName,
  putInt32,
  type RecordLayout,
  readInt64,
  sysFlag,
  writeInt64,
} from '@rocketmq-ts/protocol'
import { emptyUnit, putUnit, type QueuedRecord, type QueueUnit, readUnit, type UnitForm } from './queue-unit.ts'

/**
 * A unit of a queue whose topic has `queue.type=BatchCQ`: one record of the log, which holds one message or a whole
 * batch.
 *
 *     physicalOffset 8 | totalSize 4 | tagsCode 8 | storeTimestamp 8 | baseOffset 8 | count 2 | compactedOffset 4 (-1)
 *     | reserved 4 (0)
 *
 * The messages of the record have the queue offsets [baseOffset, baseOffset + count).
 */
export interface BatchUnit extends QueueUnit {
  /** Milliseconds since 1970. */
  storeTimestamp: number
  baseOffset: number
  count: number
}

export const batchUnitBytes = 46

/** Messages that one unit can count. */
export const batchCountMax = 32_767

const notCompacted = -1

/** Writes a unit for which there is room. */
export function putBatchUnit(target: Buffer, position: number, unit: BatchUnit): void {
  putUnit(target, position, unit.physicalOffset, unit.totalSize, unit.tagsCode)
  writeInt64(target, unit.storeTimestamp, position + 20)
  writeInt64(target, unit.baseOffset, position + 28)
  target.writeInt16BE(unit.count, position + 36)
  putInt32(target, notCompacted, position + 38)
  putInt32(target, 0, position + 42)
}

export function emptyBatchUnit(): BatchUnit {
  return { ...emptyUnit(), storeTimestamp: 0, baseOffset: 0, count: 0 }
}

/**
 * Reads a unit. One whose offsets cannot be counts as not written: the messages before it would not fit into the log in
 * front of it. Where a queue ends is told by its last unit alone.
 * @param unit is overwritten and returned: a caller that keeps no unit can use one object for many
 */
export function readBatchUnit(source: Buffer, position: number, unit = emptyBatchUnit()): BatchUnit {
  readUnit(source, position, unit)
  unit.storeTimestamp = readInt64(source, position + 20)
  unit.baseOffset = readInt64(source, position + 28)
  unit.count = source.readInt16BE(position + 36)
  const canBe = unit.count >= 1 && unit.baseOffset >= 0 && unit.baseOffset * batchedBytesMin <= unit.physicalOffset
  if (!canBe) unit.totalSize = 0
  return unit
}

/** Units of queues of batches. */
export const batchUnits: UnitForm<BatchUnit> = {
  unitBytes: batchUnitBytes,
  read: readBatchUnit,
  isOf(unit, _, record, source) {
    const { queueOffset, storeTimestamp, sysFlag: flags } = record
    const isPlaced = unit.baseOffset === queueOffset && unit.storeTimestamp === storeTimestamp
    return isPlaced && unit.count === countIn(flags, () => propertiesText(record, source))
  },
}

/**
 * How many messages a record holds, as its properties say. Only a record that a broker has marked as a whole batch holds
 * more than one.
 */
export function messagesIn({ sysFlag: flags, properties }: Pick<QueuedRecord, 'sysFlag' | 'properties'>): number {
  return countIn(flags, () => properties.text)
}

function countIn(flags: number, text: () => string): number {
  if ((flags & sysFlag.innerBatch) === 0) return 1
  const count = Number(findMessageProperty(text(), propertyName.innerCount) ?? 1)
  return Number.isInteger(count) && count >= 1 && count <= batchCountMax ? count : 1
}

function propertiesText({ propertiesStart, propertiesEnd }: RecordLayout, source: Buffer): string {
  return source.toString('utf8', propertiesStart, propertiesEnd)
}
