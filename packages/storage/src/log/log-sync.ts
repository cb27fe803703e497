import { assert } from '@rocketmq-ts/base'
import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { SegmentFolder } from '../segment-folder.ts'
import type { WriteGuard } from '../write-guard.ts'

/** The log to sync: a `CommitLog`, except in tests. */
export interface SyncedLog {
  /** Everything before is in the files. */
  readonly writtenPosition: number
  readonly segments: Pick<SegmentFolder, 'segmentBytes' | 'firstPosition' | 'startOf' | 'sync'>
}

/** The deadline of a waiter without one. */
const never = Number.POSITIVE_INFINITY

interface Waiter {
  position: number
  /** By the monotonic clock. */
  deadlineMs: number
  done(isSynced: boolean): void
}

/** A large sync makes writes to the log wait, and so the senders. More unsynced bytes than this are synced early. */
const unsyncedBytesMax = 4 * 1024 * 1024

/**
 * Syncs the log for those who wait for it. One sync serves everyone whose data was written while the sync before it was
 * under way (group commit). Data that nobody waits for is synced with the next data that somebody waits for.
 */
export class LogSync {
  readonly #commitLog: SyncedLog
  readonly #guard: WriteGuard
  readonly #clock: Clock
  readonly #timeoutMs: () => number
  #waiters: Waiter[] = []
  #syncedPosition: number
  #isRunning = false
  /** Set while there is a waiter with a deadline. */
  #cancelTimer: CancelTimer | undefined
  /** When the timer fires, by the monotonic clock. */
  #timerMs = never

  /**
   * @param timeoutMs how long `whenSynced` waits; read at each call
   * @param syncedPosition everything before is known to survive a power failure
   */
  constructor(commitLog: SyncedLog, guard: WriteGuard, clock: Clock, timeoutMs: () => number, syncedPosition: number) {
    this.#commitLog = commitLog
    this.#guard = guard
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#syncedPosition = syncedPosition
  }

  /** Everything before survives a power failure. */
  get syncedPosition(): number {
    return this.#syncedPosition
  }

  /** A position in each file that has written data which is not known to be synced. */
  unsyncedFiles(): number[] {
    const { segments, writtenPosition } = this.#commitLog
    const positions: number[] = []
    // Earlier files were deleted.
    const first = Math.max(segments.startOf(this.#syncedPosition), segments.firstPosition)
    for (let at = first; at < writtenPosition; at += segments.segmentBytes) positions.push(at)
    return positions
  }

  /** Calls back when the log is synced up to `position`, or with false when that failed or took too long. */
  whenSynced(position: number, done: (isSynced: boolean) => void): void {
    const timeoutMs = this.#timeoutMs()
    const deadlineMs = this.#clock.monotonic() + timeoutMs
    this.#waiters.push({ position, deadlineMs, done })
    // A timer for a later deadline, set when the timeout was longer, is replaced.
    if (deadlineMs < this.#timerMs) this.#cancelTimer?.()
    if (deadlineMs < this.#timerMs || this.#cancelTimer === undefined) this.#setTimer(timeoutMs)
    void this.#run()
  }

  /** Syncs what is written now, however long that takes. Resolves when it is synced, or the store is fenced. */
  sync(): Promise<void> {
    const position = this.#commitLog.writtenPosition
    if (position <= this.#syncedPosition) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ position, deadlineMs: never, done: () => resolve() })
      void this.#run()
    })
  }

  /** Whether a sync is under way. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** To be called when the log was cut back and synced, while no sync was under way. */
  cutBackTo(position: number): void {
    assert(!this.#isRunning && this.#waiters.length === 0, 'the log is cut back while it is synced')
    this.#syncedPosition = Math.min(this.#syncedPosition, position)
  }

  /** To be called after each write: starts a sync early, so that no sync takes long. */
  limitUnsynced(): void {
    const unsyncedBytes = this.#commitLog.writtenPosition - this.#syncedPosition
    if (unsyncedBytes > unsyncedBytesMax && !this.#isRunning) void this.sync()
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    while (this.#waiters.length > 0 && !this.#guard.isFenced) {
      const target = this.#commitLog.writtenPosition
      const { segments } = this.#commitLog
      try {
        for (const at of this.unsyncedFiles()) await segments.sync(at)
      } catch (error) {
        this.#guard.fence('syncing the log', error)
        break
      }
      this.#syncedPosition = target
      this.#end((waiter) => waiter.position <= target, true)
    }
    // In the same turn in which the loop ended: a later waiter starts another run.
    this.#isRunning = false
    if (this.#guard.isFenced) this.#end(() => true, false)
  }

  #expire(): void {
    this.#cancelTimer = undefined
    this.#timerMs = never
    const nowMs = this.#clock.monotonic()
    this.#end((waiter) => waiter.deadlineMs <= nowMs, false)
    const nextMs = this.#waiters.reduce((earliest, { deadlineMs }) => Math.min(earliest, deadlineMs), never)
    if (nextMs !== never && this.#cancelTimer === undefined) this.#setTimer(nextMs - nowMs)
  }

  #setTimer(delayMs: number): void {
    this.#timerMs = this.#clock.monotonic() + delayMs
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#expire())
  }

  /** Removes the waiters that are done, and tells them. */
  #end(isDone: (waiter: Waiter) => boolean, isSynced: boolean): void {
    const done: Waiter[] = []
    const waiting: Waiter[] = []
    for (const waiter of this.#waiters) (isDone(waiter) ? done : waiting).push(waiter)
    this.#waiters = waiting
    if (waiting.length === 0) {
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
      this.#timerMs = never
    }
    for (const waiter of done) waiter.done(isSynced)
  }
}
