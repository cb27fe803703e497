interface Taken {
  readonly offset: number
  isDone: boolean
}

/** Messages of a queue between being pulled and being done, and how far everything is done. */
export class OffsetWindow {
  /** In the order of their offsets; those before `#head` are done. */
  #taken: Taken[] = []
  #head = 0
  readonly #byOffset = new Map<number, Taken>()
  #nextOffset: number

  /** @param offset of the first message that is not done */
  constructor(offset: number) {
    this.#nextOffset = offset
  }

  /** Messages that are not done. */
  get size(): number {
    return this.#byOffset.size
  }

  /** The first offset that is not done: a group that goes on there misses nothing. */
  get committable(): number {
    return this.#taken[this.#head]?.offset ?? this.#nextOffset
  }

  /** @param offsets in rising order, behind those that were taken before */
  take(offsets: readonly number[]): void {
    for (const offset of offsets) {
      const taken = { offset, isDone: false }
      this.#taken.push(taken)
      this.#byOffset.set(offset, taken)
    }
  }

  /** Everything before this offset was taken or is not wanted. */
  advance(nextOffset: number): void {
    this.#nextOffset = nextOffset
  }

  done(offset: number): void {
    const taken = this.#byOffset.get(offset)
    if (taken === undefined) return
    taken.isDone = true
    this.#byOffset.delete(offset)
    while (this.#taken[this.#head]?.isDone) this.#head++
    if (this.#head > 1024 && this.#head * 2 > this.#taken.length) {
      this.#taken = this.#taken.slice(this.#head)
      this.#head = 0
    }
  }
}
