import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

/** Totals as they stood at the last two midnights of the local time zone. */
export interface DailyTotals {
  readonly yesterdayMorning: number
  readonly todayMorning: number
}

/** Notes totals at each midnight. */
export class MidnightTotals<Name extends string> {
  readonly #clock: Clock
  readonly #totals: () => Readonly<Record<Name, number>>
  #today: Partial<Record<Name, number>> = {}
  #yesterday: Partial<Record<Name, number>> = {}
  #cancelTimer: CancelTimer | undefined

  constructor(clock: Clock, totals: () => Readonly<Record<Name, number>>) {
    this.#clock = clock
    this.#totals = totals
  }

  start(): void {
    this.#cancelTimer = this.#clock.after(msToMidnight(this.#clock.now()), () => {
      this.#yesterday = this.#today
      this.#today = { ...this.#totals() }
      this.start()
    })
  }

  close(): void {
    this.#cancelTimer?.()
  }

  of(name: Name): DailyTotals {
    return { yesterdayMorning: this.#yesterday[name] ?? 0, todayMorning: this.#today[name] ?? 0 }
  }
}

function msToMidnight(nowMs: number): number {
  const midnight = new Date(nowMs)
  midnight.setHours(24, 0, 0, 0)
  return Math.max(midnight.getTime() - nowMs, 1)
}
