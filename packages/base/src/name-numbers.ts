import { randomBytes } from 'node:crypto'
import { assert } from './assert.ts'
import { HashPlaces } from './hash-places.ts'

const chunkBytesUsual = 256 * 1024
/** Names are moved together when half of the chunks is free, and that is so many chunks at least. */
const freeChunksMin = 4
/** Names that are looked at for that with each that comes or goes. */
const movedAtOnce = 32
/** Its length, and whether its characters take two bytes; while its place is free, where the next free one of its size is. */
const headBytes = 4
const nowhere = 0
/** So that no name stands nowhere. */
const firstPosition = headBytes
const numbersFirst = 64
const positionMax = 2 ** 32 - 1
/** Of each process another one: clients choose names, and many of one hash would make each look-up go through all of them. */
const processSeed = randomBytes(4).readInt32LE()

/**
 * Names of which there may be millions, each with a number. The names are outside of V8's heap: one of 20 characters takes
 * some 45 bytes, and costs no collection anything. A number stays with its name, and is given to others when that is removed.
 * What removed names took is used for others of the same size, and given back when it is much.
 */
export class NameNumbers {
  readonly #chunkBytes: number
  /** Undefined for those that were given back, whose places in the list are used again. */
  readonly #chunks: (Buffer | undefined)[] = []
  readonly #freeChunks: number[] = []
  /** The chunk that is being filled, and behind what is used of it. */
  #filled = 0
  #end = Number.POSITIVE_INFINITY
  #freeBytes = 0
  /** Chunks whose names move to others, and the number of the first one that may stand there. */
  readonly #left = new Set<number>()
  #moved = 0
  /** Where free places of a size begin, by that size in bytes. */
  readonly #freePlaces = new Map<number, number>()
  /** Where each name stands, by its number. */
  #positions = new Uint32Array(numbersFirst)
  #hashes = new Int32Array(numbersFirst)
  readonly #places = new HashPlaces((number) => this.#hashes[number]!)
  /** Behind the highest number that was given. */
  #numbersEnd = 0
  readonly #freeNumbers: number[] = []

  /** @param chunkBytes bytes that are taken at a time: none of the names may have more */
  constructor(chunkBytes: number = chunkBytesUsual) {
    this.#chunkBytes = chunkBytes
  }

  get size(): number {
    return this.#numbersEnd - this.#freeNumbers.length
  }

  /** What is taken for the names themselves. */
  get nameBytes(): number {
    return (this.#chunks.length - this.#freeChunks.length) * this.#chunkBytes
  }

  /** All numbers are below this one. */
  get end(): number {
    return this.#numbersEnd
  }

  /** The number of a name; undefined when it is not here. */
  get(name: string): number | undefined {
    const hash = nameHash(name, processSeed)
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
    const hash = nameHash(name, processSeed)
    this.#positions[number] = this.#store(name)
    this.#hashes[number] = hash
    this.#places.add(hash, number)
    this.#moveTogether()
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
    else this.#moveTogether()
    return number
  }

  /** The name of a number; undefined when nothing has it. */
  nameOf(number: number): string | undefined {
    const position = this.#positions[number] ?? nowhere
    if (position === nowhere) return undefined
    const chunk = this.#chunkOf(position)
    const start = (position % this.#chunkBytes) + headBytes
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
    this.#freeChunks.length = 0
    this.#end = Number.POSITIVE_INFINITY
    this.#freePlaces.clear()
    this.#freeBytes = 0
    this.#left.clear()
    this.#positions = new Uint32Array(numbersFirst)
    this.#hashes = new Int32Array(numbersFirst)
    this.#places.clear()
    this.#numbersEnd = 0
    this.#freeNumbers.length = 0
  }

  #isNamed(number: number, name: string): boolean {
    const position = this.#positions[number]!
    const chunk = this.#chunkOf(position)
    const start = (position % this.#chunkBytes) + headBytes
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
    assert(size <= this.#chunkBytes - firstPosition, `a name of ${name.length} characters is too long`)
    const position = this.#placeFor(size)
    const chunk = this.#chunkOf(position)
    const at = position % this.#chunkBytes
    chunk.writeUInt32LE((size - headBytes) * 2 + (wide ? 1 : 0), at)
    chunk.write(name, at + headBytes, wide ? 'utf16le' : 'latin1')
    return position
  }

  #placeFor(size: number): number {
    const free = this.#freePlaces.get(size) ?? nowhere
    if (free !== nowhere) {
      this.#freePlaces.set(size, this.#chunkOf(free).readUInt32LE(free % this.#chunkBytes))
      this.#freeBytes -= size
      return free
    }
    if (this.#end + size > this.#chunkBytes) this.#nextChunk()
    const position = this.#filled * this.#chunkBytes + this.#end
    assert(position <= positionMax, 'there are too many names')
    this.#end += size
    return position
  }

  #nextChunk(): void {
    this.#filled = this.#freeChunks.pop() ?? this.#chunks.length
    this.#chunks[this.#filled] = Buffer.allocUnsafeSlow(this.#chunkBytes)
    this.#end = this.#filled === 0 ? firstPosition : 0
  }

  #free(position: number): void {
    if (this.#isLeft(position)) return
    const chunk = this.#chunkOf(position)
    const at = position % this.#chunkBytes
    const size = headBytes + bytesOf(chunk.readUInt32LE(at))
    chunk.writeUInt32LE(this.#freePlaces.get(size) ?? nowhere, at)
    this.#freePlaces.set(size, position)
    this.#freeBytes += size
  }

  /** Where names of other sizes have gone, no others may come: what is left moves to new chunks, a few names at a time. */
  #moveTogether(): void {
    if (this.#left.size === 0) {
      const freeMin = Math.max(freeChunksMin * this.#chunkBytes, this.nameBytes / 2)
      if (this.#freeBytes < freeMin) return
      for (const [index, chunk] of this.#chunks.entries()) if (chunk !== undefined) this.#left.add(index)
      this.#freePlaces.clear()
      this.#freeBytes = 0
      this.#end = Number.POSITIVE_INFINITY
      this.#moved = 0
    }
    const end = Math.min(this.#moved + movedAtOnce, this.#numbersEnd)
    while (this.#moved < end) this.#move(this.#moved++)
    if (this.#moved < this.#numbersEnd) return
    for (const index of this.#left) this.#chunks[index] = undefined
    this.#freeChunks.push(...this.#left)
    this.#left.clear()
  }

  #move(number: number): void {
    const before = this.#positions[number]!
    if (before === nowhere || !this.#isLeft(before)) return
    const [chunk, at] = [this.#chunkOf(before), before % this.#chunkBytes]
    const size = headBytes + bytesOf(chunk.readUInt32LE(at))
    const position = this.#placeFor(size)
    chunk.copy(this.#chunkOf(position), position % this.#chunkBytes, at, at + size)
    this.#positions[number] = position
  }

  #isLeft(position: number): boolean {
    return this.#left.size > 0 && this.#left.has(Math.floor(position / this.#chunkBytes))
  }

  #chunkOf(position: number): Buffer {
    return this.#chunks[Math.floor(position / this.#chunkBytes)]!
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

/**
 * All bits of it are mixed: parts of it are used on their own.
 * @param seed an integer of 32 bits: names that have one hash by one seed have not by others
 */
export function nameHash(name: string, seed: number): number {
  let hash = seed ^ name.length
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
