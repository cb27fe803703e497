/**
 * Counts bytes that peers make a server hold: of frames that have not arrived completely, or of answers that are not
 * read. When the total exceeds a limit, the peers that have held bytes for the longest time must go: a peer that
 * behaves well holds bytes for a moment only.
 */
export class HeldBytes<Holder> {
  readonly #bytesMax: number
  readonly #onExcess: (holder: Holder, bytes: number) => void
  readonly #bytesNow: ((holder: Holder) => number) | undefined
  /** In the order in which they began to hold. */
  readonly #bytes = new Map<Holder, number>()
  #total = 0

  /**
   * @param onExcess called with each holder that must free its bytes; it is no longer counted
   * @param bytesNow what a holder holds now, when that can shrink without a call of `set`; a holder with less than was
   *   set makes progress, and counts as the youngest
   */
  constructor(
    bytesMax: number,
    onExcess: (holder: Holder, bytes: number) => void,
    bytesNow?: (holder: Holder) => number,
  ) {
    this.#bytesMax = bytesMax
    this.#onExcess = onExcess
    this.#bytesNow = bytesNow
  }

  get total(): number {
    return this.#total
  }

  /** Sets how many bytes a holder holds now. */
  set(holder: Holder, bytes: number): void {
    this.#total += bytes - (this.#bytes.get(holder) ?? 0)
    if (bytes === 0) this.#bytes.delete(holder)
    else this.#bytes.set(holder, bytes)
    while (this.#total > this.#bytesMax) this.#dropOldest()
  }

  #dropOldest(): void {
    const [holder, bytes] = this.#bytes.entries().next().value!
    this.#bytes.delete(holder)
    this.#total -= bytes
    const bytesNow = this.#bytesNow?.(holder) ?? bytes
    if (bytesNow >= bytes) {
      this.#onExcess(holder, bytes)
    } else if (bytesNow > 0) {
      this.#bytes.set(holder, bytesNow)
      this.#total += bytesNow
    }
  }
}
