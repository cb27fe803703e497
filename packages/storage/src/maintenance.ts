import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import type { KeyIndex } from './index/key-index.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LogSync } from './log/log-sync.ts'
import type { ConsumeQueues } from './queues/consume-queues.ts'
import type { CheckpointFile, SharedCheckpoint } from './recovery/checkpoint.ts'
import type { StoreOptions } from './store-options.ts'
import { diskFullReason, isDiskFull, type WriteGuard } from './write-guard.ts'

export interface MaintenanceParts {
  clock: Clock
  log: Log
  options: StoreOptions
  commitLog: CommitLog
  logSync: LogSync
  queues: ConsumeQueues
  keyIndex: KeyIndex | undefined
  checkpoint: CheckpointFile
  guard: WriteGuard
  bootId: string
  lastTimestamp(): number
}

/** Log bytes that queues and index may lag behind: so much is read again after a crash at the most. */
const lagBytesMax = 128 * 1024 * 1024
/** Age at which a queue's units are written although they are few. */
const unwrittenAgeMsMax = 10_000
/** Very many queues are written in slices, so that senders do not wait for all of them. */
const queuesPerLook = 20
const sliceMs = 3
const sliceGapMs = 10
/** Queues that are synced when the store is closed; with more of them only the log and the index are. */
const queuesSyncedAtCloseMax = 2_000

/**
 * Brings what the followers hold in memory to the files, syncs, and notes in the checkpoint how far that got.
 */
export class Maintenance {
  readonly #parts: MaintenanceParts
  readonly #timers: CancelTimer[] = []
  /** Messages before it have their keys in the index files. */
  #indexWrittenPosition: number
  #indexWrittenAtMs: number
  #syncedPosition: number
  #shared: SharedCheckpoint
  /** Positions of the log with the store time that was reached there, ascending. */
  #samples: { position: number; timestamp: number }[] = []
  #syncing = false
  /** Set while queues are written in slices. */
  #cancelSlice: CancelTimer | undefined
  /** An earlier process wrote queue files, and nobody knows which of them were synced. */
  #hasUnknownFiles: boolean

  /**
   * @param writtenPosition queue units and keys of messages before it are in the files
   * @param syncedPosition and before it survive a power failure
   */
  constructor(parts: MaintenanceParts, writtenPosition: number, syncedPosition: number) {
    this.#parts = parts
    this.#indexWrittenPosition = writtenPosition
    this.#indexWrittenAtMs = parts.clock.monotonic()
    this.#syncedPosition = syncedPosition
    this.#hasUnknownFiles = syncedPosition < parts.commitLog.writtenPosition
    this.#shared = parts.checkpoint.shared
  }

  start(): void {
    const { clock, options } = this.#parts
    this.#timers.push(
      clock.every(options.flushIntervalMs, () => void this.#parts.logSync.sync()),
      clock.every(options.queueWriteIntervalMs, () => this.#guarded('writing queues and index', () => this.#round())),
      clock.every(options.queueSyncIntervalMs, () => void this.#sync()),
    )
  }

  stop(): void {
    for (const cancel of this.#timers) cancel()
    this.#cancelSlice?.()
  }

  /** Writes and syncs everything. */
  finish(): void {
    const { queues, keyIndex, commitLog, checkpoint, logSync } = this.#parts
    const { segments, writtenPosition } = commitLog
    queues.writeAll()
    keyIndex?.write()
    for (const at of logSync.unsyncedFiles()) segments.syncNow(at)
    keyIndex?.syncNow()
    this.#indexWrittenPosition = writtenPosition
    // Syncing very many files would take minutes. They are written: only a power failure in the next moments could
    // lose them, and then the log is read again from where they were synced last.
    if (queues.unsyncedCount <= queuesSyncedAtCloseMax && !this.#hasUnknownFiles) {
      queues.syncNow()
      this.#noteSynced(writtenPosition, this.#parts.lastTimestamp())
      checkpoint.writeSyncedNow(this.#shared, this.#syncedPosition)
    }
    this.#writeCheckpoint()
    checkpoint.syncNow()
  }

  #round(): void {
    const { clock, keyIndex, commitLog } = this.#parts
    const nowMs = clock.monotonic()
    const { writtenPosition } = commitLog
    this.#samples.push({ position: writtenPosition, timestamp: this.#parts.lastTimestamp() })
    if (this.#cancelSlice === undefined) this.#writeQueues()
    const indexLag = writtenPosition - this.#indexWrittenPosition
    if (indexLag > lagBytesMax || (indexLag > 0 && nowMs - this.#indexWrittenAtMs > unwrittenAgeMsMax)) {
      keyIndex?.write()
      this.#indexWrittenPosition = writtenPosition
      this.#indexWrittenAtMs = nowMs
    }
    this.#writeCheckpoint()
  }

  /** Writes the queues that wait too long, or whose messages lie too far back in the log. */
  #writeQueues(): void {
    const { clock, queues, commitLog } = this.#parts
    this.#cancelSlice = undefined
    const startMs = clock.monotonic()
    for (;;) {
      const { writtenPosition } = commitLog
      const isBehind = writtenPosition - queues.writtenPosition(writtenPosition) > lagBytesMax
      const ageMs = isBehind ? 0 : unwrittenAgeMsMax
      if (queues.writeOlderThan(ageMs, clock.monotonic(), queuesPerLook) < queuesPerLook) return
      if (clock.monotonic() - startMs >= sliceMs) break
    }
    this.#cancelSlice = clock.after(sliceGapMs, () =>
      this.#guarded('writing queues and index', () => this.#writeQueues()),
    )
  }

  get #writtenPosition(): number {
    const queuesPosition = this.#parts.queues.writtenPosition(this.#parts.commitLog.writtenPosition)
    return this.#parts.keyIndex === undefined ? queuesPosition : Math.min(queuesPosition, this.#indexWrittenPosition)
  }

  #writeCheckpoint(): void {
    this.#parts.checkpoint.write({
      position: this.#writtenPosition,
      logSyncedPosition: this.#parts.logSync.syncedPosition,
      bootId: this.#parts.bootId,
    })
  }

  async #sync(): Promise<void> {
    if (this.#syncing || this.#parts.guard.isFenced) return
    this.#syncing = true
    const position = this.#writtenPosition
    const timestamp = this.#timestampUpTo(position)
    try {
      const { logSync, queues, keyIndex, checkpoint } = this.#parts
      await logSync.sync()
      if (this.#hasUnknownFiles) await queues.syncAllFiles()
      this.#hasUnknownFiles = false
      await queues.sync()
      await keyIndex?.sync()
      if (logSync.syncedPosition < position) return
      this.#noteSynced(position, timestamp)
      await checkpoint.writeSynced(this.#shared, position)
    } catch (error) {
      this.#parts.guard.fence('syncing queues and index', error)
    } finally {
      this.#syncing = false
    }
  }

  /** A store time that all messages behind `position` have reached. */
  #timestampUpTo(position: number): number {
    while (this.#samples.length > 1 && this.#samples[1]!.position <= position) this.#samples.shift()
    const sample = this.#samples[0]
    return sample !== undefined && sample.position <= position ? sample.timestamp : this.#shared.queuesTimestamp
  }

  #noteSynced(position: number, timestamp: number): void {
    this.#syncedPosition = position
    this.#shared = {
      logTimestamp: timestamp,
      queuesTimestamp: timestamp,
      indexTimestamp: timestamp,
      queuesPosition: position,
    }
  }

  #guarded(during: string, action: () => void): void {
    if (this.#parts.guard.isFenced) return
    try {
      action()
    } catch (error) {
      // Queue units and keys stay in memory, and are written in a later round.
      if (isDiskFull(error)) this.#parts.guard.setDiskFull(diskFullReason)
      else this.#parts.guard.fence(during, error)
    }
  }
}
