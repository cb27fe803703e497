/**
 * The op messages that may still be needed, by their offset in their queue, each with the highest half message that it
 * names: one that names none behind the first open half is not needed any more.
 */
export class OpSpans {
  /** Pairs of an offset in the queue of op messages and the highest half that it names. */
  #pairs: number[] = []
  #first = 0

  get count(): number {
    return this.#pairs.length / 2 - this.#first
  }

  add(opOffset: number, highestHalf: number): void {
    this.#pairs.push(opOffset, highestHalf)
  }

  /**
   * Forgets the first ones that name no half at or behind an offset.
   * @returns the offset of the first one that is left; undefined without any
   */
  neededFrom(firstOpenHalf: number): number | undefined {
    while (this.#first < this.#pairs.length / 2 && this.#pairs[this.#first * 2 + 1]! < firstOpenHalf) this.#first++
    const opOffset = this.#pairs[this.#first * 2]
    if (this.#first * 4 > this.#pairs.length) {
      this.#pairs = this.#pairs.slice(this.#first * 2)
      this.#first = 0
    }
    return opOffset
  }

  clear(): void {
    this.#pairs = []
    this.#first = 0
  }
}
