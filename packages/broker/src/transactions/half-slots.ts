import { assert, firstIndexWhere } from '@rocketmq-ts/base'

/**
 * What became of a half message. `ending`: something is being stored that ends it or takes its place. `ended`: it was
 * rolled back, renewed or given up, or nothing more is known of it.
 */
export type HalfState = 'open' | 'ending' | 'committed' | 'ended'

const codes = { open: 1, ending: 2, committed: 3, ended: 4 } as const
const stateOfCode: readonly HalfState[] = ['ended', 'open', 'ending', 'committed', 'ended']
const stateMask = 0x0f
const ownImmunityBit = 0x10

const chunkSlots = 1024
/** Of the newest halves, it is known for longer how they ended. */
const endedChunksKept = 64
const secondsMax = 0xffff_ffff

/** Halves that stand side by side in their queue: 13 bytes for each. */
class Chunk {
  /** Queue offset of the first slot. */
  readonly base: number
  readonly positions = new Float64Array(chunkSlots)
  readonly seconds = new Uint32Array(chunkSlots)
  readonly states = new Uint8Array(chunkSlots)
  /** Slots in use. */
  from = chunkSlots
  to = 0
  /** Slots whose half has not ended. */
  openCount = 0

  constructor(base: number) {
    this.base = base
  }
}

/** When a half message may be asked about. */
export interface HalfTime {
  /** Milliseconds since 1970 at which the producer made it. */
  bornTimestamp: number
  /** Milliseconds that it asks to be left alone for; undefined for as long as the broker's setting says. */
  ownImmunityMs: number | undefined
  /** Milliseconds since 1970 at which it was stored. */
  storeTimestamp: number
}

/**
 * Milliseconds after which a half that asks for more time is stored anew all the same, so that the log does not delete it
 * with its oldest files.
 */
export const movedAfterMs = 1_800_000

/**
 * The half messages of a broker by their offset in the queue of half messages, in typed arrays: a million open ones take
 * some 20 MB. Their positions in the log ascend with their offsets. Chunks without an open one are given up.
 */
export class HalfSlots {
  /** Ascending by their base. */
  #chunks: Chunk[] = []
  #openCount = 0

  /** Halves that have not ended. */
  get openCount(): number {
    return this.#openCount
  }

  /** The highest offset that is known; -1 without any. */
  get last(): number {
    const chunk = this.#chunks.at(-1)
    return chunk === undefined ? -1 : chunk.base + chunk.to - 1
  }

  /** A half message stands at an offset. One that is known already stays as it is. */
  add(queueOffset: number, position: number, { bornTimestamp, ownImmunityMs, storeTimestamp }: HalfTime): void {
    const chunk = this.#chunkFor(queueOffset)
    const slot = queueOffset - chunk.base
    if (chunk.states[slot] !== 0) return
    const ms =
      ownImmunityMs === undefined
        ? bornTimestamp
        : Math.min(bornTimestamp + ownImmunityMs, storeTimestamp + movedAfterMs)
    chunk.positions[slot] = position
    chunk.seconds[slot] = Math.min(secondsMax, Math.max(0, Math.floor(ms / 1000)))
    chunk.states[slot] = codes.open | (ownImmunityMs === undefined ? 0 : ownImmunityBit)
    chunk.from = Math.min(chunk.from, slot)
    chunk.to = Math.max(chunk.to, slot + 1)
    chunk.openCount++
    this.#openCount++
  }

  /** Undefined for one that is not known: it ended long ago, or never was. */
  state(queueOffset: number): HalfState | undefined {
    const chunk = this.#chunkOf(queueOffset)
    const code = chunk === undefined ? 0 : chunk.states[queueOffset - chunk.base]! & stateMask
    return code === 0 ? undefined : stateOfCode[code]
  }

  /** Where it stands in the log; undefined for one that is not known. */
  position(queueOffset: number): number | undefined {
    const chunk = this.#chunkOf(queueOffset)
    if (chunk === undefined || chunk.states[queueOffset - chunk.base] === 0) return undefined
    return chunk.positions[queueOffset - chunk.base]
  }

  /** @param queueOffset of a half that is known and has not ended */
  setState(queueOffset: number, state: HalfState): void {
    const chunk = this.#chunkOf(queueOffset)
    assert(chunk !== undefined, `the half message ${queueOffset} is not known`)
    const slot = queueOffset - chunk.base
    const before = chunk.states[slot]!
    assert(isOpenCode(before), `the half message ${queueOffset} has ended`)
    const code = codes[state]
    chunk.states[slot] = code | (before & ownImmunityBit)
    if (isOpenCode(code)) return
    chunk.openCount--
    this.#openCount--
    if (chunk.openCount === 0) this.#giveUp(chunk)
  }

  /** The transaction of a half that has ended is committed. */
  noteCommitted(queueOffset: number): void {
    const chunk = this.#chunkOf(queueOffset)
    const slot = queueOffset - (chunk?.base ?? 0)
    const before = chunk?.states[slot] ?? 0
    if ((before & stateMask) === codes.ended) chunk!.states[slot] = codes.committed | (before & ownImmunityBit)
  }

  /** The first half at or behind an offset that has not ended; undefined without any. */
  nextOpen(fromOffset: number): number | undefined {
    for (let index = this.#indexFrom(fromOffset); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]!
      if (chunk.openCount === 0) continue
      const first = Math.max(chunk.from, fromOffset - chunk.base)
      for (let slot = first; slot < chunk.to; slot++) {
        if (isOpenCode(chunk.states[slot]!)) return chunk.base + slot
      }
    }
    return undefined
  }

  /**
   * Whether it is not too early to ask about a half, as far as that is known here, to the second: never later than it is.
   * @param timeOutMs what is waited for one that asks for no time of its own
   */
  mayBeDue(queueOffset: number, nowMs: number, timeOutMs: number): boolean {
    const chunk = this.#chunkOf(queueOffset)
    if (chunk === undefined) return false
    const slot = queueOffset - chunk.base
    const knownMs = chunk.seconds[slot]! * 1000
    if ((chunk.states[slot]! & ownImmunityBit) !== 0) return knownMs <= nowMs
    // A producer whose clock is ahead is asked at once.
    return knownMs + timeOutMs <= nowMs || knownMs > nowMs
  }

  /** The offset of the half that stands at a position of the log. */
  offsetAt(position: number): number | undefined {
    const chunks = this.#chunks
    const chunk = chunks[firstIndexWhere(0, chunks.length, (index) => firstPosition(chunks[index]!) > position) - 1]
    if (chunk === undefined) return undefined
    const slot = chunk.positions.subarray(chunk.from, chunk.to).indexOf(position)
    return slot < 0 ? undefined : chunk.base + chunk.from + slot
  }

  clear(): void {
    this.#chunks = []
    this.#openCount = 0
  }

  #chunkOf(queueOffset: number): Chunk | undefined {
    const chunk = this.#chunks[this.#indexFrom(queueOffset)]
    return chunk !== undefined && chunk.base <= queueOffset ? chunk : undefined
  }

  #chunkFor(queueOffset: number): Chunk {
    const index = this.#indexFrom(queueOffset)
    const found = this.#chunks[index]
    if (found !== undefined && found.base <= queueOffset) return found
    const chunk = new Chunk(queueOffset - (queueOffset % chunkSlots))
    this.#chunks.splice(index, 0, chunk)
    const left = this.#chunks[this.#chunks.length - 1 - endedChunksKept]
    if (left?.openCount === 0) this.#giveUp(left)
    return chunk
  }

  /** Index of the first chunk that ends behind an offset. */
  #indexFrom(queueOffset: number): number {
    const chunks = this.#chunks
    // The newest one is asked for most.
    const last = chunks.length - 1
    if (last >= 0 && chunks[last]!.base <= queueOffset)
      return queueOffset < chunks[last]!.base + chunkSlots ? last : last + 1
    return firstIndexWhere(0, chunks.length, (index) => chunks[index]!.base + chunkSlots > queueOffset)
  }

  #giveUp(chunk: Chunk): void {
    const index = this.#chunks.indexOf(chunk)
    if (index < this.#chunks.length - endedChunksKept) this.#chunks.splice(index, 1)
  }
}

function isOpenCode(code: number): boolean {
  const state = code & stateMask
  return state === codes.open || state === codes.ending
}

function firstPosition(chunk: Chunk): number {
  return chunk.positions[chunk.from]!
}
