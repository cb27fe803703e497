import type { Clock } from '@rocketmq-ts/platform'

/** Each of them may be a look into a queue that has to be opened. */
const itemsAtOnce = 8

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

  /** Goes through steps, each of which is a piece: those of others have their turns in between. @throws what a step throws */
  async goThrough(steps: Iterator<unknown>): Promise<void> {
    while (!(await this.run(() => steps.next())).done);
  }

  /** Looks at each of very many items: others have their turns in between. @throws what a look throws */
  forEach<Item>(items: Iterable<Item>, look: (item: Item) => void): Promise<void> {
    const iterator = items[Symbol.iterator]()
    return this.goThrough(stepsOver(iterator, look))
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

function* stepsOver<Item>(items: Iterator<Item>, look: (item: Item) => void): Generator<void> {
  for (let count = 1; ; count++) {
    const { value, done } = items.next()
    if (done === true) return
    look(value)
    if (count % itemsAtOnce === 0) yield
  }
}

/**
 * Jobs of many small steps, in a part of each turn of the loop. Those that have a key in common are done one after the
 * other, each as a whole; others take turns.
 */
export class StepwiseJobs {
  readonly #share: LoopShare
  /** By key, the end of the last job that has it. */
  readonly #ends = new Map<string, Promise<void>>()

  constructor(share: LoopShare) {
    this.#share = share
  }

  /** Keys of jobs that are not done. */
  get keyCount(): number {
    return this.#ends.size
  }

  /**
   * Resolves when a job is done, behind those with one of its keys that came before it.
   * @param begin gives the steps once it is the job's turn
   * @throws what a step throws: the steps behind it are not done
   */
  run(keys: Iterable<string>, begin: () => Iterator<unknown>): Promise<void> {
    const own = new Set(keys)
    const before = [...own].map((key) => this.#ends.get(key))
    const done = Promise.all(before).then(() => this.#share.goThrough(begin()))
    const forget = (): void => {
      for (const key of own) if (this.#ends.get(key) === end) this.#ends.delete(key)
    }
    // Its caller has the error; the next job begins in any case.
    const end = done.then(forget, forget)
    for (const key of own) this.#ends.set(key, end)
    return done
  }
}
