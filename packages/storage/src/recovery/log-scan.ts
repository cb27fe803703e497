import { type RecordLayout, readRecord } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'

const chunkBytes = 4 * 1024 * 1024

/** Where a scan ended, and why. */
export interface ScanEnd {
  /** Position behind the last valid record. */
  position: number
  reason: string
}

/**
 * Reads the log from a position that a record starts at, record by record, to its end: the first bytes that are no
 * valid record. A record must name its own position, so that old bytes at the wrong place do not count.
 * @param checkCrc whether bodies are compared with their checksums
 * @param onRecord gets each record with the buffer it is in; the buffer is used again afterwards
 */
export function scanLog(
  segments: SegmentFolder,
  from: number,
  checkCrc: boolean,
  onRecord: (record: RecordLayout, source: Buffer) => void,
): ScanEnd {
  let chunk = Buffer.allocUnsafe(chunkBytes)
  let position = from
  while (position < segments.endPosition) {
    const segmentEnd = segments.startOf(position) + segments.segmentBytes
    const filled = segments.read(chunk.subarray(0, Math.min(chunk.length, segmentEnd - position)), position)
    const bytes = chunk.subarray(0, filled)
    let at = 0
    let wantedBytes = 0
    for (;;) {
      const reading = readRecord(bytes, at, checkCrc)
      if (reading.kind === 'incomplete') {
        wantedBytes = reading.wantedBytes
        break
      }
      if (reading.kind === 'invalid') return { position: position + at, reason: reading.reason }
      if (reading.kind === 'blank') {
        at = segmentEnd - position
        break
      }
      if (reading.record.physicalOffset !== position + at) {
        const reason = `the record there belongs to position ${reading.record.physicalOffset}`
        return { position: position + at, reason }
      }
      onRecord(reading.record, bytes)
      at += reading.record.totalSize
    }
    if (at === 0) {
      // Less than one record was read: more is needed, or there is no more.
      const available = segmentEnd - position
      if (wantedBytes > available || filled < Math.min(wantedBytes, chunk.length)) {
        return { position, reason: 'the file ends within a record' }
      }
      if (wantedBytes > chunk.length) chunk = Buffer.allocUnsafe(wantedBytes)
      else if (filled === available) return { position, reason: 'the file ends' }
    }
    position += at
  }
  return { position, reason: 'the last file is full' }
}
