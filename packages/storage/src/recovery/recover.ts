import type { Log } from '@rocketmq-ts/platform'
import { type RecordLayout, readRecord } from '@rocketmq-ts/protocol'
import { cutSegments } from '../log/commit-log.ts'
import type { SegmentFolder } from '../segment-folder.ts'
import { nothingInFiles, type OwnCheckpoint, type SharedCheckpoint } from './checkpoint.ts'
import { type Damage, type SafeRecords, scanLog } from './log-scan.ts'

export interface RecoveryInput {
  segments: SegmentFolder
  shared: SharedCheckpoint
  own: OwnCheckpoint | undefined
  /** Whether the store was closed in order. */
  wasClosed: boolean
  /** Whether the end of the log was just cut off: followers may have data of the messages that are gone. */
  isCut: boolean
  bootId: string
}

export interface RecoveryPlan {
  /** Records from here on are read again: what was derived from those before is in the followers' files. */
  from: number
  /** Whether what followers have of records behind `from` may be torn, or belong to records that are lost. */
  mayBeTorn: boolean
  /** Everything before survives a power failure. */
  syncedPosition: number
  /** Where the log ends at least, by the checkpoint; 0 when that says nothing. */
  expectedEnd: number
  /** Records that no crash can have damaged: where they are damaged, the log goes on behind the damage. */
  safe: SafeRecords
  /** Whether a broker of this kind had the store last, and not an official one. */
  isOurs: boolean
  /** Whether it had units of queues where an official broker does not look for them. */
  hadUnitsElsewhere: boolean
}

/**
 * Decides from where the log is read again: by the positions in our checkpoint, or, in a store that an official broker
 * wrote, by store times.
 */
export function planRecovery(input: RecoveryInput): RecoveryPlan {
  const { segments, own, shared, wasClosed, isCut, bootId } = input
  if (own === undefined) {
    const from = wasClosed ? lastSegmentWithRecords(segments) : segmentBefore(segments, shared)
    const isSafe = (_: number, storeTimestamp: number): boolean => wasClosed || storeTimestamp <= shared.logTimestamp
    // An official broker accepts zeros in properties. A store without any time in its checkpoint is a new one of ours.
    const isOurs = shared.logTimestamp === 0 && !wasClosed
    const safe = { position: 0, isSafe, tornFrom: isOurs ? 0 : Number.POSITIVE_INFINITY }
    const unknown = { syncedPosition: 0, expectedEnd: 0, isOurs: false, hadUnitsElsewhere: false }
    return { ...unknown, from, mayBeTorn: !wasClosed, safe }
  }
  const { written, syncedPosition } = own
  const systemStayedUp = written?.bootId === bootId && (bootId !== '' || wasClosed)
  // Files in front of the first one were deleted since the checkpoint was written.
  const from = Math.max(systemStayedUp ? written.position : syncedPosition, segments.firstPosition)
  const mayBeTorn = isCut || (!systemStayedUp && !(wasClosed && written?.position === syncedPosition))
  const safePosition = Math.max(written?.logSyncedPosition ?? 0, syncedPosition)
  // Written data survives while the system stays up. A store that was closed in order was synced too.
  const expectedEnd = Math.max(safePosition, systemStayedUp || wasClosed ? (written?.position ?? 0) : 0)
  // A kill of the process can cut a write short.
  const cutFrom = wasClosed ? Number.POSITIVE_INFINITY : from
  const safe: SafeRecords = {
    position: safePosition,
    isSafe: (position) => !mayBeTorn || position < safePosition,
    tornFrom: mayBeTorn ? safePosition : cutFrom,
  }
  const known = { expectedEnd, safe, isOurs: true, hadUnitsElsewhere: shared.queuesTimestamp === nothingInFiles }
  if (from <= segments.endPosition) {
    return { ...known, from, mayBeTorn, syncedPosition: Math.min(from, syncedPosition) }
  }
  // The files that the checkpoint vouches for are gone: the whole log is read again.
  return { ...known, from: segments.firstPosition, mayBeTorn: true, syncedPosition: 0 }
}

export interface Recovery {
  /** Where the log ends and goes on. */
  endPosition: number
  replayedCount: number
  /** Store time of the last record read; 0 without any. */
  lastTimestamp: number
  damages: Damage[]
  /**
   * Messages that others have noted may be missing: the system went down, or the log is not what it was. It stays so at
   * later starts until `MessageStore.endDoubt`.
   */
  mayHaveLost: boolean
}

/**
 * Reads the log from where the plan says, finds its end, and cuts off what lies behind it.
 * @param checkEnd throws when the log must not end there: then nothing is cut
 * @param replay called with every record that followers may lack
 */
export function recoverLog(
  segments: SegmentFolder,
  plan: RecoveryPlan,
  checkCrc: boolean,
  log: Log,
  checkEnd: (endPosition: number, reason: string) => void,
  replay: (record: RecordLayout, source: Buffer) => void,
): Recovery {
  let replayedCount = 0
  let lastTimestamp = 0
  const end = scanLog(segments, plan.from, checkCrc, plan.safe, (record, source) => {
    replayedCount++
    lastTimestamp = record.storeTimestamp
    replay(record, source)
  })
  for (const damage of end.damages) {
    log.error(
      { ...damage },
      `the log is damaged at ${damage.from}: what stood up to ${damage.to} is lost, what stands behind is kept. ` +
        'Check the disk, and restore the file from a backup or replica if there is one',
    )
  }
  checkEnd(end.position, end.reason)
  cutSegments(segments, end.position)
  const fields = { from: plan.from, end: end.position, replayed: replayedCount }
  if (replayedCount > 0) log.info(fields, 'the log was recovered')
  log.debug({ ...fields, reason: end.reason }, 'the end of the log was found')
  return {
    endPosition: end.position,
    replayedCount,
    lastTimestamp,
    damages: end.damages,
    mayHaveLost: plan.mayBeTorn || end.damages.length > 0,
  }
}

/** The start of the last file with records. An official broker that stopped in order has written all queue units. */
function lastSegmentWithRecords(segments: SegmentFolder): number {
  for (let index = segments.starts.length - 1; index > 0; index--) {
    if (firstTimestamp(segments, segments.starts[index]!) !== undefined) return segments.starts[index]!
  }
  return segments.firstPosition
}

/** The start of the last file whose first message is no newer than all three times of the checkpoint. */
function segmentBefore(segments: SegmentFolder, shared: SharedCheckpoint): number {
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
