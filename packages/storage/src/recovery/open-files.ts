import type { Log } from '@rocketmq-ts/platform'
import { Followers } from '../followers.ts'
import { KeyIndex } from '../index/key-index.ts'
import { CommitLog } from '../log/commit-log.ts'
import { ConsumeQueues } from '../queues/consume-queues.ts'
import type { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { checkLayout } from '../store-layout.ts'
import type { StoreOptions } from '../store-options.ts'
import { TagsCodes } from '../tags-codes.ts'
import { isDiskFull } from '../write-guard.ts'
import { checkSegments } from './check-segments.ts'
import { CheckpointFile, type OwnCheckpoint } from './checkpoint.ts'
import { missingKeysFrom } from './missing-keys.ts'
import { planRecovery, type Recovery, type RecoveryPlan, recoverLog } from './recover.ts'

/** Everything of a store that has files, fit for use. */
export interface OpenedFiles {
  commitLog: CommitLog
  queues: ConsumeQueues
  keyIndex: KeyIndex | undefined
  checkpoint: CheckpointFile
  followers: Followers
  tagsCodes: TagsCodes
  bootId: string
  recovery: Recovery
  /** Store times do not go back below it. */
  lastTimestamp: number
  /** Queue units and keys of messages before it are in the files. */
  writtenPosition: number
  /** And before it all files survive a power failure. */
  syncedPosition: number
}

/**
 * Opens the files of a store and recovers what the last one who had it did not bring to an end.
 * @param wasClosed whether he closed it in order
 * @throws SegmentSizeError, StoreLayoutError; the file system's errors
 */
export function openFiles(options: StoreOptions, files: StoreFiles, wasClosed: boolean): OpenedFiles {
  const { fileSystem, clock } = options.platform
  const { log, rootPath, commitLogPath } = options
  const queuesPath = `${rootPath}/consumequeue`
  const indexPath = `${rootPath}/index`
  checkLayout(fileSystem, rootPath, log)
  files.makeFolder(commitLogPath)
  files.makeFolder(indexPath)
  const { tailBytesMax, commitLogSegmentBytes, consumeQueueSegmentBytes } = options
  const commitLog = new CommitLog({
    files,
    clock,
    path: commitLogPath,
    segmentBytes: commitLogSegmentBytes,
    tailBytesMax,
  })
  const { segments } = commitLog
  const queues = new ConsumeQueues({
    files,
    log: segments,
    path: queuesPath,
    segmentBytes: consumeQueueSegmentBytes,
    eventLog: log,
  })
  const { isEnabled, ...indexSize } = options.keyIndex
  const keyIndex = isEnabled ? new KeyIndex({ files, clock, log, path: indexPath, ...indexSize }) : undefined
  const checkpoint = new CheckpointFile(fileSystem, `${rootPath}/checkpoint`)
  // Whoever had the store before may have died before the names that he made were safe.
  for (const path of [rootPath, commitLogPath, indexPath]) files.noteNames(path)
  files.syncAllNames()

  const tagsCodes = new TagsCodes(options.delayLevelsMs)
  const followers = new Followers(clock, log, queues, keyIndex, tagsCodes)
  const { own, shared } = checkpoint
  const bootId = fileSystem.bootId()
  checkSegments(segments, fileSystem, log)
  const hasQueues = fileSystem.list(queuesPath).length > 0
  let plan = planRecovery({ segments, shared, own, wasClosed, bootId, hasQueues }, log)
  keyIndex?.recover(plan.mayBeTorn ? plan.from : undefined)
  if (keyIndex !== undefined && plan.isOurs) plan = withMissingKeys(plan, keyIndex, segments, log)
  if (own !== undefined) lowerCheckpoint(checkpoint, own, plan.from)
  queues.trustUpTo(plan.from, plan.mayBeTorn)
  if (!plan.isOurs) queues.removeFullMarks()
  const recovery = recoverLog(segments, plan, options.checkCrcOnRecover && !wasClosed, log, (record, source) =>
    followers.replay(record, source),
  )
  queues.endRecovery(recovery.endPosition, plan.isOurs)
  commitLog.continueAt(recovery.endPosition)
  writeReplayed(queues, keyIndex, log)
  const writtenPosition = Math.min(plan.from, recovery.endPosition)
  const syncedPosition = Math.min(plan.syncedPosition, recovery.endPosition)
  // What is torn was cut: a process that dies from now on leaves files as it wrote them.
  checkpoint.write({ position: writtenPosition, logSyncedPosition: syncedPosition, bootId })
  return {
    commitLog,
    queues,
    keyIndex,
    checkpoint,
    followers,
    tagsCodes,
    bootId,
    recovery,
    lastTimestamp: Math.max(recovery.lastTimestamp, shared.logTimestamp),
    writtenPosition,
    syncedPosition,
  }
}

/**
 * Takes back what a checkpoint says beyond the position from which everything is made again: whoever dies meanwhile must
 * not leave one that vouches for what is not there yet.
 */
function lowerCheckpoint(checkpoint: CheckpointFile, own: OwnCheckpoint, from: number): void {
  const { written, syncedPosition } = own
  if (written !== undefined && written.position > from) checkpoint.write({ ...written, position: from })
  if (syncedPosition <= from) return
  const times = { ...checkpoint.shared, queuesTimestamp: 0, indexTimestamp: 0, queuesPosition: 0 }
  checkpoint.writeSyncedNow(times, from)
}

/** A plan that reads the log again from the first message whose keys are missing in the index. */
function withMissingKeys(plan: RecoveryPlan, keyIndex: KeyIndex, segments: SegmentFolder, log: Log): RecoveryPlan {
  const from = missingKeysFrom(segments, keyIndex.endPhysicalOffset, plan.from)
  if (from === undefined) return plan
  log.warn({ from }, 'files of the key index are missing: they are made again from the log')
  return { ...plan, from, syncedPosition: Math.min(plan.syncedPosition, from) }
}

/**
 * Brings what recovery made again to the files. After the next death the store may be opened by an official broker,
 * which knows less well than we do from where the log has to be read again.
 */
function writeReplayed(queues: ConsumeQueues, keyIndex: KeyIndex | undefined, log: Log): void {
  try {
    queues.writeAll()
    keyIndex?.write()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    log.warn({ err: error }, 'the disk is full: queue units and keys that were recovered wait in memory for space')
  }
}
