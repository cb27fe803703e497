import { createHash } from 'node:crypto'

const toldMax = 400

/**
 * What happened in a simulation. Every event goes into a hash, by which two runs are compared; what a reader of a failure
 * wants to know is told in words, of which the last are kept.
 */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #nowMs: () => number
  #told: string[] = []

  /** @param nowMs milliseconds since the start of the simulation */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Something happened that only the hash has to know. */
  note(what: string, bytes?: Uint8Array): void {
    this.#hash.update(`${this.#nowMs()} ${what}\n`)
    if (bytes !== undefined) this.#hash.update(bytes)
  }

  /** Something happened that belongs to the story. */
  tell(what: string): void {
    this.note(what)
    this.#told.push(`${(this.#nowMs() / 1000).toFixed(6).padStart(12)} s  ${what}`)
    if (this.#told.length > 2 * toldMax) this.#told = this.#told.slice(-toldMax)
  }

  /** The hash of everything until now. */
  get hash(): string {
    return this.#hash.copy().digest('hex').slice(0, 32)
  }

  /** The last lines of the story, the oldest first. */
  story(lines = 40): string[] {
    return this.#told.slice(-lines)
  }
}
