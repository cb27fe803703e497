/** So many may be inside at a time. Others wait, and come in in the order in which they asked. */
export class Places {
  readonly #max: number
  #taken = 0
  #waiting: (() => void)[] = []

  constructor(max: number) {
    this.#max = max
  }

  /** Does something inside. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter()
    try {
      return await work()
    } finally {
      this.leave()
    }
  }

  /** Resolves when the caller is inside. It calls `leave` when it is done, whatever happened. */
  enter(): Promise<void> {
    if (this.#taken === this.#max) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#taken++
    return Promise.resolve()
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken--
    else next()
  }
}
