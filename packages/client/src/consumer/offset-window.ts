/** So many offsets of messages that are done may be kept for as many that are not, and these besides. */
const doneKeptMax = 1024

/** Messages of a queue between being pulled and being done, and how far everything is done. */
export class OffsetWindow {
  /** Offsets that are not done. */
  readonly #open = new Set<number>()
  /** All of these and some that are done, in rising order; those before `#head` are done. */
  #order: number[] = []
  #head = 0
  #nextOffset: number
  /** The window that counts since, for what stands before an offset. */
  #heir: { readonly window: OffsetWindow; readonly before: number } | undefined

  /** @param offset of the first message that is not done */
  constructor(offset: number) {
    this.#nextOffset = offset
  }

  /** Messages that are not done. */
  get size(): number {
    return this.#open.size
  }

  /** The first offset that is not done: a group that goes on there misses nothing. */
  get committable(): number {
    return this.#order[this.#head] ?? this.#nextOffset
  }

  /** Offsets that are in memory. */
  get kept(): number {
    return this.#order.length
  }

  /** @param offsets in rising order, behind those that were taken before */
  take(offsets: readonly number[]): void {
    for (const offset of offsets) {
      this.#order.push(offset)
      this.#open.add(offset)
    }
  }

  /** Everything before this offset was taken or is not wanted. */
  advance(nextOffset: number): void {
    this.#nextOffset = nextOffset
  }

  /**
   * The queue was begun anew at an offset: what stands before it is still to be done, what stands behind it counts no more.
   * @returns the window that counts from now on
   */
  begunAnew(offset: number): OffsetWindow {
    const window = new OffsetWindow(offset)
    window.take(this.#order.filter((one) => one < offset && this.#open.has(one)))
    this.#heir = { window, before: offset }
    return window
  }

  /** The window in which an offset counts. */
  counting(offset: number): OffsetWindow {
    return this.#heir !== undefined && offset < this.#heir.before ? this.#heir.window.counting(offset) : this
  }

  done(offset: number): void {
    if (this.#heir !== undefined && offset < this.#heir.before) this.#heir.window.done(offset)
    if (!this.#open.delete(offset)) return
    while (this.#head < this.#order.length && !this.#open.has(this.#order[this.#head]!)) this.#head++
    if (this.#order.length <= 2 * this.#open.size + doneKeptMax) return
    // One that takes very long does not keep the offsets of all that are done behind it.
    this.#order = this.#order.filter((one) => this.#open.has(one))
    this.#head = 0
  }
}
