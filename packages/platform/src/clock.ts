/** Cancels a timer; cancelling twice or after it ran does nothing. */
export type CancelTimer = () => void

/** Time and timers. Nothing outside of `apps` has another source of them. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
  /** Milliseconds that never go back, from an unspecified start. */
  monotonic(): number
  /**
   * Like `monotonic`, but the clock is read once for all calls in one turn of the loop, and once more for those at its
   * end. The time is as old as the first of these calls; the other calls cost next to nothing.
   */
  turnTime(): number
  after(delayMs: number, callback: () => void): CancelTimer
  every(intervalMs: number, callback: () => void): CancelTimer
  /**
   * Runs `callback` when everything that arrived in this turn of the loop has been handled. A callback given at the end
   * of a turn still runs in that turn.
   */
  endOfTurn(callback: () => void): void
  /** Runs `callback` in a later turn of the loop, after what arrives until then. */
  nextTurn(callback: () => void): void
}
