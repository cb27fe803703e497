import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

const sampleIntervalMs = 1000
/** Seconds over which rates are told: brokerStatus shows all three. */
const spansSeconds = [10, 60, 600] as const

/** Rates of some totals over the last 10, 60 and 600 seconds, from a sample a second. */
export class RateWindow<Name extends string> {
  readonly #clock: Clock
  readonly #names: readonly Name[]
  readonly #totals: () => Readonly<Record<Name, number>>
  readonly #rows: { atMs: number; values: number[] }[] = []
  #cancelTimer: CancelTimer | undefined

  constructor(clock: Clock, names: readonly Name[], totals: () => Readonly<Record<Name, number>>) {
    this.#clock = clock
    this.#names = names
    this.#totals = totals
  }

  start(): void {
    this.#cancelTimer = this.#clock.every(sampleIntervalMs, () => this.#sample())
  }

  close(): void {
    this.#cancelTimer?.()
  }

  /** Growth a second of one total over each span; undefined for spans longer than the time so far. */
  rates(name: Name): (number | undefined)[] {
    const column = this.#names.indexOf(name)
    const last = this.#rows.at(-1)
    return spansSeconds.map((seconds) => {
      const first = this.#rows[this.#rows.length - 1 - seconds]
      if (first === undefined || last === undefined) return undefined
      const elapsedMs = last.atMs - first.atMs
      return elapsedMs <= 0 ? 0 : ((last.values[column]! - first.values[column]!) * 1000) / elapsedMs
    })
  }

  #sample(): void {
    const totals = this.#totals()
    this.#rows.push({ atMs: this.#clock.monotonic(), values: this.#names.map((name) => totals[name]) })
    if (this.#rows.length > spansSeconds[2] + 1) this.#rows.shift()
  }
}
