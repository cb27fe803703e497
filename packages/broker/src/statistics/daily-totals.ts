import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

/** Totals as they stood at the last two midnights of the local time zone. */
export interface DailyTotals {
  readonly yesterdayMorning: number
  readonly todayMorning: number
}

/** The longest time, in milliseconds, after which the day is looked at again: the clock may be set meanwhile. */
const lookIntervalMs = 60_000

/**
 * Notes totals at each midnight. The clock tells whether one has passed, and not the time that a timer took: over a day the two
 * differ by more than a second, and by any time when the clock is set or the machine sleeps.
 */
export class MidnightTotals<Name extends string> {
  readonly #clock: Clock
  readonly #totals: () => Readonly<Record<Name, number>>
  /** When the day began, in milliseconds since 1970. */
  #dayMs = 0
  #today: Partial<Record<Name, number>> = {}
  #yesterday: Partial<Record<Name, number>> = {}
  #cancelTimer: CancelTimer | undefined

  constructor(clock: Clock, totals: () => Readonly<Record<Name, number>>) {
    this.#clock = clock
    this.#totals = totals
  }

  start(): void {
    this.#dayMs = midnight(this.#clock.now(), 0)
    this.#lookLater()
  }

  close(): void {
    this.#cancelTimer?.()
  }

  of(name: Name): DailyTotals {
    return { yesterdayMorning: this.#yesterday[name] ?? 0, todayMorning: this.#today[name] ?? 0 }
  }

  #lookLater(): void {
    const nowMs = this.#clock.now()
    const leftMs = Math.max(midnight(nowMs, 1) - nowMs, 1)
    this.#cancelTimer = this.#clock.after(Math.min(leftMs, lookIntervalMs), () => {
      this.#look()
      this.#lookLater()
    })
  }

  /** A clock that is set back to an earlier day passes that day's midnight once more. */
  #look(): void {
    const dayMs = midnight(this.#clock.now(), 0)
    if (dayMs > this.#dayMs) {
      const totals = { ...this.#totals() }
      // When whole days were left out, nothing was counted between the last two midnights.
      this.#yesterday = dayMs === midnight(this.#dayMs, 1) ? this.#today : totals
      this.#today = totals
    }
    this.#dayMs = dayMs
  }
}

/** The midnight at which the day of a time began, or the one so many days later. */
function midnight(timeMs: number, daysLater: number): number {
  const date = new Date(timeMs)
  date.setHours(24 * daysLater, 0, 0, 0)
  return date.getTime()
}
