/**
 * A map of bounded size that drops the least recently used entry.
 * `onEvict` is called with each entry that is dropped or deleted, for example to close it.
 */
export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #capacity: number
  readonly #onEvict: (value: Value, key: Key) => void
  /** The entry used last: repeated lookups of it need not move it to the end. */
  #newest: { key: Key; value: Value } | undefined

  constructor(capacity: number, onEvict: (value: Value, key: Key) => void = () => {}) {
    this.#capacity = capacity
    this.#onEvict = onEvict
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
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = { key, value }
    if (this.#entries.size <= this.#capacity) return
    const [oldestKey, oldest] = this.#entries.entries().next().value!
    this.#entries.delete(oldestKey)
    this.#onEvict(oldest, oldestKey)
  }

  delete(key: Key): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    if (this.#newest?.key === key) this.#newest = undefined
    this.#onEvict(value, key)
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key)
  }

  keys(): IterableIterator<Key> {
    return this.#entries.keys()
  }
}
