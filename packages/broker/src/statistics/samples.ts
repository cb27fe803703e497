interface Sample {
  tick: number
  sum: number
  times: number
}

/** Values of a counter at ticks. Only ticks at which it had changed are kept: many counters stand still. */
export class Samples {
  readonly #intervalCount: number
  readonly #firstTick: number
  #kept: Sample[] = []

  /** @param firstTick at which the counter was 0 */
  constructor(intervalCount: number, firstTick: number) {
    this.#intervalCount = intervalCount
    this.#firstTick = firstTick
  }

  put(tick: number, sum: number, times: number): void {
    this.#kept.push({ tick, sum, times })
    const oldestTick = tick - this.#intervalCount
    // The last one at or before the oldest tick holds the value there.
    let first = 0
    while (first + 1 < this.#kept.length && this.#kept[first + 1]!.tick <= oldestTick) first++
    if (first > 0) this.#kept = this.#kept.slice(first)
  }

  /** By how much the counter grew in the intervals before a tick, and how many of them it lived through. */
  growth(tick: number): { sum: number; times: number; intervals: number } {
    const fromTick = Math.max(tick - this.#intervalCount, this.#firstTick)
    const from = this.#at(fromTick)
    const to = this.#at(tick)
    return { sum: to.sum - from.sum, times: to.times - from.times, intervals: tick - fromTick }
  }

  #at(tick: number): { sum: number; times: number } {
    for (let index = this.#kept.length - 1; index >= 0; index--) {
      const sample = this.#kept[index]!
      if (sample.tick <= tick) return sample
    }
    return nothing
  }
}

const nothing = { sum: 0, times: 0 }
