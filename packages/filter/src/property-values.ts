import { javaInteger } from './java-numbers.ts'

const nameEnd = 1
const valueEnd = 2
const absent = -1
const noBytes = Buffer.alloc(0)

/** Digits of a whole number that cannot be too large for 32 bits. */
const safeDigits = 9

/**
 * The properties that an expression names, as they stand in the encoded properties of one record (wire formats,
 * section 3.2). They are found in one pass; a text is made of a value only where one is needed.
 */
export class PropertyValues {
  readonly #names: readonly Buffer[]
  readonly #shortest: number
  readonly #longest: number
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  /** Values of which a text was made already. */
  readonly #texts: (string | undefined)[]
  #bytes: Buffer = noBytes

  /** @param names in ASCII, each once; the values are asked for by their places in this list */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name))
    const lengths = names.map(({ length }) => length)
    this.#shortest = Math.min(...lengths)
    this.#longest = Math.max(...lengths)
    this.#starts = new Int32Array(names.length)
    this.#ends = new Int32Array(names.length)
    this.#texts = names.map(() => undefined)
  }

  /**
   * Looks at the properties at [start, end). Agrees with `decodeMessageProperties`: a pair without a name or a value is
   * none, a value begins behind the first separator, and of a repeated name the last value counts.
   */
  find(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes
    this.#starts.fill(absent)
    this.#texts.fill(undefined)
    let pairStart = start
    while (pairStart < end) {
      let separator = pairStart
      while (separator < end && bytes[separator] !== nameEnd && bytes[separator] !== valueEnd) separator++
      let pairEnd = separator
      while (pairEnd < end && bytes[pairEnd] !== valueEnd) pairEnd++
      const nameLength = separator - pairStart
      if (pairEnd > separator + 1 && nameLength >= this.#shortest && nameLength <= this.#longest) {
        this.#note(pairStart, separator, pairEnd)
      }
      pairStart = pairEnd + 1
    }
  }

  has(place: number): boolean {
    return this.#starts[place] !== absent
  }

  /** The value of a property that is there. */
  text(place: number): string {
    let text = this.#texts[place]
    if (text === undefined) {
      text = this.#bytes.toString('utf8', this.#starts[place], this.#ends[place])
      this.#texts[place] = text
    }
    return text
  }

  /** Lets go of the record: its memory is used for others. */
  release(): void {
    this.#bytes = noBytes
  }

  /** Whether the value of a property that is there is a text of ASCII characters. */
  equals(place: number, ascii: Buffer): boolean {
    const start = this.#starts[place]!
    if (this.#ends[place]! - start !== ascii.length) return false
    for (let at = 0; at < ascii.length; at++) if (this.#bytes[start + at] !== ascii[at]) return false
    return true
  }

  /** The value of a property that is there as Java's `Integer.valueOf` reads it; NaN when it does not. */
  integer(place: number): number {
    const bytes = this.#bytes
    let at = this.#starts[place]!
    const end = this.#ends[place]!
    const isNegative = bytes[at] === 0x2d
    if (isNegative) at++
    const digits = end - at
    if (digits === 0 || digits > safeDigits) return javaInteger(this.text(place))
    let value = 0
    for (; at < end; at++) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) return javaInteger(this.text(place))
      value = value * 10 + digit
    }
    return isNegative ? 0 - value : value
  }

  #note(nameStart: number, separator: number, end: number): void {
    const length = separator - nameStart
    for (let place = 0; place < this.#names.length; place++) {
      const name = this.#names[place]!
      if (name.length !== length) continue
      let matched = 0
      while (matched < length && this.#bytes[nameStart + matched] === name[matched]) matched++
      if (matched < length) continue
      this.#starts[place] = separator + 1
      this.#ends[place] = end
      return
    }
  }
}
