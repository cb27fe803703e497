import type { Clock } from '@rocketmq-ts/platform'

const spanSeconds = 10

/** How many of something there were a second, in the last ten full seconds. It costs nothing while there are none. */
export class RecentRate {
  readonly #clock: Clock
  readonly #counts = new Array<number>(spanSeconds + 1).fill(0)
  #second = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(count: number): void {
    this.#advance()
    this.#counts[this.#second % this.#counts.length]! += count
  }

  perSecond(): number {
    this.#advance()
    const current = this.#counts[this.#second % this.#counts.length]!
    return (this.#counts.reduce((sum, count) => sum + count) - current) / spanSeconds
  }

  #advance(): void {
    const second = Math.floor(this.#clock.monotonic() / 1000)
    const first = Math.max(this.#second + 1, second - this.#counts.length + 1)
    for (let at = first; at <= second; at++) this.#counts[at % this.#counts.length] = 0
    this.#second = second
  }
}
