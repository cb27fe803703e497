import { hash } from 'node:crypto'

const wordsOfKey = 4
const bytesOfSlot = 4 * wordsOfKey + 8
const slotsMin = 128
/** More entries than this part of the slots would make searches long. */
const fullRatio = 0.75
const none = -1

/**
 * The last queue offset of each key, in bounded memory: 24 bytes for a key of any length. Keys are told apart by 128 bits
 * of their SHA-256.
 */
export class KeyOffsets {
  readonly #slotsMax: number
  #slots = slotsMin
  #keys = new Uint32Array(slotsMin * wordsOfKey)
  #offsets = new Float64Array(slotsMin).fill(none)
  #count = 0

  /** @param bytesMax what the table may take; some more while it grows */
  constructor(bytesMax: number) {
    const slots = Math.max(slotsMin, Math.floor(bytesMax / bytesOfSlot))
    this.#slotsMax = 2 ** Math.floor(Math.log2(slots))
  }

  get count(): number {
    return this.#count
  }

  /** @returns false when the key is new and there is no room for another one */
  set(key: string, offset: number): boolean {
    const words = wordsOf(key)
    let slot = this.#slotOf(words)
    if (this.#offsets[slot] === none) {
      if (this.#count + 1 > this.#slots * fullRatio) {
        if (this.#slots >= this.#slotsMax) return false
        this.#grow()
        slot = this.#slotOf(words)
      }
      this.#keys.set(words, slot * wordsOfKey)
      this.#count++
    }
    this.#offsets[slot] = offset
    return true
  }

  /** The last offset of a key, -1 without one. */
  get(key: string): number {
    return this.#offsets[this.#slotOf(wordsOf(key))]!
  }

  /** The slot of a key, or the free one where it would go. */
  #slotOf(words: Uint32Array): number {
    let slot = words[0]! & (this.#slots - 1)
    while (this.#offsets[slot] !== none && !this.#isAt(slot, words)) slot = (slot + 1) & (this.#slots - 1)
    return slot
  }

  #isAt(slot: number, words: Uint32Array): boolean {
    const at = slot * wordsOfKey
    for (let index = 0; index < wordsOfKey; index++) if (this.#keys[at + index] !== words[index]) return false
    return true
  }

  #grow(): void {
    const [keys, offsets] = [this.#keys, this.#offsets]
    this.#slots *= 2
    this.#keys = new Uint32Array(this.#slots * wordsOfKey)
    this.#offsets = new Float64Array(this.#slots).fill(none)
    for (let from = 0; from < offsets.length; from++) {
      if (offsets[from] === none) continue
      const words = keys.subarray(from * wordsOfKey, (from + 1) * wordsOfKey)
      const slot = this.#slotOf(words)
      this.#keys.set(words, slot * wordsOfKey)
      this.#offsets[slot] = offsets[from]!
    }
  }
}

function wordsOf(key: string): Uint32Array {
  const digest = hash('sha256', key, 'buffer')
  const words = new Uint32Array(wordsOfKey)
  for (let index = 0; index < wordsOfKey; index++) words[index] = digest.readUInt32LE(4 * index)
  return words
}
