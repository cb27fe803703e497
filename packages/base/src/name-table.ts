import { textHash } from './text-hash.ts'

const placesFirst = 64
/** The least number of places for each entry, so that few entries share one. */
const placesPerEntry = 4

/**
 * Objects by name. A hash of the name gives a place, and most objects are found there. Names that share a place take
 * turns in it; the others are found in a map.
 */
export class NameTable<Entry> {
  readonly #nameOf: (entry: Entry) => string
  readonly #entries = new Map<string, Entry>()
  #places: (Entry | undefined)[] = emptyPlaces(placesFirst)

  /** @param nameOf must give the same name for an entry as long as it is in the table */
  constructor(nameOf: (entry: Entry) => string) {
    this.#nameOf = nameOf
  }

  get size(): number {
    return this.#entries.size
  }

  get(name: string): Entry | undefined {
    const place = placeOf(name, this.#places.length)
    const likely = this.#places[place]
    if (likely !== undefined && this.#nameOf(likely) === name) return likely
    const entry = this.#entries.get(name)
    if (entry !== undefined) this.#places[place] = entry
    return entry
  }

  /**
   * The entry at the place of a name: most likely the one of that name, perhaps another one, or none. Nothing of the
   * entry itself is read, so this can be used to read ahead what will most likely be needed.
   */
  likely(name: string): Entry | undefined {
    return this.#places[placeOf(name, this.#places.length)]
  }

  /** Adds an entry, or replaces the one of the same name. */
  set(entry: Entry): void {
    const name = this.#nameOf(entry)
    this.#entries.set(name, entry)
    if (this.#entries.size * placesPerEntry > this.#places.length) this.#enlarge()
    this.#places[placeOf(name, this.#places.length)] = entry
  }

  delete(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#entries.delete(name)
    const place = placeOf(name, this.#places.length)
    if (this.#places[place] === entry) this.#places[place] = undefined
  }

  #enlarge(): void {
    this.#places = emptyPlaces(this.#places.length * 2)
    for (const [name, entry] of this.#entries) this.#places[placeOf(name, this.#places.length)] = entry
  }
}

function emptyPlaces<Entry>(count: number): (Entry | undefined)[] {
  return new Array<Entry | undefined>(count).fill(undefined)
}

/** @param count a power of two */
function placeOf(name: string, count: number): number {
  const hash = textHash(name)
  return (hash ^ (hash >>> 15)) & (count - 1)
}
