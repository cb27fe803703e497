/** Milliseconds from a connection to the look at what is left, so that many connections are looked at once. */
const firstLookMs = 1000
/** Milliseconds between two looks while there is none left. */
const nextLookMs = 5000

export interface DescriptorWatchParts {
  /** Opens and closes a file. @throws Node's error when that fails */
  tryOpen(): void
  /** @returns cancels it */
  after(delayMs: number, callback: () => void): () => void
  /** Called with EMFILE or ENFILE while there is no file descriptor left. */
  onNoneLeft(error: Error): void
}

/**
 * Notices that no file descriptor is left for connections. Node does not say so: libuv keeps one in reserve, with which
 * it accepts the connections that cannot be served, and closes them at once.
 */
export class DescriptorWatch {
  readonly #parts: DescriptorWatchParts
  #cancel: (() => void) | undefined

  constructor(parts: DescriptorWatchParts) {
    this.#parts = parts
  }

  /** Called for each connection. */
  connectionCame(): void {
    this.#cancel ??= this.#parts.after(firstLookMs, this.#look)
  }

  close(): void {
    this.#cancel?.()
  }

  readonly #look = (): void => {
    this.#cancel = undefined
    try {
      this.#parts.tryOpen()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EMFILE' && code !== 'ENFILE') return
      this.#cancel = this.#parts.after(nextLookMs, this.#look)
      this.#parts.onNoneLeft(error as Error)
    }
  }
}
