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

/** Items of a walk after which it is a long one. */
const shortWalkItems = 200
/** So many long ones are under way, each of which gathers an answer. */
const longWalksMax = 4

/**
 * Looks at items of which there may be very many, in a part of each turn of the loop. Few long walks are under way at a time:
 * what they gather is in memory. Short ones do not wait for them.
 */
export class Walks {
  readonly #share: LoopShare
  #longCount = 0
  readonly #waiting: (() => void)[] = []

  constructor(share: LoopShare) {
    this.#share = share
  }

  /** Resolves when all items have been looked at. @throws what a look throws */
  async forEach<Item>(items: Iterable<Item>, look: (item: Item) => void): Promise<void> {
    const iterator = items[Symbol.iterator]()
    let isOver = false
    const steps = function* (countMax: number): Generator<void> {
      for (let count = 1; count <= countMax; count++) {
        const { value, done } = iterator.next()
        isOver = done === true
        if (isOver) return
        look(value)
        if (count % itemsAtOnce === 0) yield
      }
    }
    await this.#share.goThrough(steps(shortWalkItems))
    if (isOver) return
    if (this.#longCount === longWalksMax) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#longCount++
    try {
      await this.#share.goThrough(steps(Number.POSITIVE_INFINITY))
    } finally {
      // The next one has its place.
      const next = this.#waiting.shift()
      if (next === undefined) this.#longCount--
      else next()
    }
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
