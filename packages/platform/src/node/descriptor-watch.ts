/** Milliseconds from a connection to the check, so that one check serves many connections. */
const firstLookMs = 1000
/** Milliseconds between two checks while no descriptor is left. */
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
 * Notices that no file descriptor is left for connections. Node does not report it: libuv keeps one in reserve, accepts
 * the connections with it, and closes them at once.
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
