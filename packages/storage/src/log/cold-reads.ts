import type { Clock } from '@rocketmq-ts/platform'

/** What is read has to be answered, which costs about as much again. */
const costOfAnswering = 2
/** How long what was seen of the loop counts, in milliseconds. */
const memoryMs = 20
/** Part of the time that turns with much other work took, from which on the loop is a busy one. */
const busyFrom = 0.5

export interface ColdReadLimits {
  /** A turn of the loop that takes no longer for all else is that of a loop with time to spare, in milliseconds. */
  quietTurnMs: number
  /** Processor time that reads may take in each turn of a loop with time to spare, in milliseconds. */
  quietShareMs: number
  /** Part of a busy loop's time that reads may take. */
  busyShare: number
}

/**
 * Lets reads of what is not in memory wait for their turn: in the turns of the loop they get a slice of time, and all
 * else comes first. On a busy broker that is a small share, so that consumers who are far behind do not slow down those
 * who send, and those who read what is new. On one with time to spare they read as fast as it can.
 */
export class ColdReads {
  readonly #clock: Clock
  readonly #limits: ColdReadLimits
  #waiting: (() => void)[] = []
  #turnStartMs = 0
  #isTurnAsked = false
  /** What reads took in this turn, with their answers. */
  #usedMs = 0
  /** What they may still take. */
  #creditMs = 0
  /** Part of the last milliseconds that turns with much other work took. */
  #busyness = 0

  constructor(clock: Clock, limits: ColdReadLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Reads now, when there is time left in this turn and nobody waits, or in a later turn. */
  inTurn<Result>(read: () => Result): Result | Promise<Result> {
    if (!this.#isTurnAsked) this.#beginTurn(this.#creditAfterGap())
    if (this.#waiting.length === 0 && this.#creditMs > 0) return this.#timed(read)
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
      const costMs = (this.#clock.monotonic() - startMs) * costOfAnswering
      this.#usedMs += costMs
      this.#creditMs -= costMs
    }
  }

  #beginTurn(creditMs: number): void {
    this.#turnStartMs = this.#clock.monotonic()
    this.#creditMs = creditMs
    this.#usedMs = 0
    this.#isTurnAsked = true
    this.#clock.nextTurn(() => this.#turn())
  }

  #turn(): void {
    this.#isTurnAsked = false
    const creditMs = this.#creditOfNextTurn()
    if (this.#waiting.length === 0) {
      this.#turnStartMs = this.#clock.monotonic()
      this.#creditMs = creditMs
      return
    }
    this.#beginTurn(creditMs)
    let done = 0
    while (done < this.#waiting.length && this.#creditMs > 0) this.#waiting[done++]!()
    if (done > 0) this.#waiting = this.#waiting.slice(done)
  }

  /** A loop that waits for the disk in between, while it is busy, has no time to spare. */
  #creditOfNextTurn(): number {
    const { quietTurnMs, quietShareMs } = this.#limits
    const turnMs = this.#clock.monotonic() - this.#turnStartMs
    const isQuiet = turnMs - this.#usedMs <= quietTurnMs
    this.#busyness += ((isQuiet ? 0 : 1) - this.#busyness) * Math.min(1, turnMs / memoryMs)
    return isQuiet && this.#busyness < busyFrom ? quietShareMs : this.#creditAfterBusy(turnMs)
  }

  /** Nobody has looked at the loop since the last turn in which a read waited. */
  #creditAfterGap(): number {
    const gapMs = this.#clock.monotonic() - this.#turnStartMs
    if (gapMs > memoryMs) this.#busyness = 0
    return this.#busyness < busyFrom ? this.#limits.quietShareMs : this.#creditAfterBusy(gapMs)
  }

  /** A read that took more than there was is paid for by the time that follows. */
  #creditAfterBusy(elapsedMs: number): number {
    const { quietShareMs, busyShare } = this.#limits
    const earnedMs = elapsedMs * busyShare
    return Math.min(Math.max(quietShareMs, earnedMs), this.#creditMs + earnedMs)
  }
}

/** Reads that begin less than so many bytes before the end of the log share limits of their own. */
export interface ColdReadClass extends ColdReadLimits {
  behindBytesMax: number
}

/** Reads of what is not in memory, in classes by their distance from the end of the log. */
export class ColdReadsByDistance {
  readonly #classes: { behindBytesMax: number; reads: ColdReads }[]

  /** @param classes the nearest first; the last one takes all others, whatever it says */
  constructor(clock: Clock, classes: readonly ColdReadClass[]) {
    this.#classes = classes.map(({ behindBytesMax, ...limits }) => ({
      behindBytesMax,
      reads: new ColdReads(clock, limits),
    }))
  }

  /**
   * Reads now or in a later turn, as the limits of the class allow.
   * @param behindBytes from what is read to the end of the log
   */
  inTurn<Result>(behindBytes: number, read: () => Result): Result | Promise<Result> {
    const fitting = this.#classes.find(({ behindBytesMax }) => behindBytes < behindBytesMax) ?? this.#classes.at(-1)!
    return fitting.reads.inTurn(read)
  }
}
