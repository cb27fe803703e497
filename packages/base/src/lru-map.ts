/** What a map is bounded by when its entries differ in size. */
export interface Weights<Value> {
  weightOf(value: Value): number
  /** So many entries are kept, whatever they weigh; at least 1. */
  countMin: number
}

/** An entry, between the one that was used before it and the one that was used after it. */
interface Entry<Key, Value> {
  readonly key: Key
  readonly value: Value
  older: Entry<Key, Value> | undefined
  newer: Entry<Key, Value> | undefined
}

/**
 * A map of bounded size that drops the least recently used entry.
 * `onEvict` is called with each entry that is dropped or deleted, for example to close it.
 */
export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Entry<Key, Value>>()
  readonly #capacity: number
  readonly #onEvict: (value: Value, key: Key) => void
  readonly #weights: Weights<Value> | undefined
  #weight = 0
  #oldest: Entry<Key, Value> | undefined
  #newest: Entry<Key, Value> | undefined

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
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry !== this.#newest) {
      this.#unlink(entry)
      this.#linkAsNewest(entry)
    }
    return entry.value
  }

  set(key: Key, value: Value): void {
    const before = this.#entries.get(key)
    if (before !== undefined) this.#take(before)
    const entry: Entry<Key, Value> = { key, value, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#linkAsNewest(entry)
    this.#weight += this.#weightOf(value)
    while (this.#isOverfull()) {
      const oldest = this.#oldest!
      this.#take(oldest)
      this.#onEvict(oldest.value, oldest.key)
    }
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#take(entry)
    this.#onEvict(entry.value, key)
  }

  clear(): void {
    for (const key of [...this.keys()]) this.delete(key)
  }

  /** The keys, the least recently used first. */
  *keys(): Generator<Key, void> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry.key
  }

  #weightOf(value: Value): number {
    return this.#weights === undefined ? 1 : this.#weights.weightOf(value)
  }

  #isOverfull(): boolean {
    return this.#weight > this.#capacity && this.#entries.size > (this.#weights?.countMin ?? 1)
  }

  #take(entry: Entry<Key, Value>): void {
    this.#entries.delete(entry.key)
    this.#unlink(entry)
    this.#weight -= this.#weightOf(entry.value)
  }

  #unlink(entry: Entry<Key, Value>): void {
    const { older, newer } = entry
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    entry.older = undefined
    entry.newer = undefined
  }

  #linkAsNewest(entry: Entry<Key, Value>): void {
    entry.older = this.#newest
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }
}
