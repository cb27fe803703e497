import type { Stretch } from './log/stretch.ts'

/** Gathers records that were found in memory: those that stand behind each other become one part. */
export class RecordParts {
  readonly #parts: Buffer[] = []
  #stretch: Stretch | undefined
  /** Positions of the part that is being gathered. */
  #start = 0
  #end = 0

  add(stretch: Stretch, position: number, byteCount: number): void {
    if (stretch !== this.#stretch || position !== this.#end) {
      this.#close()
      this.#stretch = stretch
      this.#start = position
    }
    this.#end = position + byteCount
  }

  /** @returns all parts, in the order of the records */
  end(): Buffer[] {
    this.#close()
    this.#stretch = undefined
    return this.#parts
  }

  #close(): void {
    if (this.#stretch === undefined) return
    const { bytes, start } = this.#stretch
    this.#parts.push(bytes.subarray(this.#start - start, this.#end - start))
  }
}
