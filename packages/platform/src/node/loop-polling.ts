/** Gaps up to here, in milliseconds, cost more when the process sleeps through them than when it stays awake. */
const shortGapMs = 0.13
/** After so long without data, in milliseconds, the process sleeps all the same. */
const pollMsMax = 0.2
/** Shares of short gaps from which on polling begins, and below which it ends. */
const beginShare = 0.95
const endShare = 0.9
/** How much the newest gap counts: the share is that of the last hundred or so. */
const gapWeight = 1 / 64

export interface LoopPollingParts {
  /** Milliseconds that never go back, with fractions. */
  monotonic(): number
  /** Runs the callback once the loop has looked for new data, without sleeping before it. */
  nextTurn(callback: () => void): void
}

/**
 * Keeps the loop looking for data instead of sleeping, while peers answer so fast that falling asleep and being woken
 * up, with caches gone cold, would take more processor time, and several times as long, as the wait: a producer that
 * sends one message after the other, a tool that makes many topics. It looks at the gaps between the end of the work
 * of one turn and the next data. Unless nearly all of the last ones were short, the loop sleeps as usual.
 */
export class LoopPolling {
  readonly #parts: LoopPollingParts
  #shortShare = 0
  #isPolling = false
  /** Data came in this turn, and its work is not done yet. */
  #isWorking = false
  #idleSinceMs: number

  constructor(parts: LoopPollingParts) {
    this.#parts = parts
    this.#idleSinceMs = parts.monotonic()
  }

  /** Whether the loop stays awake after work. */
  get isPolling(): boolean {
    return this.#isPolling
  }

  /** Handles data that came; what the handler asks to be done at the end of the turn counts as its work. */
  handle(handler: (chunk: Buffer) => void, chunk: Buffer): void {
    if (this.#isWorking) {
      handler(chunk)
      return
    }
    this.#isWorking = true
    this.#noteGap(this.#parts.monotonic() - this.#idleSinceMs)
    handler(chunk)
    this.#parts.nextTurn(this.#workDone)
  }

  #noteGap(gapMs: number): void {
    this.#shortShare += ((gapMs <= shortGapMs ? 1 : 0) - this.#shortShare) * gapWeight
    this.#isPolling = this.#shortShare >= (this.#isPolling ? endShare : beginShare)
  }

  readonly #workDone = (): void => {
    this.#isWorking = false
    this.#idleSinceMs = this.#parts.monotonic()
    if (this.#isPolling) this.#parts.nextTurn(this.#poll)
  }

  readonly #poll = (): void => {
    if (this.#isWorking || this.#parts.monotonic() - this.#idleSinceMs > pollMsMax) return
    this.#parts.nextTurn(this.#poll)
  }
}
