/** Cancels a timer; cancelling twice or after it ran does nothing. */
export type CancelTimer = () => void

/** Time and everything that happens later. The only source of both outside of `apps`. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
  /** Milliseconds that never go back, from an unspecified start. */
  monotonic(): number
  /**
   * Like `monotonic`, read once for all who ask in one turn of the loop, and once more for those who ask at its end. It
   * is as old as the first question, and a question costs next to nothing.
   */
  turnTime(): number
  after(delayMs: number, callback: () => void): CancelTimer
  every(intervalMs: number, callback: () => void): CancelTimer
  /**
   * Runs `callback` when everything that arrived in this turn of the loop has been handled; still in this turn when it
   * is asked for at its end.
   */
  endOfTurn(callback: () => void): void
  /** Runs `callback` in a later turn of the loop, so that what arrives until then comes first. */
  nextTurn(callback: () => void): void
}
