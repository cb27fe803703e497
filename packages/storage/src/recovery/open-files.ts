import type { Log } from '@rocketmq-ts/platform'
import { CompactedLogs } from '../compaction/compacted-logs.ts'
import { syncLeftCompactedLogs } from '../compaction/left-files.ts'
import { type Follower, recordFollowers } from '../followers/follower.ts'
import { RecordView } from '../followers/record-view.ts'
import { KeyIndex } from '../index/key-index.ts'
import { CommitLog, cutSegments } from '../log/commit-log.ts'
import { LentBytes } from '../log/lent-bytes.ts'
import { ConsumeQueues } from '../queues/consume-queues.ts'
import type { QueueTypes } from '../queues/queue-folders.ts'
import type { StoreFiles } from '../store-files.ts'
import { checkLayout } from '../store-layout.ts'
import type { StoreOptions } from '../store-options.ts'
import { TagsCodes } from '../tags-codes.ts'
import { isDiskFull } from '../write-guard.ts'
import { checkSegments } from './check-segments.ts'
import { CheckpointFile, type OwnCheckpoint } from './checkpoint.ts'
import { LossCheck } from './lost-messages.ts'
import { planRecovery, type Recovery, type RecoveryPlan, recoverLog } from './recover.ts'

/** Everything of a store that has files, fit for use. */
export interface OpenedFiles {
  commitLog: CommitLog
  /** Lends bytes in the memory of the log and of caches. */
  lent: LentBytes
  queues: ConsumeQueues
  keyIndex: KeyIndex
  /** Undefined when no topic is compacted. */
  compactedLogs: CompactedLogs | undefined
  /** All followers of the log, queues and index among them. */
  followers: readonly Follower[]
  checkpoint: CheckpointFile
  bootId: string
  recovery: Recovery
  /** Store times of new messages are never below it. */
  lastTimestamp: number
  /** The log before it, and everything derived from that part, survives a power failure. */
  syncedPosition: number
  /** The position of a cut that a dead process had begun: the files are cut now, the checkpoint does not say so yet. */
  cutPosition: number | undefined
}

/**
 * Opens the files of a store, and recovers it when the last process did not close it in order.
 * @param wasClosed whether it was closed in order
 * @param onChange called before anything changes in a store that was closed in order
 * @throws SegmentSizeError, StoreLayoutError, LostMessagesError; the file system's errors
 */
export function openFiles(
  options: StoreOptions,
  files: StoreFiles,
  wasClosed: boolean,
  onChange: () => void,
): OpenedFiles {
  const { fileSystem, clock } = options.platform
  const { log, rootPath, commitLogPath, tailBytesMax } = options
  const indexPath = `${rootPath}/index`
  checkLayout(fileSystem, rootPath, log)
  files.makeFolder(commitLogPath)
  files.makeFolder(indexPath)
  const lent = new LentBytes(clock, options.checksMemoryUse === true)
  const commitLog = new CommitLog({
    files,
    clock,
    lent,
    path: commitLogPath,
    segmentBytes: options.commitLogSegmentBytes,
    tailBytesMax,
  })
  const { segments } = commitLog
  const queues = new ConsumeQueues({
    files,
    clock,
    log,
    segments,
    tagsCodes: new TagsCodes(options.delayLevelsMs),
    places: {
      SimpleCQ: { path: `${rootPath}/consumequeue`, segmentBytes: options.consumeQueueSegmentBytes },
      BatchCQ: { path: `${rootPath}/batchconsumequeue`, segmentBytes: options.batchQueueSegmentBytes },
    },
    types: options.queueTypes ?? allSimple,
    hasLightQueues: options.hasLightQueues === true,
    hasLightSlots: options.hasLightSlots !== false,
    openLightQueuesMax: options.openLightQueuesMax,
  })
  const isEnabled = (): boolean => options.live().isKeyIndexEnabled
  const keyIndex = new KeyIndex({ ...options.keyIndex, files, clock, log, segments, path: indexPath, isEnabled })
  const { compaction } = options
  const compactedLogs =
    compaction &&
    new CompactedLogs({ files, clock, log, commitLog, queues: queues.table, rootPath, options: compaction })
  const ownFollowers: readonly Follower[] = compactedLogs === undefined ? [] : [compactedLogs]
  // The queues come first: compacted logs are copied from them.
  const followers: readonly Follower[] = [queues, keyIndex, ...ownFollowers, ...(options.followers ?? [])]
  const checkpoint = new CheckpointFile(fileSystem, `${rootPath}/checkpoint`)
  // An earlier process may have died before the names of its files were synced.
  for (const path of [rootPath, commitLogPath, indexPath]) files.noteNames(path)
  files.syncAllNames()

  checkpoint.forgetOldNotes()
  const { shared, cutPosition } = checkpoint
  const own = cutPosition === undefined ? checkpoint.own : ownBefore(cutPosition, checkpoint.own)
  const bootId = fileSystem.bootId()
  if (cutPosition !== undefined) {
    log.warn({ position: cutPosition }, 'the log was being cut back when the broker died: it is cut back now')
    // The note may have been written and not synced: it must not be lost while the log is cut.
    checkpoint.syncNow()
    cutSegments(segments, cutPosition)
  }
  checkSegments(segments, fileSystem, log)
  const isCut = cutPosition !== undefined
  const planned = planRecovery({ segments, shared, own, wasClosed, isCut, bootId })
  const expectedEnd = Math.max(planned.expectedEnd, checkpoint.lostPosition ?? 0)
  const losses = new LossCheck(commitLog, options.acceptLostMessages === true, log)
  losses.check(segments.endPosition, expectedEnd, checkpoint.path)
  // A power failure can take a log that was never synced, and leave a queue: that is no loss to report.
  const stayedUp = bootId !== '' && own?.written?.bootId === bootId
  const hadLog = wasClosed || shared.logTimestamp > 0 || stayedUp
  if ((segments.starts.length === 0 && hadLog) || (own === undefined && wasClosed)) losses.checkLastKnown(followers)
  onChange()
  const plan = prepareAll(followers, planned)
  if (own !== undefined) lowerCheckpoint(checkpoint, own, plan.from)
  if (compactedLogs === undefined && !wasClosed) syncLeftCompactedLogs(fileSystem, rootPath)
  for (const follower of followers) follower.beginReplay?.(plan)
  const checkEnd = (end: number, reason: string): void => {
    // The replay has changed followers and checkpoint: the next start must still know what is missing.
    if (end < expectedEnd) checkpoint.noteLost(expectedEnd)
    losses.check(end, expectedEnd, checkpoint.path, reason)
  }
  const checkCrc = options.checkCrcOnRecover && !wasClosed
  const appliers = recordFollowers(followers)
  const recovery = recoverLog(segments, plan, checkCrc, log, checkEnd, (layout, source) => {
    const record = RecordView.ofLayout(commitLog, layout, source)
    for (const follower of appliers) follower.apply(record)
    record.release()
  })
  const { endPosition } = recovery
  commitLog.continueAt(endPosition)
  for (const follower of followers) follower.endReplay(endPosition, plan)
  // What followers have of lost messages is removed too.
  if (losses.wereAccepted) for (const follower of followers) follower.truncate(endPosition)
  writeReplayed(followers, log)
  const syncedPosition = Math.min(plan.syncedPosition, endPosition)
  const mayHaveLost = recovery.mayHaveLost || losses.wereAccepted || checkpoint.hasDoubt
  // What is written next vouches for the log as it is: the next start would not know that it was longer.
  if (mayHaveLost) checkpoint.noteDoubt(endPosition)
  const lastTimestamp = Math.max(recovery.lastTimestamp, shared.logTimestamp, own?.newestTimestamp ?? 0)
  // Torn ends are cut off now: if this process dies, the files are as it wrote them.
  checkpoint.write({
    position: Math.min(plan.from, endPosition),
    logSyncedPosition: syncedPosition,
    bootId,
    newestTimestamp: lastTimestamp,
  })
  if (checkpoint.lostPosition !== undefined) checkpoint.noteLost(undefined)
  return {
    commitLog,
    lent,
    queues,
    keyIndex,
    compactedLogs,
    followers,
    checkpoint,
    bootId,
    recovery: { ...recovery, mayHaveLost },
    lastTimestamp,
    syncedPosition,
    cutPosition,
  }
}

const allSimple: QueueTypes = { of: () => undefined, hasBatches: false }

/** What a checkpoint says of the log before a cut. */
function ownBefore(cutPosition: number, own: OwnCheckpoint | undefined): OwnCheckpoint | undefined {
  if (own === undefined) return undefined
  const { written, syncedPosition } = own
  return {
    ...own,
    written: written && {
      ...written,
      position: Math.min(written.position, cutPosition),
      logSyncedPosition: Math.min(written.logSyncedPosition, cutPosition),
    },
    syncedPosition: Math.min(syncedPosition, cutPosition),
  }
}

/** Prepares all followers. When one of them lacks something, the log is read again from there. */
function prepareAll(followers: readonly Follower[], plan: RecoveryPlan): RecoveryPlan {
  let { from, syncedPosition } = plan
  for (const follower of followers) {
    const missingFrom = follower.prepare(plan) ?? from
    from = Math.min(from, missingFrom)
    syncedPosition = Math.min(syncedPosition, missingFrom)
  }
  return { ...plan, from, syncedPosition }
}

/**
 * Lowers the positions of a checkpoint to the one from which followers are made again. If the process dies meanwhile,
 * the checkpoint must not vouch for what is not written yet.
 */
function lowerCheckpoint(checkpoint: CheckpointFile, own: OwnCheckpoint, from: number): void {
  const { written, syncedPosition, newestTimestamp } = own
  if (written !== undefined && written.position > from)
    checkpoint.write({ ...written, position: from, newestTimestamp })
  if (syncedPosition <= from) return
  const times = { ...checkpoint.shared, queuesTimestamp: 0, indexTimestamp: 0, queuesPosition: 0 }
  checkpoint.writeSyncedNow(times, from, newestTimestamp)
}

/**
 * Writes what recovery made again to the files. After a crash an official broker may open the store, and it knows less
 * exactly from where the log must be read again.
 */
function writeReplayed(followers: readonly Follower[], log: Log): void {
  try {
    for (const follower of followers) follower.write()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    log.warn({ err: error }, 'the disk is full: what was recovered for queues and index waits in memory for space')
  }
}
