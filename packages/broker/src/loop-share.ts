import type { Clock } from '@rocketmq-ts/platform'

/**
 * Work in the background that may come in bulk: all who do it together take a part of each turn of the loop, so that
 * requests do not wait for it.
 */
export class LoopShare {
  readonly #clock: Pick<Clock, 'monotonic' | 'nextTurn'>
  readonly #sliceMs: number
  /** When the first piece of this turn began; undefined when there was none. */
  #startMs: number | undefined
  #nextTurn: Promise<void> = Promise.resolve()

  /** @param sliceMs milliseconds of a turn, after which no piece begins in it */
  constructor(clock: Pick<Clock, 'monotonic' | 'nextTurn'>, sliceMs: number) {
    this.#clock = clock
    this.#sliceMs = sliceMs
  }

  /** Does a piece in this turn, or in a later one. @throws what it throws */
  async run<Result>(piece: () => Result): Promise<Result> {
    while (!this.#mayBegin()) await this.#nextTurn
    return piece()
  }

  #mayBegin(): boolean {
    const nowMs = this.#clock.monotonic()
    if (this.#startMs !== undefined) return nowMs - this.#startMs < this.#sliceMs
    this.#startMs = nowMs
    this.#nextTurn = new Promise((resolve) => {
      this.#clock.nextTurn(() => {
        this.#startMs = undefined
        resolve()
      })
    })
    return true
  }
}
