/** What a map is bounded by when its entries differ in size. */
export interface Weights<Value> {
  weightOf(value: Value): number
  /** So many entries are kept, whatever they weigh; at least 1. */
  countMin: number
}

/**
 * A map of bounded size that drops the least recently used entry.
 * `onEvict` is called with each entry that is dropped or deleted, for example to close it.
 */
export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #capacity: number
  readonly #onEvict: (value: Value, key: Key) => void
  readonly #weights: Weights<Value> | undefined
  #weight = 0
  /** The entry used last: repeated lookups of it need not move it to the end. */
  #newest: { key: Key; value: Value } | undefined

  /** @param capacity entries that are kept; with `weights`, what they may weigh together */
  constructor(capacity: number, onEvict: (value: Value, key: Key) => void = () => {}, weights?: Weights<Value>) {
    this.#capacity = capacity
    this.#onEvict = onEvict
    this.#weights = weights
  }

  get size(): number {
    return this.#entries.size
  }

  /** Returns the value and makes it the most recently used. */
  get(key: Key): Value | undefined {
    if (this.#newest?.key === key) return this.#newest.value
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = { key, value }
    return value
  }

  set(key: Key, value: Value): void {
    const before = this.#entries.get(key)
    if (before !== undefined) this.#taken(key, before)
    this.#entries.set(key, value)
    this.#weight += this.#weightOf(value)
    this.#newest = { key, value }
    while (this.#isOverfull()) {
      const [oldestKey, oldest] = this.#entries.entries().next().value!
      this.#taken(oldestKey, oldest)
      this.#onEvict(oldest, oldestKey)
    }
  }

  delete(key: Key): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#taken(key, value)
    if (this.#newest?.key === key) this.#newest = undefined
    this.#onEvict(value, key)
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key)
  }

  keys(): IterableIterator<Key> {
    return this.#entries.keys()
  }

  #weightOf(value: Value): number {
    return this.#weights === undefined ? 1 : this.#weights.weightOf(value)
  }

  #isOverfull(): boolean {
    return this.#weight > this.#capacity && this.#entries.size > (this.#weights?.countMin ?? 1)
  }

  #taken(key: Key, value: Value): void {
    this.#entries.delete(key)
    this.#weight -= this.#weightOf(value)
  }
}
