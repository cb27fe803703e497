import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import type { LogPositions, TimerMark, TimerStore } from '@rocketmq-ts/storage'

export interface TimerFlushParts {
  clock: Clock
  log: Log
  timers: TimerStore
  store: { readonly positions: LogPositions }
  intervalMs: number
}

/**
 * Writes the timer's files at an interval, and syncs them once the log is synced up to all that they follow from: what
 * was delivered survives a failure of the power before it is noted as delivered.
 */
export class TimerFlush {
  readonly #parts: TimerFlushParts
  #cancelTimer: CancelTimer = () => {}
  #running: Promise<void> | undefined
  /** What is to be synced, with the position of the log that has to be synced before. */
  #waiting: { mark: TimerMark; logPosition: number } | undefined
  #isFailing = false
  /** A flush will come, or is under way. */
  #isArmed = false
  #isClosed = false

  constructor(parts: TimerFlushParts) {
    this.#parts = parts
  }

  /** Something changed. */
  soon(): void {
    if (this.#isArmed || this.#isClosed) return
    const { clock, intervalMs } = this.#parts
    this.#isArmed = true
    this.#cancelTimer = clock.after(intervalMs, () => {
      this.#running = this.#flush().finally(() => {
        this.#isArmed = false
        if (this.#waiting !== undefined || this.#isFailing) this.soon()
      })
    })
  }

  /** Resolves when nothing is being synced any more. */
  async drain(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#running
  }

  async #flush(): Promise<void> {
    const { timers, store, clock } = this.#parts
    try {
      // After the log was cut back, its end is all that the mark still needs.
      const { synced, max } = store.positions
      if (this.#waiting !== undefined && synced >= Math.min(this.#waiting.logPosition, max)) {
        const { mark } = this.#waiting
        this.#waiting = undefined
        await timers.sync(mark, clock.now())
      }
      if (this.#waiting === undefined) {
        const logPosition = store.positions.max
        const mark = timers.mark()
        this.#waiting = mark && { mark, logPosition }
        timers.trim(store.positions.min)
      }
      this.#isFailing = false
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) {
      this.#parts.log.error({ err: error }, 'the files of the timer could not be written: it goes on trying')
    }
    this.#isFailing = true
  }
}
