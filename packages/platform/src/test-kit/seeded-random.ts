import type { Random } from '../random.ts'

/** Random numbers that a seed determines, for tests that can be run again (mulberry32). */
export class SeededRandom implements Random {
  readonly seed: number
  #state: number

  /** @param seed any 32-bit integer */
  constructor(seed: number) {
    this.seed = seed
    this.#state = seed >>> 0
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True in one of `count` cases. */
  oneIn(count: number): boolean {
    return this.below(count) === 0
  }

  /** True in the given share of the calls. */
  chance(share: number): boolean {
    return this.#next() < share
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let index = 0; index < length; index++) bytes[index] = this.below(256)
    return bytes
  }

  /** A separate generator for one part of a run, so that its numbers do not depend on how the parts interleave. */
  fork(): SeededRandom {
    return new SeededRandom(this.below(2 ** 32))
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
