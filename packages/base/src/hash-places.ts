/** Each part grows for itself, so that no turn of the loop has to move everything. A power of two. */
const partsCount = 256
const partShift = 24
const placesFirst = 8
/** More entries than this part of the places would make searches long. */
const fullRatio = 0.75

/**
 * Numbers by hash, outside of V8's heap: some 8 bytes for each. What a number stands for, and its hash, are kept by the owner.
 * Several may have one hash.
 */
export class HashPlaces {
  readonly #hashOf: (number: number) => number
  /** Numbers, each one higher than it is; 0 is a free place. */
  readonly #parts: Uint32Array[] = Array.from({ length: partsCount }, () => new Uint32Array(placesFirst))
  readonly #counts = new Uint32Array(partsCount)

  /** @param hashOf must give the hash that a number was added with, as long as it is here: an integer of 32 bits */
  constructor(hashOf: (number: number) => number) {
    this.#hashOf = hashOf
  }

  /**
   * The number that is looked for among those whose hash may be this one; undefined when there is none.
   * @param isIt told numbers of any hash
   */
  find(hash: number, isIt: (number: number) => boolean): number | undefined {
    const places = this.#parts[partOf(hash)]!
    const mask = places.length - 1
    for (let at = hash & mask; places[at] !== 0; at = (at + 1) & mask) {
      const number = places[at]! - 1
      if (isIt(number)) return number
    }
    return undefined
  }

  /** Adds a number that is not here. */
  add(hash: number, number: number): void {
    const part = partOf(hash)
    if (++this.#counts[part]! > this.#parts[part]!.length * fullRatio) this.#enlarge(part)
    put(this.#parts[part]!, hash, number)
  }

  /** Removes a number that is here. */
  delete(hash: number, number: number): void {
    const part = partOf(hash)
    const places = this.#parts[part]!
    const mask = places.length - 1
    let at = hash & mask
    while (places[at] !== number + 1) at = (at + 1) & mask
    this.#counts[part]!--
    // What stands behind it, and would not be found across a free place, moves up.
    for (let next = (at + 1) & mask; places[next] !== 0; next = (next + 1) & mask) {
      const wanted = this.#hashOf(places[next]! - 1) & mask
      if (((next - wanted) & mask) < ((next - at) & mask)) continue
      places[at] = places[next]!
      at = next
    }
    places[at] = 0
  }

  clear(): void {
    for (const part of this.#parts.keys()) this.#parts[part] = new Uint32Array(placesFirst)
    this.#counts.fill(0)
  }

  #enlarge(part: number): void {
    const before = this.#parts[part]!
    const places = new Uint32Array(before.length * 2)
    for (const entry of before) if (entry !== 0) put(places, this.#hashOf(entry - 1), entry - 1)
    this.#parts[part] = places
  }
}

function put(places: Uint32Array, hash: number, number: number): void {
  const mask = places.length - 1
  let at = hash & mask
  while (places[at] !== 0) at = (at + 1) & mask
  places[at] = number + 1
}

function partOf(hash: number): number {
  return hash >>> partShift
}
