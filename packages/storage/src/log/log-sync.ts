import type { Clock } from '@rocketmq-ts/platform'
import type { WriteGuard } from '../write-guard.ts'
import type { CommitLog } from './commit-log.ts'

interface Waiter {
  position: number
  done(isSynced: boolean): void
  cancelTimer(): void
}

/**
 * Syncs the log. All that waits when a sync starts is done when it ends: one sync serves everything that was written
 * while the one before was under way (group commit).
 */
export class LogSync {
  readonly #commitLog: CommitLog
  readonly #guard: WriteGuard
  readonly #clock: Clock
  readonly #timeoutMs: number
  #waiters: Waiter[] = []
  #syncedPosition: number
  #running: Promise<void> = Promise.resolve()
  #isRunning = false

  /** @param syncedPosition everything before is known to survive a power failure */
  constructor(commitLog: CommitLog, guard: WriteGuard, clock: Clock, timeoutMs: number, syncedPosition: number) {
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

  /** Calls back when the log is synced up to `position`, or with false when that failed or took too long. */
  whenSynced(position: number, done: (isSynced: boolean) => void): void {
    const waiter: Waiter = {
      position,
      done,
      cancelTimer: this.#clock.after(this.#timeoutMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        done(false)
      }),
    }
    this.#waiters.push(waiter)
    void this.sync()
  }

  /** Syncs what is written now; joins a sync that is under way and follows it with another if need be. */
  sync(): Promise<void> {
    if (this.#isRunning) return this.#running
    this.#isRunning = true
    this.#running = this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    while (this.#syncedPosition < this.#commitLog.writtenPosition && !this.#guard.isFenced) {
      const target = this.#commitLog.writtenPosition
      const { segments } = this.#commitLog
      try {
        for (let at = this.#firstUnsynced(); at < target; at += segments.segmentBytes) {
          await segments.sync(at)
        }
      } catch (error) {
        this.#guard.fence('syncing the log', error)
        break
      }
      this.#syncedPosition = target
      this.#release()
    }
    // In the same turn in which the loop ended: whoever comes later starts another run.
    this.#isRunning = false
    if (this.#guard.isFenced) this.#failAll()
  }

  /** Files before the first one that is there were deleted. */
  #firstUnsynced(): number {
    const { segments } = this.#commitLog
    return Math.max(segments.startOf(this.#syncedPosition), segments.firstPosition)
  }

  #release(): void {
    const done = this.#waiters.filter((waiter) => waiter.position <= this.#syncedPosition)
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > this.#syncedPosition)
    for (const waiter of done) {
      waiter.cancelTimer()
      waiter.done(true)
    }
  }

  #failAll(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      waiter.cancelTimer()
      waiter.done(false)
    }
  }
}
