import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

/** Milliseconds between two runs at the least, and when nothing happens. */
const leastMs = 1000
const usualMs = 20_000

/**
 * Decides when queues are shared out anew: every 20 s, soon again when something was missing, and at once when it is
 * asked for; but one run at a time, and never twice within a second, however many notices come.
 */
export class RebalanceTimer {
  readonly #clock: Clock
  /** @returns whether nothing was missing. Never rejects. */
  readonly #run: () => Promise<boolean>
  #cancelTimer: CancelTimer | undefined
  #lastMs = Number.NEGATIVE_INFINITY
  #isRunning = false
  #isWanted = false
  #incomplete = 0
  #isClosed = false

  constructor(clock: Clock, run: () => Promise<boolean>) {
    this.#clock = clock
    this.#run = run
  }

  /** Something has changed. Before the first run it makes no difference. */
  request(): void {
    if (this.#lastMs === Number.NEGATIVE_INFINITY) return
    // What is missing now has not been waited for yet.
    this.#incomplete = 0
    if (this.#isRunning) this.#isWanted = true
    else this.#schedule(0)
  }

  /** Nothing is begun any more. */
  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
  }

  /** Runs now; resolves when it has run. */
  async runNow(): Promise<void> {
    if (this.#isClosed) return
    this.#cancelTimer?.()
    this.#isRunning = true
    this.#lastMs = this.#clock.monotonic()
    const isComplete = await this.#run()
    this.#isRunning = false
    this.#incomplete = isComplete ? 0 : this.#incomplete + 1
    const soonMs = Math.min(usualMs, leastMs * 2 ** Math.min(this.#incomplete - 1, 10))
    this.#schedule(this.#isWanted ? 0 : isComplete ? usualMs : soonMs)
    this.#isWanted = false
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelTimer?.()
    const sinceMs = this.#clock.monotonic() - this.#lastMs
    this.#cancelTimer = this.#clock.after(Math.max(delayMs, leastMs - sinceMs), () => void this.runNow())
  }
}
