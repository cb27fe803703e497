import type { Log } from '@rocketmq-ts/platform'
import { recordBytesMin } from '@rocketmq-ts/protocol'
import type { Follower } from './followers/follower.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LogSync } from './log/log-sync.ts'
import { isRecordAt } from './log/stretch.ts'
import type { Maintenance } from './maintenance.ts'
import type { PutPipeline } from './put-pipeline.ts'
import type { QueueReader } from './queue-reader.ts'
import type { ConsumeQueues } from './queues/consume-queues.ts'
import type { CheckpointFile } from './recovery/checkpoint.ts'
import type { HiddenMessages } from './retention/hidden-messages.ts'
import type { WriteGuard } from './write-guard.ts'

/** The log cannot be cut back to this position, or not now. */
export class CutBackError extends Error {
  override readonly name = 'CutBackError'
}

export interface CutBackParts {
  log: Log
  commitLog: CommitLog
  logSync: LogSync
  pipeline: PutPipeline
  maintenance: Maintenance
  followers: readonly Follower[]
  queues: ConsumeQueues
  hiddenMessages: HiddenMessages
  reader: QueueReader
  checkpoint: CheckpointFile
  guard: WriteGuard
}

/**
 * Cuts off the end of the log in a running store, and everything derived from it, as a replica does with what its
 * master does not have.
 *
 * First the checkpoint notes the position of the cut, and is synced. A start that finds the note makes the cut again
 * (`recovery/open-files.ts`). So a power failure at any point leaves all of the old end, or nothing of it. At last the
 * checkpoint lowers its positions to the cut, and removes the note.
 */
export class CutBack {
  readonly #parts: CutBackParts
  readonly #listeners: (() => void)[] = []
  #isUnderWay = false

  constructor(parts: CutBackParts) {
    this.#parts = parts
  }

  /** Told when the log was cut back, before anything can be put where messages were. */
  onCut(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Cuts the log back. Puts are refused meanwhile; earlier ones are stored and confirmed first.
   * @param position where a record starts, or the end of the log
   * @throws CutBackError when no record starts there, or the store takes no writes; the file system's errors, which
   *   fence the store
   */
  async to(position: number): Promise<void> {
    const { guard, log, commitLog } = this.#parts
    if (this.#isUnderWay) throw new CutBackError('the log is being cut back already: wait until that has ended')
    this.#refuseWhenClosed()
    this.#isUnderWay = true
    guard.setCuttingBack(true)
    try {
      // Nothing may start between the look and the cut, not even in a microtask.
      while (!this.#isSettled()) await this.#settle()
      this.#checkStart(position)
      const end = commitLog.endPosition
      if (position === end) return
      this.#cut(position)
      log.warn({ position, end }, 'the end of the log was cut off')
      for (const listener of this.#listeners) listener()
    } finally {
      this.#isUnderWay = false
      guard.setCuttingBack(false)
    }
  }

  /** Whether no write and no sync is under way. */
  #isSettled(): boolean {
    const { pipeline, logSync, maintenance, commitLog } = this.#parts
    pipeline.commitNow()
    this.#refuseWhenClosed()
    const isSynced = !logSync.isRunning && logSync.syncedPosition >= commitLog.writtenPosition
    return pipeline.writing === undefined && maintenance.syncing === undefined && isSynced
  }

  async #settle(): Promise<void> {
    const { pipeline, logSync, maintenance } = this.#parts
    await Promise.all([pipeline.writing, maintenance.syncing, logSync.sync()])
  }

  #refuseWhenClosed(): void {
    const { refusal } = this.#parts.guard
    if (refusal?.cause === 'closed' || refusal?.cause === 'fenced') throw new CutBackError(refusal.reason)
  }

  #checkStart(position: number): void {
    const { commitLog } = this.#parts
    const { minPosition, endPosition } = commitLog
    if (position === endPosition) return
    const isInLog = Number.isSafeInteger(position) && position >= minPosition && position < endPosition
    if (!isInLog) {
      throw new CutBackError(`${position} is not in the log: it begins at ${minPosition} and ends at ${endPosition}`)
    }
    const size = endPosition - position < recordBytesMin ? 0 : commitLog.bytesAt(position, 4).readInt32BE(0)
    const isInFile = size <= commitLog.segments.startOf(position) + commitLog.segments.segmentBytes - position
    const isSize = size >= recordBytesMin && isInFile && position + size <= endPosition
    if (!isSize || !isRecordAt(commitLog.bytesAt(position, size), position)) {
      throw new CutBackError(`no record starts at ${position}: the log can be cut back to the start of one only`)
    }
  }

  #cut(position: number): void {
    const { checkpoint, commitLog, logSync, followers, queues, hiddenMessages, reader, maintenance, guard, pipeline } =
      this.#parts
    try {
      checkpoint.beginCut(position)
      commitLog.cutBackTo(position)
      logSync.cutBackTo(position)
      pipeline.forgetRaw()
      for (const follower of followers) follower.truncate(position)
      queues.makeAgain(hiddenMessages.cutBackTo(position), commitLog)
      reader.forgetAll()
      maintenance.cutBackTo(position)
    } catch (error) {
      guard.fence('cutting the log back', error)
      throw error
    }
  }
}
