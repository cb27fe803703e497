interface Held {
  bytes: number
  /** Since when nothing was freed, in milliseconds. */
  sinceMs: number
}

/**
 * Counts bytes that peers make a server hold: of frames that have not arrived completely, or of answers that are not
 * read. When the total exceeds a limit, the peers that have held bytes for the longest time must go: a peer that
 * behaves well holds bytes for a moment only.
 */
export class HeldBytes<Holder> {
  readonly #bytesMax: number
  readonly #onExcess: (holder: Holder, bytes: number) => void
  readonly #bytesNow: ((holder: Holder) => number) | undefined
  readonly #nowMs: () => number
  /** In the order in which they began to hold. */
  readonly #held = new Map<Holder, Held>()
  #total = 0

  /**
   * @param onExcess called with each holder that must free its bytes; it is no longer counted
   * @param bytesNow what a holder holds now, when that can shrink without a call of `set`; a holder with less than was
   *   set makes progress, and counts as the youngest
   * @param nowMs a clock that never goes back, for `dropStuck`
   */
  constructor(
    bytesMax: number,
    onExcess: (holder: Holder, bytes: number) => void,
    bytesNow?: (holder: Holder) => number,
    nowMs: () => number = () => 0,
  ) {
    this.#bytesMax = bytesMax
    this.#onExcess = onExcess
    this.#bytesNow = bytesNow
    this.#nowMs = nowMs
  }

  get total(): number {
    return this.#total
  }

  /** Sets how many bytes a holder holds now. */
  set(holder: Holder, bytes: number): void {
    const held = this.#held.get(holder)
    this.#total += bytes - (held?.bytes ?? 0)
    if (bytes === 0) this.#held.delete(holder)
    else if (held !== undefined) held.bytes = bytes
    else this.#held.set(holder, { bytes, sinceMs: this.#nowMs() })
    while (this.#total > this.#bytesMax) {
      const [oldest, itsBytes] = this.#held.entries().next().value!
      this.#drop(oldest, itsBytes)
    }
  }

  /** Makes those go that freed nothing for so many milliseconds. */
  dropStuck(stuckMs: number): void {
    const latestMs = this.#nowMs() - stuckMs
    for (const [holder, held] of this.#held) {
      if (held.sinceMs > latestMs) return
      this.#drop(holder, held)
    }
  }

  #drop(holder: Holder, { bytes }: Held): void {
    this.#held.delete(holder)
    this.#total -= bytes
    const bytesNow = this.#bytesNow?.(holder) ?? bytes
    if (bytesNow >= bytes) this.#onExcess(holder, bytes)
    else this.set(holder, bytesNow)
  }
}
