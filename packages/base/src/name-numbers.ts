import { assert } from './assert.ts'
import { HashPlaces } from './hash-places.ts'

const chunkBytes = 256 * 1024
/** Its length, and whether its characters take two bytes; while its place is free, where the next free one of its size is. */
const headBytes = 4
const nowhere = 0
/** So that no name stands nowhere. */
const firstPosition = headBytes
const numbersFirst = 64
const positionMax = 2 ** 32 - 1

/**
 * Names of which there may be millions, each with a number. The names are outside of V8's heap: one of 20 characters takes
 * some 45 bytes, and costs no collection anything. A number stays with its name, and is given to others when that is removed.
 * What removed names took is used for others of the same size.
 */
export class NameNumbers {
  readonly #chunks: Buffer[] = []
  /** Behind what is used of the last chunk. */
  #end = firstPosition
  /** Where free places of a size begin, by that size in bytes. */
  readonly #freePlaces = new Map<number, number>()
  /** Where each name stands, by its number. */
  #positions = new Uint32Array(numbersFirst)
  #hashes = new Int32Array(numbersFirst)
  readonly #places = new HashPlaces((number) => this.#hashes[number]!)
  /** Behind the highest number that was given. */
  #numbersEnd = 0
  readonly #freeNumbers: number[] = []

  get size(): number {
    return this.#numbersEnd - this.#freeNumbers.length
  }

  /** What is taken for the names themselves. */
  get nameBytes(): number {
    return this.#chunks.length * chunkBytes
  }

  /** All numbers are below this one. */
  get end(): number {
    return this.#numbersEnd
  }

  /** The number of a name; undefined when it is not here. */
  get(name: string): number | undefined {
    const hash = hashOf(name)
    return this.#places.find(hash, (number) => this.#hashes[number] === hash && this.#isNamed(number, name))
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** The number of a name, which is added when it is not here. */
  add(name: string): number {
    const known = this.get(name)
    if (known !== undefined) return known
    const number = this.#freeNumbers.pop() ?? this.#numbersEnd++
    if (number === this.#positions.length) {
      this.#positions = enlarged(this.#positions, new Uint32Array(number * 2))
      this.#hashes = enlarged(this.#hashes, new Int32Array(number * 2))
    }
    const hash = hashOf(name)
    this.#positions[number] = this.#store(name)
    this.#hashes[number] = hash
    this.#places.add(hash, number)
    return number
  }

  /** @returns the number that the name had; undefined when it is not here */
  delete(name: string): number | undefined {
    const number = this.get(name)
    if (number === undefined) return undefined
    this.#places.delete(this.#hashes[number]!, number)
    this.#free(this.#positions[number]!)
    this.#positions[number] = nowhere
    this.#freeNumbers.push(number)
    if (this.size === 0) this.clear()
    return number
  }

  /** The name of a number; undefined when nothing has it. */
  nameOf(number: number): string | undefined {
    const position = this.#positions[number] ?? nowhere
    if (position === nowhere) return undefined
    const chunk = this.#chunkOf(position)
    const start = (position % chunkBytes) + headBytes
    const head = chunk.readUInt32LE(start - headBytes)
    return chunk.toString(isWide(head) ? 'utf16le' : 'latin1', start, start + bytesOf(head))
  }

  /** All names, by their numbers: what is added or removed meanwhile may be among them. */
  *names(): IterableIterator<string> {
    for (let number = 0; number < this.#numbersEnd; number++) {
      const name = this.nameOf(number)
      if (name !== undefined) yield name
    }
  }

  clear(): void {
    this.#chunks.length = 0
    this.#end = firstPosition
    this.#freePlaces.clear()
    this.#positions = new Uint32Array(numbersFirst)
    this.#hashes = new Int32Array(numbersFirst)
    this.#places.clear()
    this.#numbersEnd = 0
    this.#freeNumbers.length = 0
  }

  #isNamed(number: number, name: string): boolean {
    const position = this.#positions[number]!
    const chunk = this.#chunkOf(position)
    const start = (position % chunkBytes) + headBytes
    const head = chunk.readUInt32LE(start - headBytes)
    const width = isWide(head) ? 2 : 1
    if (bytesOf(head) !== name.length * width) return false
    for (let index = 0, at = start; index < name.length; index++, at += width) {
      const unit = width === 1 ? chunk[at]! : chunk[at]! | (chunk[at + 1]! << 8)
      if (unit !== name.charCodeAt(index)) return false
    }
    return true
  }

  #store(name: string): number {
    const wide = hasWide(name)
    const size = headBytes + name.length * (wide ? 2 : 1)
    assert(size <= chunkBytes - firstPosition, `a name of ${name.length} characters is too long`)
    const position = this.#placeFor(size)
    const chunk = this.#chunkOf(position)
    const at = position % chunkBytes
    chunk.writeUInt32LE((size - headBytes) * 2 + (wide ? 1 : 0), at)
    chunk.write(name, at + headBytes, wide ? 'utf16le' : 'latin1')
    return position
  }

  #placeFor(size: number): number {
    const free = this.#freePlaces.get(size) ?? nowhere
    if (free !== nowhere) {
      this.#freePlaces.set(size, this.#chunkOf(free).readUInt32LE(free % chunkBytes))
      return free
    }
    if (this.#chunks.length === 0) this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes))
    if (this.#end + size > chunkBytes) {
      this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes))
      this.#end = 0
    }
    const position = (this.#chunks.length - 1) * chunkBytes + this.#end
    assert(position <= positionMax, 'there are too many names')
    this.#end += size
    return position
  }

  #free(position: number): void {
    const chunk = this.#chunkOf(position)
    const at = position % chunkBytes
    const size = headBytes + bytesOf(chunk.readUInt32LE(at))
    chunk.writeUInt32LE(this.#freePlaces.get(size) ?? nowhere, at)
    this.#freePlaces.set(size, position)
  }

  #chunkOf(position: number): Buffer {
    return this.#chunks[Math.floor(position / chunkBytes)]!
  }
}

function isWide(head: number): boolean {
  return (head & 1) === 1
}

function bytesOf(head: number): number {
  return head >>> 1
}

function hasWide(name: string): boolean {
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) > 0xff) return true
  return false
}

/** All bits of it are mixed: parts of it are used on their own. */
function hashOf(name: string): number {
  let hash = name.length
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

function enlarged<Numbers extends Int32Array | Uint32Array>(before: Numbers, after: Numbers): Numbers {
  after.set(before)
  return after
}
