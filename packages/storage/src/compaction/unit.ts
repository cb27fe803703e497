import { putInt32, readInt64, writeInt64 } from '@rocketmq-ts/protocol'

/**
 * A unit beside a compacted log: which message stands where in a file of it. The units of a file stand in the order of
 * their queue offsets, which have gaps.
 *
 *     position 8 | totalSize 4 | tagsCode 8 | storeTimestamp 8 | queueOffset 8 | messages 2 (1) | -1 4 | 0 4
 */
export const compactionUnitBytes = 46

export interface CompactionUnit {
  /** Of the record in the compacted log. */
  position: number
  totalSize: number
  /** Hash of the tag, 0 without one. */
  tagsCode: number
  /** Milliseconds since 1970. */
  storeTimestamp: number
  queueOffset: number
}

export function putCompactionUnit(target: Buffer, at: number, unit: CompactionUnit): void {
  writeInt64(target, unit.position, at)
  putInt32(target, unit.totalSize, at + 8)
  writeInt64(target, unit.tagsCode, at + 12)
  writeInt64(target, unit.storeTimestamp, at + 20)
  writeInt64(target, unit.queueOffset, at + 28)
  target.writeInt16BE(1, at + 36)
  putInt32(target, -1, at + 38)
  putInt32(target, 0, at + 42)
}

/** The unit that ends a file with room for more. */
export function endUnit(): Buffer {
  const bytes = Buffer.alloc(compactionUnitBytes)
  writeInt64(bytes, -1, 0)
  putInt32(bytes, -1, 38)
  return bytes
}

/** @returns undefined where no unit stands */
export function readCompactionUnit(source: Buffer, at: number): CompactionUnit | undefined {
  const position = readInt64(source, at)
  const totalSize = source.readInt32BE(at + 8)
  const queueOffset = readInt64(source, at + 28)
  if (position < 0 || totalSize <= 0 || queueOffset < 0 || source.readInt16BE(at + 36) <= 0) return undefined
  return {
    position,
    totalSize,
    tagsCode: readInt64(source, at + 12),
    storeTimestamp: readInt64(source, at + 20),
    queueOffset,
  }
}
