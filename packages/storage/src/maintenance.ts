import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { type Follower, positionOfAll } from './followers/follower.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LogSync } from './log/log-sync.ts'
import {
  type CheckpointFile,
  nothingInFiles,
  type SharedCheckpoint,
  type WrittenCheckpoint,
} from './recovery/checkpoint.ts'
import { repeat } from './repeat.ts'
import type { LiveStoreOptions } from './store-options.ts'
import { diskFullReason, isDiskFull, type WriteGuard } from './write-guard.ts'

export interface MaintenanceParts {
  clock: Clock
  log: Log
  live(): LiveStoreOptions
  commitLog: CommitLog
  logSync: LogSync
  followers: readonly Follower[]
  checkpoint: CheckpointFile
  guard: WriteGuard
  bootId: string
  lastTimestamp(): number
}

/** Log bytes that followers may lag behind: the most that is read again after a crash of the process. */
const lagBytesMax = 128 * 1024 * 1024
/** Age at which unwritten data of a follower is written, however little it is. */
const waitingMsMax = 10_000
/** Longer writes are done in slices, so that senders do not wait for all of them. */
const sliceMs = 3
const sliceGapMs = 10

/**
 * Writes what the followers hold in memory, syncs log and followers, and records in the checkpoint how far that got.
 */
export class Maintenance {
  readonly #parts: MaintenanceParts
  readonly #timers: CancelTimer[] = []
  #syncedPosition: number
  /** A store time that no message behind `#syncedPosition` is older than. */
  #syncedTimestamp: number
  #shared: SharedCheckpoint
  /** Positions of the log with the store time that was reached there, ascending. */
  #samples: { position: number; timestamp: number }[] = []
  /** The sync that is under way. */
  #syncing: Promise<void> | undefined
  #isStopped = false
  /** Set while a further slice is scheduled. */
  #cancelSlice: CancelTimer | undefined

  /** @param syncedPosition everything derived from messages before it survives a power failure */
  constructor(parts: MaintenanceParts, syncedPosition: number) {
    this.#parts = parts
    this.#syncedPosition = syncedPosition
    this.#shared = parts.checkpoint.shared
    this.#syncedTimestamp = knownTimestamp(this.#shared)
  }

  start(): void {
    const { clock, live } = this.#parts
    this.#timers.push(
      repeat(
        clock,
        () => live().flushIntervalMs,
        () => void this.#parts.logSync.sync(),
      ),
      repeat(
        clock,
        () => live().queueWriteIntervalMs,
        () => this.#guarded(() => this.#round()),
      ),
      repeat(
        clock,
        () => live().queueSyncIntervalMs,
        () => this.#sync(),
      ),
    )
  }

  /** A sync in the background ends at its next step: it finds files closed. */
  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#timers) cancel()
    this.#cancelSlice?.()
  }

  /** The sync of followers that is under way, if there is one. */
  get syncing(): Promise<void> | undefined {
    return this.#syncing
  }

  /** The log was cut back, and followers with it, while no sync was under way. */
  cutBackTo(position: number): void {
    const { checkpoint, followers } = this.#parts
    // What followers made again is not in their files.
    this.#syncedPosition = Math.min(this.#syncedPosition, position, positionOfAll(followers))
    this.#samples = []
    checkpoint.endCut(position, this.#written())
    this.#shared = checkpoint.shared
    this.#syncedTimestamp = knownTimestamp(this.#shared)
  }

  /** Writes and syncs everything. */
  finish(): void {
    const { followers, commitLog, checkpoint, logSync } = this.#parts
    const { segments, writtenPosition } = commitLog
    for (const follower of followers) follower.write()
    for (const at of logSync.unsyncedFiles()) segments.syncNow(at)
    // Syncing very many files would take minutes. They are written, so only a power failure soon after could lose them:
    // then the log is read again from where they were last synced.
    const areSynced = followers.map((follower) => follower.syncNow())
    if (areSynced.every(Boolean)) {
      this.#noteSynced(writtenPosition, this.#parts.lastTimestamp())
      checkpoint.writeSyncedNow(this.#shared, this.#syncedPosition, this.#parts.lastTimestamp())
    }
    this.#writeCheckpoint()
    checkpoint.syncNow()
  }

  #round(): void {
    const { commitLog } = this.#parts
    this.#samples.push({ position: commitLog.writtenPosition, timestamp: this.#parts.lastTimestamp() })
    if (this.#cancelSlice === undefined) this.#writeFollowers()
    this.#writeCheckpoint()
  }

  /** Writes what has waited too long in memory, or was derived from messages too far back in the log. */
  #writeFollowers(): void {
    const { clock, followers } = this.#parts
    this.#cancelSlice = undefined
    const startMs = clock.monotonic()
    for (const follower of followers) {
      while (this.#isDue(follower)) {
        if (clock.monotonic() - startMs >= sliceMs) {
          this.#cancelSlice = clock.after(sliceGapMs, () => this.#guarded(() => this.#writeFollowers()))
          return
        }
        follower.writeSome()
      }
    }
  }

  #isDue({ waitingSinceMs, position }: Follower): boolean {
    if (waitingSinceMs === undefined) return false
    const { clock, commitLog } = this.#parts
    return clock.monotonic() - waitingSinceMs > waitingMsMax || commitLog.writtenPosition - position > lagBytesMax
  }

  #writeCheckpoint(): void {
    this.#parts.checkpoint.write(this.#written())
  }

  #written(): WrittenCheckpoint {
    const { followers, logSync, bootId, lastTimestamp } = this.#parts
    return {
      position: positionOfAll(followers),
      logSyncedPosition: logSync.syncedPosition,
      bootId,
      newestTimestamp: lastTimestamp(),
    }
  }

  #sync(): void {
    if (this.#syncing !== undefined || this.#parts.guard.isFenced) return
    this.#syncing = this.#syncFollowers().finally(() => {
      this.#syncing = undefined
    })
  }

  async #syncFollowers(): Promise<void> {
    const { logSync, followers, checkpoint } = this.#parts
    const position = positionOfAll(followers)
    const timestamp = this.#timestampUpTo(position)
    try {
      await logSync.sync()
      for (const follower of followers) {
        if (this.#isStopped) return
        await follower.sync()
      }
      if (this.#isStopped || logSync.syncedPosition < position) return
      this.#noteSynced(position, timestamp)
      await checkpoint.writeSynced(this.#shared, position, this.#parts.lastTimestamp())
    } catch (error) {
      this.#parts.guard.fence(`syncing ${this.#names}`, error)
    }
  }

  /** A store time that no message behind `position` is older than. */
  #timestampUpTo(position: number): number {
    while (this.#samples.length > 1 && this.#samples[1]!.position <= position) this.#samples.shift()
    const sample = this.#samples[0]
    return sample !== undefined && sample.position <= position ? sample.timestamp : this.#syncedTimestamp
  }

  #noteSynced(position: number, timestamp: number): void {
    this.#syncedPosition = position
    this.#syncedTimestamp = timestamp
    const isOursAlone = this.#parts.followers.some((follower) => follower.isOursAlone === true)
    this.#shared = {
      logTimestamp: timestamp,
      queuesTimestamp: isOursAlone ? nothingInFiles : timestamp,
      indexTimestamp: timestamp,
      queuesPosition: position,
    }
  }

  #guarded(action: () => void): void {
    if (this.#parts.guard.isFenced) return
    try {
      action()
    } catch (error) {
      // On a full disk the data stays in memory, and a later round writes it.
      if (isDiskFull(error)) this.#parts.guard.setDiskFull(diskFullReason)
      else this.#parts.guard.fence(`writing ${this.#names}`, error)
    }
  }

  get #names(): string {
    return this.#parts.followers.map(({ name }) => name).join(' or ')
  }
}

/** The time up to which queues are synced, by a checkpoint: all times are noted together. */
function knownTimestamp({ queuesTimestamp, logTimestamp }: SharedCheckpoint): number {
  return queuesTimestamp === nothingInFiles ? logTimestamp : queuesTimestamp
}
