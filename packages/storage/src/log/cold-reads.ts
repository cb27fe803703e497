import type { Clock } from '@rocketmq-ts/platform'

/** What is read has to be answered, which costs about as much again. */
const costOfAnswering = 2

/**
 * Lets reads of what is not in memory wait for their turn: in each turn of the loop they get a small slice of time, and
 * all else comes first. An idle broker has many turns, so consumers that are far behind read as fast as it can; a busy
 * one has few, so they do not slow down those who send, and those who read what is new.
 */
export class ColdReads {
  readonly #clock: Clock
  readonly #msPerTurn: number
  #waiting: (() => void)[] = []
  #usedMs = 0
  #isTurnAsked = false

  /** @param msPerTurn processor time that reads may take in one turn, in milliseconds */
  constructor(clock: Clock, msPerTurn: number) {
    this.#clock = clock
    this.#msPerTurn = msPerTurn
  }

  /** Reads now, when there is time left in this turn and nobody waits, or in a later turn. */
  inTurn<Result>(read: () => Result): Result | Promise<Result> {
    this.#askForTurn()
    if (this.#waiting.length === 0 && this.#usedMs < this.#msPerTurn) return this.#timed(read)
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    this.#waiting.push(() => {
      try {
        resolve(this.#timed(read))
      } catch (error) {
        reject(error)
      }
    })
    return promise
  }

  #timed<Result>(read: () => Result): Result {
    const startMs = this.#clock.monotonic()
    try {
      return read()
    } finally {
      this.#usedMs += (this.#clock.monotonic() - startMs) * costOfAnswering
    }
  }

  #askForTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.#clock.nextTurn(() => this.#turn())
  }

  #turn(): void {
    this.#isTurnAsked = false
    this.#usedMs = 0
    let done = 0
    while (done < this.#waiting.length && this.#usedMs < this.#msPerTurn) this.#waiting[done++]!()
    if (done === 0) return
    this.#waiting = this.#waiting.slice(done)
    this.#askForTurn()
  }
}
