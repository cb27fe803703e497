import { assert } from '@rocketmq-ts/base'
import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { SegmentFolder } from '../segment-folder.ts'
import type { WriteGuard } from '../write-guard.ts'

/** The log to sync: a `CommitLog`, except in tests. */
export interface SyncedLog {
  /** Everything before is in the files. */
  readonly writtenPosition: number
  readonly segments: Pick<SegmentFolder, 'segmentBytes' | 'firstPosition' | 'startOf' | 'sync' | 'syncNow'>
}

/** What messages need to be read, and is kept elsewhere: it is synced whenever the log is. */
export interface SyncedWithLog {
  /** Whether everything of it survives a failure of the power. */
  readonly isSecured: boolean
  /** Resolves when everything that is there now does. Its errors are told by itself. */
  secured(): Promise<void>
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
  readonly #companions: SyncedWithLog[] = []
  #waiters: Waiter[] = []
  #syncedPosition: number
  #isRunning = false
  /** What the disk has of what is not synced is unknown then, whatever a later sync says. */
  #hasFailed = false
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

  add(companion: SyncedWithLog): void {
    this.#companions.push(companion)
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

  /**
   * Syncs what is written now, however long that takes, in a store that takes no more writes too.
   * @returns whether it survives a power failure; never again once a sync has failed
   */
  async syncWritten(): Promise<boolean> {
    const position = this.#commitLog.writtenPosition
    await this.sync()
    return this.#syncedPosition >= position || this.syncWrittenNow()
  }

  /** Like `syncWritten`, before it returns. */
  syncWrittenNow(): boolean {
    if (this.#hasFailed) return false
    const { segments, writtenPosition } = this.#commitLog
    try {
      for (const at of this.unsyncedFiles()) segments.syncNow(at)
    } catch (error) {
      this.#failed(error)
      return false
    }
    this.#syncedPosition = Math.max(this.#syncedPosition, writtenPosition)
    return true
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
        this.#failed(error)
        break
      }
      this.#syncedPosition = Math.max(this.#syncedPosition, target)
      const isSecured = await this.#secureCompanions()
      this.#end((waiter) => waiter.position <= target, isSecured)
    }
    // In the same turn in which the loop ended: a later waiter starts another run.
    this.#isRunning = false
    if (this.#guard.isFenced) this.#end(() => true, false)
  }

  /** @returns whether they are secured: on a full disk they may not be, and are tried again with the next sync */
  async #secureCompanions(): Promise<boolean> {
    let isSecured = true
    for (const companion of this.#companions) {
      if (companion.isSecured) continue
      await companion.secured().catch(() => {
        isSecured = false
      })
    }
    return isSecured
  }

  #failed(error: unknown): void {
    this.#hasFailed = true
    this.#guard.fence('syncing the log', error)
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
