/** Calls that have not ended. */
export class InFlight {
  #count = 0
  #onNone: (() => void) | undefined

  track<Result>(call: Promise<Result>): Promise<Result> {
    this.#count++
    return call.finally(() => {
      if (--this.#count === 0) this.#onNone?.()
    })
  }

  /** Resolves when there is none. */
  drained(): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onNone = resolve
    })
  }
}
