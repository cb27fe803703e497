/** Random choices that a seed reproduces. */
export class SeededRandom {
  readonly seed: number
  #state: number

  /** @param seed any 32-bit integer */
  constructor(seed: number) {
    this.seed = seed
    this.#state = seed | 0
  }

  /** From 0, below 1. (The generator is known as mulberry32.) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** True in the given share of the calls. */
  chance(share: number): boolean {
    return this.next() < share
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let index = 0; index < length; index++) bytes[index] = Math.floor(this.next() * 256)
    return bytes
  }

  /** A generator of its own for one part of a run, so that what the parts draw does not depend on their interleaving. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 2 ** 32))
  }
}

/** The seed from the environment (to repeat a failure), else a new one; printed, so that a failure can be repeated. */
export function announcedSeed(variable: string): number {
  const given = process.env[variable]
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  if (!Number.isInteger(seed)) throw new Error(`${variable} must be an integer, is ${given}`)
  console.info(`${variable}=${seed}`)
  return seed
}
