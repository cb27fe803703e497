import type { CancelTimer, Clock } from '../clock.ts'

interface Timer {
  dueMs: number
  order: number
  intervalMs: number | undefined
  callback: () => void
}

/** A clock for tests: time passes only in `advance`. */
export class SteppedClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  readonly #timers = new Set<Timer>()
  readonly #endOfTurn: (() => void)[] = []
  readonly #nextTurn: (() => void)[] = []
  #order = 0
  #turnTimeMs: number | undefined

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs
  }

  turnTime(): number {
    if (this.#turnTimeMs === undefined) {
      this.#turnTimeMs = this.monotonic()
      this.endOfTurn(() => {})
    }
    return this.#turnTimeMs
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    return this.#add(delayMs, undefined, callback)
  }

  every(intervalMs: number, callback: () => void): CancelTimer {
    return this.#add(intervalMs, intervalMs, callback)
  }

  endOfTurn(callback: () => void): void {
    this.#endOfTurn.push(callback)
  }

  nextTurn(callback: () => void): void {
    this.#nextTurn.push(callback)
  }

  /** Runs the callbacks of the end of the turn and those that they add, and all turns requested by them. */
  finishTurn(): void {
    while (this.#endOfTurn.length > 0 || this.#nextTurn.length > 0) {
      this.#turnTimeMs = undefined
      const callbacks = this.#endOfTurn.length > 0 ? this.#endOfTurn.splice(0) : this.#nextTurn.splice(0)
      for (const callback of callbacks) callback()
    }
    this.#turnTimeMs = undefined
  }

  /** Advances the time, and runs the timers that become due, in order. */
  advance(durationMs: number): void {
    const untilMs = this.#nowMs + durationMs
    for (;;) {
      this.finishTurn()
      const next = this.#nextDue(untilMs)
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      if (next.intervalMs === undefined) this.#timers.delete(next)
      else next.dueMs += next.intervalMs
      next.callback()
    }
    this.#nowMs = untilMs
  }

  #nextDue(untilMs: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      )
        first = timer
    }
    return first
  }

  #add(delayMs: number, intervalMs: number | undefined, callback: () => void): CancelTimer {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(delayMs, 0), order: this.#order++, intervalMs, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }
}
