import { Places } from '@rocketmq-ts/base'
import type { Clock } from '@rocketmq-ts/platform'

/** Answering costs about as much as reading. */
const costOfAnswering = 2
/** The span over which the busyness of the loop is averaged, in milliseconds. */
const memoryMs = 20
/** The loop is busy when turns with much other work took this part of its time. */
const busyFrom = 0.5
/** Reads that load what they need at a time: each takes memory for that. The system reads few files at once anyway. */
const underWayMax = 8

export interface ColdReadLimits {
  /** A turn is quiet when all other work in it takes no longer, in milliseconds. */
  quietTurnMs: number
  /** Processor time that reads may take in each turn of a loop that is not busy, in milliseconds. */
  quietShareMs: number
  /** Part of a busy loop's time that reads may take. */
  busyShare: number
}

/**
 * Gives reads of what is not in memory a slice of time in each turn of the loop. On a busy broker the slice is small,
 * so that consumers that are far behind do not slow down producers and readers of new messages. On a broker with time
 * to spare the reads are as fast as it can serve them.
 */
export class ColdReads {
  readonly #clock: Clock
  readonly #limits: ColdReadLimits
  readonly #places = new Places(underWayMax)
  #waiting: (() => void)[] = []
  #turnStartMs = 0
  #isTurnAsked = false
  /** Time that reads and their answers took in this turn. */
  #usedMs = 0
  /** Time that reads may still take. */
  #creditMs = 0
  /** The part of recent time that turns with much other work took, 0 to 1. */
  #busyness = 0

  constructor(clock: Clock, limits: ColdReadLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Reads now, when this turn has time left and no read waits; undefined otherwise. */
  atOnce<Result>(read: () => Result): Result | undefined {
    return this.#hasTime() ? this.#timed(read) : undefined
  }

  /** Reads now, as `atOnce` does, or in a later turn. */
  inTurn<Result>(read: () => Result): Result | Promise<Result> {
    if (this.#hasTime()) return this.#timed(read)
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

  /** Does all of a read that takes several turns, with loads between them, once there is a place for one more. */
  underWay<Result>(read: () => Promise<Result>): Promise<Result> {
    return this.#places.run(read)
  }

  #hasTime(): boolean {
    if (!this.#isTurnAsked) this.#beginTurn(this.#creditAfterGap())
    return this.#waiting.length === 0 && this.#creditMs > 0
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

  /** One quiet turn, spent waiting for the disk, does not make a busy loop a quiet one: the average counts too. */
  #creditOfNextTurn(): number {
    const { quietTurnMs, quietShareMs } = this.#limits
    const turnMs = this.#clock.monotonic() - this.#turnStartMs
    const isQuiet = turnMs - this.#usedMs <= quietTurnMs
    this.#busyness += ((isQuiet ? 0 : 1) - this.#busyness) * Math.min(1, turnMs / memoryMs)
    return isQuiet && this.#busyness < busyFrom ? quietShareMs : this.#creditAfterBusy(turnMs)
  }

  /** The loop was not observed since the last turn in which a read waited. */
  #creditAfterGap(): number {
    const gapMs = this.#clock.monotonic() - this.#turnStartMs
    if (gapMs > memoryMs) this.#busyness = 0
    return this.#busyness < busyFrom ? this.#limits.quietShareMs : this.#creditAfterBusy(gapMs)
  }

  /** A read that took more than its credit leaves a debt, which the time that follows pays off. */
  #creditAfterBusy(elapsedMs: number): number {
    const { quietShareMs, busyShare } = this.#limits
    const earnedMs = elapsedMs * busyShare
    return Math.min(Math.max(quietShareMs, earnedMs), this.#creditMs + earnedMs)
  }
}

/** Limits of the reads that begin less than `behindBytesMax` before the end of the log. */
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
   * The class of a read.
   * @param behindBytes from what is read to the end of the log
   */
  at(behindBytes: number): ColdReads {
    const fitting = this.#classes.find(({ behindBytesMax }) => behindBytes < behindBytesMax) ?? this.#classes.at(-1)!
    return fitting.reads
  }
}
