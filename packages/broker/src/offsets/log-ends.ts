/** Where the log ended when something happened, by what it happened to: what stands before that is of no account to it. */
export class LogEnds {
  readonly #ends = new Map<string, number>()
  #logStart = 0

  get size(): number {
    return this.#ends.size
  }

  entries(): IterableIterator<[key: string, logEnd: number]> {
    return this.#ends.entries()
  }

  /** @param logStart of what happened before it nothing has to be known any more */
  note(key: string, logEnd: number, logStart: number): void {
    if (logStart > this.#logStart) {
      this.#logStart = logStart
      for (const [other, end] of this.#ends) if (end <= logStart) this.#ends.delete(other)
    }
    this.#ends.set(key, logEnd)
  }

  load(ends: ReadonlyMap<string, number> | undefined): void {
    for (const [key, logEnd] of ends ?? []) this.#ends.set(key, logEnd)
  }

  /** The log has lost its end: what comes where that was is of account. */
  cutTo(logEnd: number): void {
    for (const [key, end] of this.#ends) if (end > logEnd) this.#ends.set(key, logEnd)
  }

  /** 0 when nothing happened. */
  of(key: string): number {
    return this.#ends.get(key) ?? 0
  }
}
