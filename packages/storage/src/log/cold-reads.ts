import type { Clock } from '@rocketmq-ts/platform'

/** What is read has to be answered, which costs about as much again. */
const costOfAnswering = 2

export interface ColdReadLimits {
  /** A turn of the loop that takes no longer has little else to do, in milliseconds. */
  quietTurnMs: number
  /** Processor time that reads may take in the turn after such a one, or after a turn without reads, in milliseconds. */
  quietShareMs: number
}

/**
 * Lets reads of what is not in memory wait for their turn: in each turn of the loop they get a slice of time, and all
 * else comes first. On a busy broker that slice is a single read, so that consumers who are far behind do not slow down
 * those who send, and those who read what is new. An idle one has more and shorter turns, with several reads in each, so
 * that they read as fast as it can.
 */
export class ColdReads {
  readonly #clock: Clock
  readonly #limits: ColdReadLimits
  #waiting: (() => void)[] = []
  #turnStartMs = 0
  #isTurnAsked = false
  /** What reads may take in this turn; the first one is always done. */
  #shareMs = 0
  #readCount = 0
  #usedMs = 0

  constructor(clock: Clock, limits: ColdReadLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Reads now, when there is time left in this turn and nobody waits, or in a later turn. */
  inTurn<Result>(read: () => Result): Result | Promise<Result> {
    if (!this.#isTurnAsked) this.#beginTurn(this.#limits.quietShareMs)
    if (this.#waiting.length === 0 && this.#hasTime) return this.#timed(read)
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

  get #hasTime(): boolean {
    return this.#readCount === 0 || this.#usedMs < this.#shareMs
  }

  #timed<Result>(read: () => Result): Result {
    const startMs = this.#clock.monotonic()
    try {
      return read()
    } finally {
      this.#readCount++
      this.#usedMs += (this.#clock.monotonic() - startMs) * costOfAnswering
    }
  }

  #beginTurn(shareMs: number): void {
    this.#turnStartMs = this.#clock.monotonic()
    this.#shareMs = shareMs
    this.#readCount = 0
    this.#usedMs = 0
    this.#isTurnAsked = true
    this.#clock.nextTurn(() => this.#turn())
  }

  #turn(): void {
    this.#isTurnAsked = false
    if (this.#waiting.length === 0) return
    const { quietTurnMs, quietShareMs } = this.#limits
    const turnMs = this.#clock.monotonic() - this.#turnStartMs
    this.#beginTurn(turnMs <= quietTurnMs ? quietShareMs : 0)
    let done = 0
    while (done < this.#waiting.length && this.#hasTime) this.#waiting[done++]!()
    this.#waiting = this.#waiting.slice(done)
  }
}
