/** Something that has work to be done. */
export interface WorkSource {
  readonly hasWork: boolean
  /** Begins a piece of work; resolves when its slot is free again. */
  begin(): Promise<void>
}

/** Shares a number of slots among sources, which take turns. */
export class Dispatcher {
  readonly #slots: number
  readonly #onDefect: (error: unknown) => void
  #sources: readonly WorkSource[] = []
  #turn = 0
  #active = 0
  #isStopped = false
  #onIdle: (() => void) | undefined

  /** @param onDefect told of what a source was not to throw */
  constructor(slots: number, onDefect: (error: unknown) => void) {
    this.#slots = slots
    this.#onDefect = onDefect
  }

  setSources(sources: readonly WorkSource[]): void {
    this.#sources = sources
  }

  /** Begins what can begin. To be called whenever a source may have got work. */
  kick(): void {
    while (!this.#isStopped && this.#active < this.#slots) {
      const source = this.#next()
      if (source === undefined) return
      this.#active++
      void source
        .begin()
        .catch(this.#onDefect)
        .then(() => {
          this.#active--
          if (this.#active === 0) this.#onIdle?.()
          this.kick()
        })
    }
  }

  /** Nothing begins any more. Resolves when everything that has begun has ended. */
  stop(): Promise<void> {
    this.#isStopped = true
    if (this.#active === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  #next(): WorkSource | undefined {
    const count = this.#sources.length
    for (let step = 0; step < count; step++) {
      const index = (this.#turn + step) % count
      const source = this.#sources[index]!
      if (!source.hasWork) continue
      this.#turn = index + 1
      return source
    }
    return undefined
  }
}
