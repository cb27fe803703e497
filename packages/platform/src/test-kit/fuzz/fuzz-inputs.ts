import { crc32 } from 'node:zlib'
import { SeededRandom } from '../seeded-random.ts'
import type { FuzzRow } from './fuzz-row.ts'
import { mutateBytes, randomBytes } from './mutate-bytes.ts'
import { JsonMutator } from './mutate-json.ts'

const changesMax = 4

/**
 * Makes the inputs of a row: first the valid inputs as they are, then mutations of them. Seed and index determine an
 * input, as long as nothing is added to the corpus.
 */
export class FuzzInputs {
  readonly #row: FuzzRow
  readonly #seed: number
  readonly #corpus: Buffer[]
  readonly #words: readonly Buffer[]
  readonly #json = new JsonMutator()
  /** The number of valid, unchanged inputs. */
  readonly validCount: number

  constructor(row: FuzzRow, seed: number) {
    this.#row = row
    this.#seed = (seed ^ crc32(row.name)) >>> 0
    this.#corpus = [...row.seeds()]
    if (this.#corpus.length === 0) throw new Error(`${row.name} needs at least one valid input`)
    this.validCount = this.#corpus.length
    this.#words = (row.words ?? []).map((word) => Buffer.from(word, 'utf8'))
  }

  /** The number of inputs that mutations start from. */
  get corpusSize(): number {
    return this.#corpus.length
  }

  /** Adds an input that further mutations can start from. */
  keep(input: Buffer): void {
    this.#corpus.push(Buffer.from(input))
  }

  at(index: number): Buffer {
    if (index < this.validCount) return Buffer.from(this.#corpus[index]!)
    const random = new SeededRandom(Math.imul(this.#seed + index, 0x9e37_79b1))
    if (random.oneIn(64)) return this.#fromNothing(random)
    if (this.#words.length > 0 && random.oneIn(20)) return Buffer.from(random.pick(this.#words))
    const other = (): Buffer => random.pick(this.#corpus)
    const start = other()
    const isJson = this.#row.grammar === 'json'
    let input = isJson ? this.#json.mutate(start, random) : mutateBytes(start, random, other, this.#words)
    for (let changes = isJson ? random.below(3) - 1 : random.below(changesMax); changes > 0; changes--) {
      input = mutateBytes(input, random, other, this.#words)
    }
    return this.#row.repair !== undefined && random.oneIn(2) ? this.#row.repair(Buffer.from(input), random) : input
  }

  #fromNothing(random: SeededRandom): Buffer {
    if (this.#words.length === 0 || random.oneIn(2)) return randomBytes(random, random.below(200))
    return Buffer.concat(Array.from({ length: random.below(20) }, () => random.pick(this.#words)))
  }
}
