import { assert } from '@rocketmq-ts/base'

/** Where a message was stored first. */
export interface FirstPlace {
  queueId: number
  queueOffset: number
  physicalOffset: number
}

/**
 * What is known of a sequence number: nothing, so that its message is to be stored; that its message is being stored;
 * where it was stored; or that it is so far below others that nobody knows any more.
 */
export type Claim =
  | { kind: 'new' }
  | { kind: 'pending' }
  | { kind: 'stored'; place: FirstPlace }
  | { kind: 'too-old'; lowest: number }

const none = -1
const newClaim: Claim = { kind: 'new' }
const pendingClaim: Claim = { kind: 'pending' }
/** Milliseconds. So seldom a producer takes another place. */
const placeMs = 1000

/** The newest sequence numbers of one producer, each in the slot of its remainder. */
class ProducerWindow {
  readonly sequences: Float64Array
  readonly positions: Float64Array
  readonly queueOffsets: Float64Array
  readonly queueIds: Int32Array
  /** Of messages that are just being stored, each in its slot: until they are, they take no slot from others. */
  readonly #claims: Float64Array
  /** Those whose slot another one has. */
  readonly #moreClaims = new Set<number>()
  highest = none
  /** Milliseconds since 1970 of the last message. */
  lastMs = 0
  /** The last message when it took its place among the producers. */
  placedMs = 0

  constructor(size: number) {
    this.sequences = new Float64Array(size).fill(none)
    this.positions = new Float64Array(size)
    this.queueOffsets = new Float64Array(size)
    this.queueIds = new Int32Array(size)
    this.#claims = new Float64Array(size).fill(none)
  }

  isClaimed(sequence: number, slot: number): boolean {
    return this.#claims[slot] === sequence || (this.#moreClaims.size > 0 && this.#moreClaims.has(sequence))
  }

  claim(sequence: number, slot: number): void {
    if (this.#claims[slot] === none) this.#claims[slot] = sequence
    else this.#moreClaims.add(sequence)
  }

  /** Does nothing when it is not claimed. */
  release(sequence: number, slot: number): void {
    if (this.#claims[slot] === sequence) this.#claims[slot] = none
    else if (this.#moreClaims.size > 0) this.#moreClaims.delete(sequence)
  }
}

export interface WindowLimits {
  /** Sequence numbers that are known of a producer, below its highest. */
  count: number
  /** Producers that are known; the one that was silent for longest, to a second, is forgotten for another. */
  producersMax: number
  /** Milliseconds of silence after which a producer is forgotten. */
  silenceMsMax(): number
}

/** What a snapshot holds of a producer: its id, its last time, and sequence, queue, offset and position of its messages. */
export type KeptProducer = [id: string, lastMs: number, ...messages: number[]]

/** The newest sequence numbers of all producers that number their messages, and where those were stored. */
export class ProducerWindows {
  readonly #limits: WindowLimits
  /** Who was silent for longest stands in front, to a second. */
  readonly #producers = new Map<string, ProducerWindow>()

  constructor(limits: WindowLimits) {
    this.#limits = limits
  }

  get producerCount(): number {
    return this.#producers.size
  }

  /** Takes a sequence number for a message that is to be stored, unless it is taken already. */
  claim(id: string, sequence: number, nowMs: number): Claim {
    const { count } = this.#limits
    const window = this.#windowOf(id, nowMs)
    const slot = sequence % count
    const known = window.sequences[slot]!
    if (known === sequence) {
      const physicalOffset = window.positions[slot]!
      return {
        kind: 'stored',
        place: { queueId: window.queueIds[slot]!, queueOffset: window.queueOffsets[slot]!, physicalOffset },
      }
    }
    if (window.isClaimed(sequence, slot)) return pendingClaim
    const lowest = window.highest - count + 1
    if (sequence < lowest || known > sequence) return { kind: 'too-old', lowest }
    window.claim(sequence, slot)
    return newClaim
  }

  /** The message of a claimed number was not stored: the number is free again. */
  release(id: string, sequence: number): void {
    this.#producers.get(id)?.release(sequence, sequence % this.#limits.count)
  }

  /** A message was stored. Of several with one number, the first one counts. */
  stored(id: string, sequence: number, place: FirstPlace, nowMs: number): void {
    const window = this.#windowOf(id, nowMs)
    const slot = sequence % this.#limits.count
    window.release(sequence, slot)
    if (window.sequences[slot]! >= sequence) return
    window.sequences[slot] = sequence
    window.positions[slot] = place.physicalOffset
    window.queueOffsets[slot] = place.queueOffset
    window.queueIds[slot] = place.queueId
    window.highest = Math.max(window.highest, sequence)
    window.lastMs = Math.max(window.lastMs, nowMs)
    if (window.lastMs - window.placedMs >= placeMs) this.#place(id, window)
  }

  /** Messages at or behind a position of the log are gone, and their numbers free again. */
  forgetFrom(position: number): void {
    for (const window of this.#producers.values()) {
      const { sequences, positions } = window
      window.highest = none
      for (let slot = 0; slot < sequences.length; slot++) {
        if (positions[slot]! >= position) sequences[slot] = none
        window.highest = Math.max(window.highest, sequences[slot]!)
      }
    }
  }

  *kept(): Iterable<KeptProducer> {
    for (const [id, { sequences, positions, queueIds, queueOffsets, lastMs }] of this.#producers) {
      const producer: KeptProducer = [id, lastMs]
      for (let slot = 0; slot < sequences.length; slot++) {
        if (sequences[slot] === none) continue
        producer.push(sequences[slot]!, queueIds[slot]!, queueOffsets[slot]!, positions[slot]!)
      }
      yield producer
    }
  }

  restore([id, lastMs, ...messages]: KeptProducer): void {
    for (let at = 0; at + 3 < messages.length; at += 4) {
      const [sequence, queueId, queueOffset, physicalOffset] = messages.slice(at, at + 4) as [
        number,
        number,
        number,
        number,
      ]
      this.stored(id, sequence, { queueId, queueOffset, physicalOffset }, lastMs)
    }
  }

  #windowOf(id: string, nowMs: number): ProducerWindow {
    const known = this.#producers.get(id)
    if (known !== undefined && nowMs - known.lastMs <= this.#limits.silenceMsMax()) return known
    if (known !== undefined) this.#producers.delete(id)
    else if (this.#producers.size >= this.#limits.producersMax) this.#forgetOne()
    const window = new ProducerWindow(this.#limits.count)
    window.lastMs = nowMs
    this.#place(id, window)
    return window
  }

  /** Puts a producer behind all others. */
  #place(id: string, window: ProducerWindow): void {
    window.placedMs = window.lastMs
    this.#producers.delete(id)
    this.#producers.set(id, window)
  }

  #forgetOne(): void {
    const [silent] = this.#producers.keys()
    assert(silent !== undefined, 'there is no producer to forget')
    this.#producers.delete(silent)
  }
}
