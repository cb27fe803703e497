import { type CancelTimer, type Clock, nodeClock } from '@rocketmq-ts/platform'

interface Timer {
  /** By the clock's own monotonic time. */
  readonly dueMs: number
  readonly callback: () => void
  cancelReal: CancelTimer
}

/** Turns of the loop after what fell due at one moment, so that what it began can go on before the next moment. */
const turnsBetween = 4

/**
 * Node's clock, which can be set forward: what falls due on the way happens, in its order. Several servers share one, so
 * that none of them is ahead of another.
 */
export class AdvancingClock implements Clock {
  #aheadMs = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return Math.floor(nodeClock.now() + this.#aheadMs)
  }

  monotonic(): number {
    return nodeClock.monotonic() + this.#aheadMs
  }

  turnTime(): number {
    return nodeClock.turnTime() + this.#aheadMs
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer: Timer = { dueMs: this.monotonic() + Math.max(0, delayMs), callback, cancelReal: () => {} }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      timer.cancelReal()
      this.#timers.delete(timer)
    }
  }

  every(intervalMs: number, callback: () => void): CancelTimer {
    let cancel: CancelTimer = () => {}
    const arm = (): void => {
      cancel = this.after(intervalMs, () => {
        arm()
        callback()
      })
    }
    arm()
    return () => cancel()
  }

  endOfTurn(callback: () => void): void {
    nodeClock.endOfTurn(callback)
  }

  nextTurn(callback: () => void): void {
    nodeClock.nextTurn(callback)
  }

  /** Lets a time pass at once. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.monotonic() + durationMs
    for (;;) {
      const due = this.#earliest(untilMs)
      if (due === undefined) break
      this.#aheadMs += Math.max(0, due.dueMs - this.monotonic())
      this.#fire(due)
      for (const other of [...this.#timers]) if (other.dueMs <= due.dueMs) this.#fire(other)
      await turns(turnsBetween)
    }
    this.#aheadMs += Math.max(0, untilMs - this.monotonic())
    for (const timer of this.#timers) {
      timer.cancelReal()
      this.#arm(timer)
    }
    await turns(turnsBetween)
  }

  #arm(timer: Timer): void {
    timer.cancelReal = nodeClock.after(timer.dueMs - this.monotonic(), () => this.#fire(timer))
  }

  #fire(timer: Timer): void {
    if (!this.#timers.delete(timer)) return
    timer.cancelReal()
    timer.callback()
  }

  #earliest(untilMs: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (earliest === undefined || timer.dueMs < earliest.dueMs)) earliest = timer
    }
    return earliest
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
