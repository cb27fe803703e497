import { putInt32, readInt64, writeInt64 } from '@rocketmq-ts/protocol'

export const headerBytes = 40

/**
 * What an index file begins with:
 *
 *     beginTimestamp 8 | endTimestamp 8 | beginPhysicalOffset 8 | endPhysicalOffset 8 | usedSlots 4 | nextEntry 4
 */
export interface KeyIndexHeader {
  beginTimestamp: number
  endTimestamp: number
  beginPhysicalOffset: number
  endPhysicalOffset: number
  usedSlotCount: number
  /** Entries count from 1; the one that comes next. */
  nextEntry: number
}

export function decodeKeyIndexHeader(bytes: Buffer): KeyIndexHeader {
  return {
    beginTimestamp: readInt64(bytes, 0),
    endTimestamp: readInt64(bytes, 8),
    beginPhysicalOffset: readInt64(bytes, 16),
    endPhysicalOffset: readInt64(bytes, 24),
    usedSlotCount: bytes.readInt32BE(32),
    nextEntry: bytes.readInt32BE(36),
  }
}

export function encodeKeyIndexHeader(header: KeyIndexHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  writeInt64(bytes, header.beginTimestamp, 0)
  writeInt64(bytes, header.endTimestamp, 8)
  writeInt64(bytes, header.beginPhysicalOffset, 16)
  writeInt64(bytes, header.endPhysicalOffset, 24)
  putInt32(bytes, header.usedSlotCount, 32)
  putInt32(bytes, header.nextEntry, 36)
  return bytes
}
