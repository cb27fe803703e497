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

/** Jobs of many small steps, each job as a whole before the next one, in a part of each turn of the loop. */
export class StepwiseJobs {
  readonly #share: LoopShare
  #last: Promise<unknown> = Promise.resolve()

  constructor(share: LoopShare) {
    this.#share = share
  }

  /**
   * Resolves when a job is done, behind those that were begun before it.
   * @param begin gives the steps once it is the job's turn
   * @throws what a step throws: the steps behind it are not done
   */
  run(begin: () => Iterator<unknown>): Promise<void> {
    const done = this.#last.then(() => this.#goThrough(begin()))
    // Its caller has the error; the next job begins in any case.
    this.#last = done.catch(() => {})
    return done
  }

  async #goThrough(steps: Iterator<unknown>): Promise<void> {
    while (!(await this.#share.run(() => steps.next())).done);
  }
}
