import { PollingChoice } from './polling-choice.ts'

/** Milliseconds without data after which the process sleeps all the same. */
const pollMsMax = 0.2

export interface LoopPollingParts {
  /** Milliseconds that never go back, with fractions. */
  monotonic(): number
  /** Runs the callback once the loop has looked for new data without sleeping. */
  nextTurn(callback: () => void): void
}

/**
 * Keeps the loop looking for data instead of sleeping while peers answer very fast, such as a producer that sends one
 * message after the other, or a tool that makes many topics. Falling asleep and being woken, with caches gone cold,
 * would take several times as long as the wait, and more processor time. `PollingChoice` decides when to do that.
 */
export class LoopPolling {
  readonly #parts: LoopPollingParts
  readonly #choice = new PollingChoice()
  /** Whether data came in this turn and its work is not done yet. */
  #isWorking = false
  #idleSinceMs: number

  constructor(parts: LoopPollingParts) {
    this.#parts = parts
    this.#idleSinceMs = parts.monotonic()
  }

  /** Whether the loop stays awake after work. */
  get isPolling(): boolean {
    return this.#choice.isAwake
  }

  /** Calls the handler with data. Its callbacks at the end of the turn count as work on that data too. */
  handle(handler: (chunk: Buffer) => void, chunk: Buffer): void {
    const isFirst = !this.#isWorking
    if (isFirst) {
      this.#isWorking = true
      const nowMs = this.#parts.monotonic()
      this.#choice.workBegins(nowMs, nowMs - this.#idleSinceMs)
    }
    this.#choice.bytesCame(chunk.length)
    handler(chunk)
    if (isFirst) this.#parts.nextTurn(this.#workDone)
  }

  readonly #workDone = (): void => {
    this.#isWorking = false
    this.#idleSinceMs = this.#parts.monotonic()
    if (this.isPolling) this.#parts.nextTurn(this.#poll)
  }

  readonly #poll = (): void => {
    if (this.#isWorking || this.#parts.monotonic() - this.#idleSinceMs > pollMsMax) return
    this.#parts.nextTurn(this.#poll)
  }
}
