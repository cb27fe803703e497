import { Buffer } from 'node:buffer'
import { JsonError } from './json-error.ts'
import { type JsonObject, type JsonValue, LONG_MAX, LONG_MIN } from './json-value.ts'

const NUL = 0x00
const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const APOSTROPHE = 0x27
const COMMA = 0x2c
const COLON = 0x3a
const BRACKET_OPEN = 0x5b
const BACKSLASH = 0x5c
const BRACKET_CLOSE = 0x5d
const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d
const BYTE_ORDER_MARK = 0xfeff

/** V8 keeps the whole text alive behind a slice of this length or more. */
const SLICE_LENGTH = 13
/** No number that Java writes is longer; a longer one is refused before it costs anything to convert. */
const NUMBER_LENGTH_MAX = 400
const LONG_LENGTH_MAX = 20

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/**
 * Reads standard JSON and fastjson's dialect of it, in one pass without backtracking. Recursion is bounded by
 * `depthMax`. See `parseJson` for what is accepted.
 *
 * @throws JsonError with the position
 */
export function parseTolerant(text: string, depthMax: number): JsonValue {
  return new TolerantParser(text, depthMax).document()
}

class TolerantParser {
  readonly #text: string
  readonly #depthMax: number
  #at = 0
  #depth = 0

  constructor(text: string, depthMax: number) {
    this.#text = text
    this.#depthMax = depthMax
  }

  document(): JsonValue {
    if (this.#text.charCodeAt(0) === BYTE_ORDER_MARK) this.#at = 1
    this.#skipBlanks()
    const value = this.#value()
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#unexpected('the end of the text')
    return value
  }

  #value(): JsonValue {
    const unit = this.#peek()
    switch (unit) {
      case QUOTE:
      case APOSTROPHE:
        return this.#string(unit)
      case BRACE_OPEN:
        return this.#object()
      case BRACKET_OPEN:
        return this.#array()
      default:
        return this.#literal()
    }
  }

  #array(): JsonValue[] {
    this.#enter()
    const items: JsonValue[] = []
    for (;;) {
      this.#skipBlanks()
      if (this.#take(BRACKET_CLOSE)) break
      items.push(this.#value())
      this.#skipBlanks()
      if (this.#take(COMMA)) continue
      if (this.#take(BRACKET_CLOSE)) break
      throw this.#unexpected("',' or ']'")
    }
    this.#depth--
    return items
  }

  #object(): JsonObject | Map<JsonValue, JsonValue> {
    this.#enter()
    const fields: JsonObject = {}
    let entries: Map<JsonValue, JsonValue> | undefined
    for (;;) {
      this.#skipBlanks()
      if (this.#take(BRACE_CLOSE)) break
      const key = this.#key()
      this.#skipBlanks()
      if (!this.#take(COLON)) throw this.#unexpected("':'")
      this.#skipBlanks()
      const value = this.#value()
      if (typeof key !== 'string') entries ??= new Map<JsonValue, JsonValue>(Object.entries(fields))
      if (entries !== undefined) entries.set(key, value)
      else if (typeof key === 'string') setField(fields, key, value)
      this.#skipBlanks()
      if (this.#take(COMMA)) continue
      if (this.#take(BRACE_CLOSE)) break
      throw this.#unexpected("',' or '}'")
    }
    this.#depth--
    return entries ?? fields
  }

  #key(): string | JsonValue[] | JsonObject | Map<JsonValue, JsonValue> {
    const unit = this.#peek()
    if (unit === QUOTE || unit === APOSTROPHE) return this.#string(unit)
    if (unit === BRACE_OPEN) return this.#object()
    if (unit === BRACKET_OPEN) return this.#array()
    return this.#word('a key')
  }

  #literal(): JsonValue {
    const start = this.#at
    const word = this.#word('a value')
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    return numberOf(word, start)
  }

  /** Takes the characters up to the next structural character or blank. */
  #word(expected: string): string {
    const start = this.#at
    while (this.#at < this.#text.length && !endsWord(this.#text.charCodeAt(this.#at))) this.#at++
    if (this.#at === start) throw this.#unexpected(expected)
    return detached(this.#text.slice(start, this.#at))
  }

  #string(quote: number): string {
    const opening = this.#at++
    let parts: string[] | undefined
    let start = this.#at
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === quote) {
        const tail = this.#text.slice(start, this.#at++)
        if (parts === undefined) return detached(tail)
        parts.push(tail)
        return parts.join('')
      }
      if (unit === BACKSLASH) {
        parts ??= []
        parts.push(this.#text.slice(start, this.#at), this.#escape())
        start = this.#at + 1
      }
    }
    throw new JsonError('string is not closed: it starts', opening)
  }

  /** Reads an escape and stops at its last character. */
  #escape(): string {
    const letter = this.#text[++this.#at] ?? ''
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new JsonError('expected four hexadecimal digits', this.#at + 1)
      this.#at += 4
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const plain = ESCAPES.get(letter)
    if (plain === undefined) throw new JsonError('unknown escape', this.#at)
    return plain
  }

  #enter(): void {
    if (++this.#depth > this.#depthMax) throw new JsonError(`nested deeper than ${this.#depthMax}`, this.#at)
    this.#at++
  }

  #skipBlanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++
  }

  #peek(): number {
    return this.#text.charCodeAt(this.#at)
  }

  #take(unit: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== unit) return false
    this.#at++
    return true
  }

  #unexpected(expected: string): JsonError {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : 'the end of the text'
    return new JsonError(`expected ${expected}, found ${found}`, this.#at)
  }
}

function setField(fields: JsonObject, key: string, value: JsonValue): void {
  // Assigning to __proto__ would replace the object's prototype.
  if (key === '__proto__') {
    Object.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    fields[key] = value
  }
}

function numberOf(word: string, position: number): number | bigint {
  if (word.length > NUMBER_LENGTH_MAX) throw new JsonError('number is too long', position)
  if (/^-?[0-9]+$/.test(word)) {
    const value = Number(word)
    if (Number.isSafeInteger(value)) return value
    const exact = word.length <= LONG_LENGTH_MAX ? BigInt(word) : undefined
    if (exact === undefined || exact > LONG_MAX || exact < LONG_MIN) {
      throw new JsonError('integer does not fit 64 bits', position)
    }
    return exact
  }
  if (!/^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(word)) {
    throw new JsonError(`expected a value, found ${JSON.stringify(word.slice(0, 20))}`, position)
  }
  return Number(word)
}

/** A copy of a slice, so that a short name that is kept for long does not keep a whole body in memory. */
function detached(slice: string): string {
  return slice.length < SLICE_LENGTH ? slice : Buffer.from(slice, 'utf16le').toString('utf16le')
}

/** Java peers pass over NUL as over a space. */
function isBlank(unit: number): boolean {
  return unit === SPACE || unit === NUL || (unit >= TAB && unit <= 0x0d)
}

function endsWord(unit: number): boolean {
  switch (unit) {
    case COMMA:
    case COLON:
    case QUOTE:
    case APOSTROPHE:
    case BRACE_OPEN:
    case BRACE_CLOSE:
    case BRACKET_OPEN:
    case BRACKET_CLOSE:
    case BACKSLASH:
      return true
    default:
      return isBlank(unit)
  }
}
