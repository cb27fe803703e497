/**
 * Bytes that peers make a server hold: of frames that have begun and not ended, or of answers that are not read. When
 * all of them together come to too much, those that hold the longest have to go: a peer that does its part holds bytes
 * for a moment only.
 */
export class HeldBytes<Holder> {
  readonly #bytesMax: number
  readonly #onExcess: (holder: Holder, bytes: number) => void
  readonly #bytesNow: ((holder: Holder) => number) | undefined
  /** In the order in which they began to hold. */
  readonly #bytes = new Map<Holder, number>()
  #total = 0

  /**
   * @param onExcess told of each holder that has to give its bytes free; it is forgotten already
   * @param bytesNow what a holder holds now, where that becomes less without anybody telling; whoever holds less than
   *   was told does its part, and counts as the youngest
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

  /** How many bytes a holder holds now; 0 when it holds none any more. */
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
