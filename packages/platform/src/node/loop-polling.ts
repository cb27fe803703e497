import { PollingChoice } from './polling-choice.ts'

/** After so long without data, in milliseconds, the process sleeps all the same. */
const pollMsMax = 0.2

export interface LoopPollingParts {
  /** Milliseconds that never go back, with fractions. */
  monotonic(): number
  /** Runs the callback once the loop has looked for new data, without sleeping before it. */
  nextTurn(callback: () => void): void
}

/**
 * Keeps the loop looking for data instead of sleeping, while peers answer so fast that falling asleep and being woken
 * up, with caches gone cold, would take several times as long as the wait, and more processor time: a producer that
 * sends one message after the other, a tool that makes many topics. `PollingChoice` decides when that is so.
 */
export class LoopPolling {
  readonly #parts: LoopPollingParts
  readonly #choice = new PollingChoice()
  /** Data came in this turn, and its work is not done yet. */
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

  /** Handles data that came; what the handler asks to be done at the end of the turn counts as its work. */
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
