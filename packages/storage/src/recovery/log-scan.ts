import { type RecordLayout, readRecord, recordBytesMin, recordMagic } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'

const chunkBytes = 4 * 1024 * 1024

/** A part of the log without valid records, in front of records that were safe on the disk. */
export interface Damage {
  from: number
  to: number
  reason: string
}

/** Tells which records are known to have been safe on the disk: damage among them is not the end of the log. */
export interface SafeRecords {
  /** Every record before this position. */
  position: number
  isSafe(position: number, storeTimestamp: number): boolean
  /**
   * Records from here on may have been written in part. A zero in the topic or the properties shows that: no checksum
   * covers them, and the store refuses messages with a zero there.
   */
  tornFrom: number
}

/** Where a scan ended, and why. */
export interface ScanEnd {
  /** Position behind the last valid record. */
  position: number
  reason: string
  damages: Damage[]
}

/**
 * Reads the log, record by record, from the start of a record to the end of the log: the first bytes that are no valid
 * record, unless a safe record stands behind them. A record must name its own position, so that old bytes at the wrong
 * place do not count.
 * @param checkCrc whether bodies are compared with their checksums
 * @param onRecord called with each record and the buffer that holds it; the buffer is used again afterwards
 */
export function scanLog(
  segments: SegmentFolder,
  from: number,
  checkCrc: boolean,
  safe: SafeRecords,
  onRecord: (record: RecordLayout, source: Buffer) => void,
): ScanEnd {
  const damages: Damage[] = []
  let start = from
  for (;;) {
    const end = scanUnbroken(segments, start, checkCrc, safe.tornFrom, onRecord)
    const next = nextRecord(segments, end.position, end.position < safe.position || !isZero(segments, end.position))
    if (next === undefined || !safe.isSafe(next.physicalOffset, next.storeTimestamp)) return { ...end, damages }
    damages.push({ from: end.position, to: next.physicalOffset, reason: end.reason })
    start = next.physicalOffset
  }
}

function scanUnbroken(
  segments: SegmentFolder,
  from: number,
  checkCrc: boolean,
  tornFrom: number,
  onRecord: (record: RecordLayout, source: Buffer) => void,
): Omit<ScanEnd, 'damages'> {
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
      if (position + at >= tornFrom && hasHole(reading.record, bytes)) {
        return { position: position + at, reason: 'the topic or the properties of the record were not written' }
      }
      onRecord(reading.record, bytes)
      at += reading.record.totalSize
    }
    if (at === 0) {
      // Less than one record was read: read more, unless the file ends here.
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

function hasHole({ topicStart, topicEnd, propertiesStart, propertiesEnd }: RecordLayout, source: Buffer): boolean {
  return (
    source.subarray(topicStart, topicEnd).includes(0) || source.subarray(propertiesStart, propertiesEnd).includes(0)
  )
}

/** Whether nothing was written at a position. */
function isZero(segments: SegmentFolder, position: number): boolean {
  const bytes = Buffer.alloc(8)
  segments.read(bytes, position)
  return bytes.every((byte) => byte === 0)
}

/**
 * The first valid record behind a position where no valid record starts.
 * @param inSameFile whether the rest of the file is searched; otherwise only the starts of later files are
 */
function nextRecord(segments: SegmentFolder, position: number, inSameFile: boolean): RecordLayout | undefined {
  let found = inSameFile ? searchFile(segments, position + 1) : undefined
  let start = segments.nextStart(segments.startOf(position) + 1)
  while (found === undefined && start !== undefined) {
    found = isZero(segments, start) ? undefined : searchFile(segments, start)
    start = segments.nextStart(start + 1)
  }
  return found
}

const magicAt = 4
const magics = [recordMagic.v1, recordMagic.v2].map((magic) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(magic)
  return bytes
})

/** The first valid record that starts at or behind a position, in the same file. */
function searchFile(segments: SegmentFolder, position: number): RecordLayout | undefined {
  const end = segments.startOf(position) + segments.segmentBytes
  const chunk = Buffer.alloc(Math.min(chunkBytes, segments.segmentBytes))
  // Chunks overlap, so that no magic is cut in two.
  for (let start = position; start < end; start += chunk.length - magicAt) {
    const bytes = chunk.subarray(0, segments.read(chunk.subarray(0, Math.min(chunk.length, end - start)), start))
    for (const at of magicPositions(bytes)) {
      if (start + at - magicAt < position) continue
      const record = recordAt(segments, start + at - magicAt)
      if (record !== undefined) return record
    }
    if (bytes.length < chunk.length) return undefined
  }
  return undefined
}

/** The record at a position, with a valid body, or undefined when none stands there. */
function recordAt(segments: SegmentFolder, position: number): RecordLayout | undefined {
  const head = Buffer.alloc(recordBytesMin)
  if (segments.read(head, position) < head.length) return undefined
  const totalSize = head.readInt32BE(0)
  if (totalSize < recordBytesMin || totalSize > segments.segmentBytes) return undefined
  const bytes = Buffer.alloc(totalSize)
  const reading = readRecord(bytes.subarray(0, segments.read(bytes, position)), 0, true)
  return reading.kind === 'record' && reading.record.physicalOffset === position ? reading.record : undefined
}

function* magicPositions(bytes: Buffer): Generator<number> {
  for (let from = 0; ; ) {
    const found = magics.map((magic) => bytes.indexOf(magic, from)).filter((at) => at >= 0)
    if (found.length === 0) return
    const at = Math.min(...found)
    yield at
    from = at + 1
  }
}
