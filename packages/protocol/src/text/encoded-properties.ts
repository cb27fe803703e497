import { decimalInteger } from '../decimal-integer.ts'
import { propertyName } from '../message/property-names.ts'
import { continuedHash } from './java-string-hash.ts'

const nameEnd = 1
const valueEnd = 2

/** The properties that servers look for in every message. */
export const knownProperties = [
  'tags',
  'keys',
  'uniqueKey',
  'waitStoreOk',
  'delayLevel',
  'transactionPrepared',
  'timerDelaySec',
  'timerDelayMs',
  'timerDeliverMs',
  'messageRegion',
  'traceOn',
  'cluster',
  'priority',
  'producerId',
  'producerSequence',
  'innerCount',
  'multiDispatch',
  'multiQueueOffset',
  'liteTopic',
  'timerOutMs',
  'timerEnqueueMs',
  'timerDequeueMs',
  'timerRollTimes',
  'timerDeleteUniqueKey',
  'realTopic',
  'realQueueId',
] as const satisfies (keyof typeof propertyName)[]

export type KnownProperty = (typeof knownProperties)[number]

interface Known {
  bytes: Buffer
  /** A bit of its own. */
  mark: number
}

const marks = Object.fromEntries(knownProperties.map((property, index) => [property, 1 << index])) as Record<
  KnownProperty,
  number
>
const knownByLength: Known[][] = []
for (const property of knownProperties) {
  const bytes = Buffer.from(propertyName[property])
  knownByLength[bytes.length] ??= []
  knownByLength[bytes.length]!.push({ bytes, mark: marks[property] })
}

const zero = 0x30
/** So many digits are always a safe integer. */
const plainDigits = 15
const noRoom = Buffer.alloc(0)
const utf8BytesMax = 3
const memoryBytes = 64 * 1024

/** Memory for encoded texts, one behind the other. A full block lives on with the texts in it. */
let memory = noRoom
let memoryUsed = 0

/** @returns where `memory` has `byteCount` free bytes */
function memoryFor(byteCount: number): number {
  if (memoryUsed + byteCount > memory.length) {
    memory = Buffer.allocUnsafeSlow(Math.max(memoryBytes, byteCount))
    memoryUsed = 0
  }
  return memoryUsed
}

/**
 * Encoded properties of a message and where in them the known ones stand: found in one
 * pass, without making a text of each. Agrees with `decodeMessageProperties`: a pair without a name or a value is
 * skipped, and of a repeated name the last value counts.
 */
export class EncodedProperties {
  #bytes: Buffer
  /** Memory behind the bytes that `append` may use. */
  #room: Buffer
  #hasZero = false
  #marks = 0
  /** Mark, start and end of each known property, in the order in which they stand. */
  readonly #places: number[]

  /**
   * @param bytes in UTF-8; they must stay as they are for as long as this object is used
   * @param like has the same bytes, or the first ones, which need not be looked through again
   */
  constructor(bytes: Buffer, room: Buffer = noRoom, like?: EncodedProperties) {
    this.#bytes = bytes
    this.#room = room
    if (like === undefined) {
      this.#places = []
      this.#scan()
      return
    }
    this.#places = like.#places.slice()
    this.#marks = like.#marks
    this.#hasZero = like.#hasZero
  }

  /** @param roomBytes for properties that are appended later; more than that is possible, and takes longer */
  static ofText(text: string, roomBytes = 0): EncodedProperties {
    const start = memoryFor(text.length * utf8BytesMax + roomBytes)
    const end = start + memory.write(text, start, 'utf8')
    memoryUsed = end + roomBytes
    return new EncodedProperties(memory.subarray(start, end), memory.subarray(start, memoryUsed))
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  get text(): string {
    return this.#bytes.toString('utf8')
  }

  /** Whether there is a zero byte, which no broker of this kind stores. */
  get hasZero(): boolean {
    return this.#hasZero
  }

  has(property: KnownProperty): boolean {
    return (this.#marks & marks[property]) !== 0
  }

  /** @param ofMarks as `marksOf` gives them */
  hasAny(ofMarks: number): boolean {
    return (this.#marks & ofMarks) !== 0
  }

  value(property: KnownProperty): string | undefined {
    const at = this.#placeOf(property)
    return at < 0 ? undefined : this.#bytes.toString('utf8', this.#places[at + 1], this.#places[at + 2])
  }

  /** The integer that a value is in decimal digits, as `decimalInteger` reads it; NaN without one. */
  integer(property: KnownProperty): number {
    const at = this.#placeOf(property)
    if (at < 0) return Number.NaN
    const start = this.#places[at + 1]!
    const end = this.#places[at + 2]!
    let number = 0
    for (let digitAt = start; digitAt < end; digitAt++) {
      const digit = this.#bytes[digitAt]! - zero
      const isPlain = digit >= 0 && digit <= 9 && end - start <= plainDigits
      if (!isPlain) return decimalInteger(this.#bytes.toString('utf8', start, end))
      number = number * 10 + digit
    }
    return number
  }

  /** A number that a few bytes of a value decide, at its end and in its middle. The property must be present. */
  sample(property: KnownProperty): number {
    const at = this.#placeOf(property)
    const start = this.#places[at + 1]!
    const end = this.#places[at + 2]!
    let sum = end - start
    for (let index = Math.max(start, end - 4); index < end; index++)
      sum = (Math.imul(sum, 31) + this.#bytes[index]!) | 0
    return (Math.imul(sum, 31) + this.#bytes[(start + end) >>> 1]!) | 0
  }

  /** Whether a value has just these bytes. The property must be present. */
  isValue(property: KnownProperty, bytes: Buffer): boolean {
    const at = this.#placeOf(property)
    const start = this.#places[at + 1]!
    if (this.#places[at + 2]! - start !== bytes.length) return false
    for (let index = 0; index < bytes.length; index++) {
      if (this.#bytes[start + index] !== bytes[index]) return false
    }
    return true
  }

  /** Java's `String.hashCode` of a value, 0 without one. */
  hash(property: KnownProperty): number {
    return this.has(property) ? this.hashFrom(0, property) : 0
  }

  /**
   * Hashes the words of a value, which spaces separate, such as the keys of a message.
   * @param start the hash of the text in front of each word
   * @param hashes the hashes are appended to this array
   */
  addWordHashes(property: KnownProperty, start: number, hashes: number[]): void {
    const at = this.#placeOf(property)
    if (at < 0) return
    const end = this.#places[at + 2]!
    for (let from = this.#places[at + 1]!; from < end; ) {
      let to = from
      while (to < end && this.#bytes[to] !== 0x20) to++
      if (to > from) hashes.push(hashOfBytes(start, this.#bytes, from, to))
      from = to + 1
    }
  }

  /** Like `hash`, continuing the hash of the text in front of the value. The property must be present. */
  hashFrom(start: number, property: KnownProperty): number {
    const at = this.#placeOf(property)
    return hashOfBytes(start, this.#bytes, this.#places[at + 1]!, this.#places[at + 2]!)
  }

  /** Appends other properties, and before them the final separator if an old client left it out. */
  append(others: EncodedProperties): void {
    const { length } = this.#bytes
    const separator = length > 0 && this.#bytes[length - 1] !== valueEnd ? 1 : 0
    const start = length + separator
    const end = start + others.#bytes.length
    if (end > this.#room.length) {
      this.#room = Buffer.allocUnsafe(end * 2)
      this.#bytes.copy(this.#room)
    }
    if (separator > 0) this.#room[length] = valueEnd
    this.#room.set(others.#bytes, start)
    this.#bytes = this.#room.subarray(0, end)
    this.#take(others, start)
  }

  /** These properties and others behind them, as `append` does it. These stay as they are. */
  joinedWith(others: EncodedProperties): EncodedProperties {
    const { length } = this.#bytes
    const separator = length > 0 && this.#bytes[length - 1] !== valueEnd ? 1 : 0
    const behind = length + separator
    const start = memoryFor(behind + others.#bytes.length)
    memory.set(this.#bytes, start)
    if (separator > 0) memory[start + length] = valueEnd
    memory.set(others.#bytes, start + behind)
    memoryUsed = start + behind + others.#bytes.length
    const joined = new EncodedProperties(memory.subarray(start, memoryUsed), noRoom, this)
    joined.#take(others, behind)
    return joined
  }

  /** Knows what others know, whose bytes stand from `start` on. */
  #take(others: EncodedProperties, start: number): void {
    this.#hasZero ||= others.#hasZero
    this.#marks |= others.#marks
    for (let at = 0; at < others.#places.length; at += 3) {
      this.#places.push(others.#places[at]!, start + others.#places[at + 1]!, start + others.#places[at + 2]!)
    }
  }

  /** Where in `#places` the last one of a property is, or -1. */
  #placeOf(property: KnownProperty): number {
    const mark = marks[property]
    if ((this.#marks & mark) === 0) return -1
    let at = this.#places.length - 3
    while (this.#places[at] !== mark) at -= 3
    return at
  }

  #scan(): void {
    const bytes = this.#bytes
    const { length } = bytes
    let start = 0
    let separator = -1
    for (let at = 0; at <= length; at++) {
      const byte = at < length ? bytes[at]! : valueEnd
      if (byte > valueEnd) continue
      if (byte === nameEnd) {
        if (separator < 0) separator = at
      } else if (byte === valueEnd) {
        if (separator > start && at > separator + 1) this.#note(start, separator, at)
        start = at + 1
        separator = -1
      } else this.#hasZero = true
    }
  }

  #note(start: number, separator: number, end: number): void {
    const candidates = knownByLength[separator - start]
    if (candidates === undefined) return
    for (const { bytes, mark } of candidates) {
      let matched = 0
      while (matched < bytes.length && this.#bytes[start + matched] === bytes[matched]) matched++
      if (matched < bytes.length) continue
      this.#marks |= mark
      this.#places.push(mark, separator + 1, end)
      return
    }
  }
}

/** For `hasAny`, worked out once. */
export function marksOf(...properties: KnownProperty[]): number {
  return properties.reduce((sum, property) => sum | marks[property], 0)
}

/** Java's `String.hashCode` of text in UTF-8, continuing the hash of the text in front of it. */
function hashOfBytes(start: number, bytes: Buffer, from: number, to: number): number {
  let hash = start
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte > 0x7f) return continuedHash(start, bytes.toString('utf8', from, to))
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  return hash
}
