import type { Log } from '@rocketmq-ts/platform'
import { type RecordLayout, readRecord } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'
import type { OwnCheckpoint, SharedCheckpoint } from './checkpoint.ts'
import { scanLog } from './log-scan.ts'

export interface RecoveryInput {
  segments: SegmentFolder
  shared: SharedCheckpoint
  own: OwnCheckpoint | undefined
  /** Whether the store was closed in order. */
  wasClosed: boolean
  bootId: string
  checkCrc: boolean
  log: Log
  /** Gets every record whose queue unit and keys may be missing. */
  replay(record: RecordLayout, source: Buffer): void
}

export interface Recovery {
  /** Where the log ends and goes on. */
  endPosition: number
  replayedCount: number
  /** Why the log ends there. */
  reason: string
  /** Store time of the last record that was read; 0 without any. */
  lastTimestamp: number
}

/** Finds the end of the log, cuts what lies behind it, and replays the records that the followers may lack. */
export function recover(input: RecoveryInput): Recovery {
  const { segments } = input
  const from = startPosition(input)
  let replayedCount = 0
  let lastTimestamp = 0
  const end = scanLog(segments, from, input.checkCrc && !input.wasClosed, (record, source) => {
    replayedCount++
    lastTimestamp = record.storeTimestamp
    input.replay(record, source)
  })
  clearBehind(segments, end.position)
  input.log.info({ from, end: end.position, replayed: replayedCount, reason: end.reason }, 'the log was recovered')
  return { endPosition: end.position, replayedCount, reason: end.reason, lastTimestamp }
}

/**
 * The position from which records are read. Everything before it is known to be in queues and index: by our own
 * checkpoint, or, in a store that an official broker wrote, by times.
 */
function startPosition(input: RecoveryInput): number {
  const { segments, own, wasClosed, bootId, log } = input
  if (own !== undefined) {
    const systemStayedUp = own.bootId === bootId && (bootId !== '' || wasClosed)
    const position = systemStayedUp ? own.writtenPosition : own.syncedPosition
    if (position >= segments.firstPosition && position <= segments.endPosition) return position
    log.warn({ position }, 'the checkpoint lies outside of the log: the log is read from its files instead')
  }
  return wasClosed ? lastSegmentWithRecords(segments) : segmentBefore(input)
}

/** An official broker that was stopped in order has written all queue units: only the end has to be found. */
function lastSegmentWithRecords(segments: SegmentFolder): number {
  for (let index = segments.starts.length - 1; index > 0; index--) {
    if (firstTimestamp(segments, segments.starts[index]!) !== undefined) return segments.starts[index]!
  }
  return segments.firstPosition
}

/** The last file whose first message was stored before all that the checkpoint vouches for. */
function segmentBefore(input: RecoveryInput): number {
  const { segments, shared } = input
  const knownTimestamp = Math.min(shared.logTimestamp, shared.queuesTimestamp, shared.indexTimestamp)
  for (let index = segments.starts.length - 1; index > 0; index--) {
    const start = segments.starts[index]!
    const timestamp = firstTimestamp(segments, start)
    if (timestamp !== undefined && timestamp <= knownTimestamp) return start
  }
  return segments.firstPosition
}

/** Store time of the record at the start of a file, or undefined when there is none. */
function firstTimestamp(segments: SegmentFolder, start: number): number | undefined {
  let bytes = Buffer.alloc(64 * 1024)
  for (;;) {
    const filled = segments.read(bytes.subarray(0, Math.min(bytes.length, segments.segmentBytes)), start)
    const reading = readRecord(bytes.subarray(0, filled), 0)
    if (reading.kind === 'record') {
      return reading.record.physicalOffset === start ? reading.record.storeTimestamp : undefined
    }
    if (reading.kind !== 'incomplete' || reading.wantedBytes > segments.segmentBytes || filled < bytes.length) {
      return undefined
    }
    bytes = Buffer.alloc(reading.wantedBytes)
  }
}

/** Clears what is behind the end, so that no old record can show when new ones end where it starts. */
function clearBehind(segments: SegmentFolder, endPosition: number): void {
  const start = segments.startOf(endPosition)
  if (!segments.starts.includes(start)) return
  segments.removeFrom(start + segments.segmentBytes)
  segments.clearFrom(endPosition)
}
