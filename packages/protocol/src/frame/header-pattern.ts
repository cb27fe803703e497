import type { ExtFields } from '../header-codec.ts'
import { equalBytes } from './equal-bytes.ts'
import { type Pattern, patternBytesMax } from './pattern-reader.ts'
import type { RemotingCommand } from './remoting-command.ts'

/** A value that differs from header to header: the bytes between the quotes, or the digits, and where it belongs. */
interface Value {
  start: number
  end: number
  /** The field of extFields; undefined is the opaque number of the header itself. */
  field: string | undefined
  hasEscapes: boolean
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const braceOpen = 0x7b
const braceClose = 0x7d
const zero = 0x30
const nine = 0x39
const int32Max = 2 ** 31 - 1

/**
 * Decodes JSON headers that differ from a known one only in the values of some fields, as repeated headers of a peer
 * do. Equal parts are compared and not parsed. Anything unexpected is left to the parser.
 */
export class HeaderPattern implements Pattern {
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #command: RemotingCommand
  readonly #fields: ExtFields
  /** In the order in which they stand. */
  readonly #values: readonly Value[]

  private constructor(bytes: Buffer, command: RemotingCommand, fields: ExtFields, values: readonly Value[]) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#command = command
    this.#fields = fields
    this.#values = values
  }

  /**
   * @param command what the parser made of the header
   * @returns undefined when headers like this one are not for patterns
   */
  static of(header: Buffer, command: RemotingCommand): HeaderPattern | undefined {
    const { extFields } = command
    if (extFields === undefined || header.length > patternBytesMax) return undefined
    const values = new PatternScan(header).values()
    if (values === undefined) return undefined
    return new HeaderPattern(Buffer.from(header), { ...command, body: undefined }, { ...extFields }, values)
  }

  /**
   * @param view of the same bytes
   * @returns undefined when the header has to be parsed
   */
  decode(
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
    body: Buffer | undefined,
  ): RemotingCommand | undefined {
    const length = this.#bytes.length
    const values = this.#values
    let { opaque } = this.#command
    let fields: ExtFields | undefined
    let index = 0
    let own = 0
    let other = start
    for (;;) {
      const equal = equalBytes(this.#view, own, view, other, Math.min(length - own, end - other))
      own += equal
      other += equal
      if (own === length && other === end) break
      while (index < values.length && values[index]!.end < own) index++
      const value = values[index]
      if (value === undefined || own < value.start) return undefined
      const valueStart = other - (own - value.start)
      let valueEnd: number
      if (value.field === undefined) {
        valueEnd = digitsEnd(bytes, valueStart, end)
        opaque = numberOf(bytes, valueStart, valueEnd)
        if (opaque < 0) return undefined
      } else {
        valueEnd = value.hasEscapes ? bytes.indexOf(quote, other) : plainEnd(bytes, other, end)
        if (valueEnd < 0 || valueEnd >= end) return undefined
        const text = value.hasEscapes
          ? escapedText(bytes, valueStart, valueEnd)
          : plainText(bytes, valueStart, valueEnd)
        if (text === undefined) return undefined
        fields ??= { ...this.#fields }
        fields[value.field] = text
      }
      own = value.end
      other = valueEnd
      index++
    }
    const { code, language, version, flag, remark, serializeType } = this.#command
    fields ??= { ...this.#fields }
    return { code, language, version, opaque, flag, remark, extFields: fields, body, serializeType }
  }
}

/** The position of the quote that ends a string which has nothing but plain ASCII from here on, or -1. */
function plainEnd(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!
    if (byte === quote) return at
    if (byte === backslash || byte < 0x20 || byte > 0x7e) return -1
  }
  return -1
}

function plainText(bytes: Buffer, start: number, end: number): string {
  return end - start === 1 ? String.fromCharCode(bytes[start]!) : bytes.toString('latin1', start, end)
}

/** Buffer for unescaped strings; longer ones are left to the parser. */
const unescaped = Buffer.allocUnsafeSlow(1024)

/**
 * The text of a string with escapes.
 * @param end position of a quote. If that is an escaped one, the string does not end there, and the result is undefined
 */
function escapedText(bytes: Buffer, start: number, end: number): string | undefined {
  let length = 0
  for (let at = start; at < end; at++) {
    let byte = bytes[at]!
    if (byte === backslash) {
      // The separators of properties are written so: \u0001 and \u0002.
      byte = controlCharacter(bytes, at)
      at += 5
    } else if (byte < 0x20) return undefined
    if (byte > 0x7e || length === unescaped.length) return parsedText(bytes, start, end)
    unescaped[length++] = byte
  }
  return unescaped.toString('latin1', 0, length)
}

/** The character of an escape \u000x with a decimal digit, or 0xff for any other one. */
function controlCharacter(bytes: Buffer, at: number): number {
  const isOne = bytes[at + 1] === 0x75 && bytes[at + 2] === zero && bytes[at + 3] === zero && bytes[at + 4] === zero
  const digit = bytes[at + 5]!
  return isOne && digit >= zero && digit <= nine ? digit - zero : 0xff
}

function parsedText(bytes: Buffer, start: number, end: number): string | undefined {
  try {
    return JSON.parse(bytes.toString('utf8', start - 1, end + 1))
  } catch {
    return undefined // The parser of the whole header says what is wrong.
  }
}

function digitsEnd(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! >= zero && bytes[at]! <= nine) at++
  return at
}

/** The number of some digits; -1 when it is none that JSON has, or beyond 32 bits. */
function numberOf(bytes: Buffer, start: number, end: number): number {
  const count = end - start
  if (count === 0 || count > 10 || (count > 1 && bytes[start] === zero)) return -1
  let number = 0
  for (let at = start; at < end; at++) number = number * 10 + bytes[at]! - zero
  return number <= int32Max ? number : -1
}

/** Finds the values in a header that the parser took: an object without spaces and with one object in it, extFields. */
class PatternScan {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Undefined when the header is written in any other way. */
  values(): Value[] | undefined {
    const values: Value[] = []
    const isObject = this.#object((name) => {
      if (name === 'opaque') return this.#number(values)
      if (name !== 'extFields') return this.#text() !== undefined || this.#literal()
      return this.#object((field) => {
        const text = this.#text()
        if (text !== undefined) values.push({ ...text, field })
        return text !== undefined
      })
    })
    return isObject && this.#at === this.#bytes.length ? values : undefined
  }

  /** @param member reads a value; false when it is not of the expected kind */
  #object(member: (name: string) => boolean): boolean {
    if (!this.#take(braceOpen)) return false
    const names = new Set<string>()
    while (!this.#take(braceClose)) {
      if (names.size > 0 && !this.#take(comma)) return false
      const name = this.#name()
      // Of fields with one name the last counts, and this name would set a prototype.
      if (name === undefined || names.has(name) || name === '__proto__') return false
      names.add(name)
      if (!this.#take(colon) || !member(name)) return false
    }
    return true
  }

  #name(): string | undefined {
    const text = this.#text()
    return text === undefined || text.hasEscapes ? undefined : this.#bytes.toString('utf8', text.start, text.end)
  }

  #text(): Omit<Value, 'field'> | undefined {
    if (!this.#take(quote)) return undefined
    const start = this.#at
    let hasEscapes = false
    for (; this.#at < this.#bytes.length; this.#at++) {
      const byte = this.#bytes[this.#at]!
      if (byte === quote) return { start, end: this.#at++, hasEscapes }
      // Characters beyond ASCII take the same way as escapes.
      if (byte === backslash || byte > 0x7e) hasEscapes = true
      if (byte === backslash) this.#at++
    }
    return undefined
  }

  #number(values: Value[]): boolean {
    const start = this.#at
    this.#at = digitsEnd(this.#bytes, start, this.#bytes.length)
    values.push({ start, end: this.#at, field: undefined, hasEscapes: false })
    return numberOf(this.#bytes, start, this.#at) >= 0
  }

  /** A number or a word, which is the same in all headers of a pattern. */
  #literal(): boolean {
    const start = this.#at
    while (this.#at < this.#bytes.length && isLiteralByte(this.#bytes[this.#at]!)) this.#at++
    return this.#at > start
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }
}

/** Letters, digits, sign and point. */
function isLiteralByte(byte: number): boolean {
  return (
    (byte >= zero && byte <= nine) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  )
}
