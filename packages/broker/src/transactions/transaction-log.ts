import { type DecodedMessage, decodeMessageAt, halfTopic, opHalfTopic, sysFlag } from '@rocketmq-ts/protocol'
import type { Follower, RecordView } from '@rocketmq-ts/storage'
import { originOf, timeOfHalf } from './half-message.ts'
import { HalfSlots, type HalfState } from './half-slots.ts'
import { offsetsOfOp } from './op-records.ts'
import { OpSpans } from './op-spans.ts'

/**
 * In the place of a half's position in the log, for none. A half that stands at the start of the log is never named: its
 * op message is stored together with what ends it.
 */
export const noHalf = 0

/**
 * What the log says of transactions: the half messages that have not ended, and the records that say that others have.
 *
 * The queues of half messages and of op messages are the files of this follower, and the group of transactions has its
 * progress in them. They tell all, with one exception: a committed message whose op message is not stored yet. Such
 * messages keep the position of this follower back, so that the log is read again from them after a crash. So a
 * transaction that was committed is known to be, and is never committed once more.
 */
export class TransactionLog implements Follower {
  readonly name = 'transactions'
  readonly slots = new HalfSlots()
  readonly ops = new OpSpans()
  /** Of transactions that were renewed: the offset at which they stand now, by that of their first half. */
  readonly #current = new Map<number, number>()
  /** Positions of committed messages that were found in the log, by the position of their half, until it is loaded. */
  readonly #found = new Map<number, number>()
  /** Positions of committed messages without an op message, by the offset of their half; ascending. */
  readonly #uncovered = new Map<number, number>()
  /** Halves of which another one took the place, found while loading: no op message names them. */
  #renewed: number[] = []
  /** Those who wait until something that is being stored has ended a half, or has not. */
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()
  #onHalf: (record: RecordView, half: DecodedMessage) => void = () => {}
  #isReplaying = false
  #isLoaded = false
  #isOfOthers = false
  #cutCount = 0

  // What a follower does.

  prepare({ isOurs }: { isOurs: boolean }): undefined {
    this.#isReplaying = true
    this.#isOfOthers = !isOurs
    return undefined
  }

  endReplay(): void {
    this.#isReplaying = false
  }

  apply(record: RecordView): void {
    if ((record.sysFlag & sysFlag.transactionMask) !== 0) {
      if ((record.sysFlag & sysFlag.transactionMask) === sysFlag.transactionCommit) this.#committed(record)
      return
    }
    const { topic } = record
    if (topic === halfTopic) {
      if (this.#isReplaying) return
      const half = decoded(record)
      this.half(half)
      if (originOf(half) === half.queueOffset) this.#onHalf(record, half)
    } else if (topic === opHalfTopic) {
      if (!this.#isReplaying && this.#isLoaded) this.op(decoded(record))
    }
  }

  get position(): number {
    return Math.min(firstOf(this.#found), firstOf(this.#uncovered))
  }

  /** What waits here waits for a message that is put, and for nothing that could be written. */
  get waitingSinceMs(): undefined {
    return undefined
  }

  writeSome(): void {}

  write(): void {}

  async sync(): Promise<void> {}

  syncNow(): boolean {
    return this.#found.size + this.#uncovered.size === 0
  }

  /** What ended by what is cut off is open again: everything is loaded anew. */
  truncate(position: number): void {
    this.#cutCount++
    this.#isLoaded = false
    for (const [half, committed] of this.#found) if (committed >= position) this.#found.delete(half)
    for (const [offset, committed] of this.#uncovered) {
      const half = this.slots.position(offset)
      if (half !== undefined && committed < position) this.#found.set(half, committed)
    }
    this.#uncovered.clear()
    this.slots.clear()
    this.ops.clear()
    this.#current.clear()
  }

  trim(): void {}

  close(): void {}

  /** Told of each half message that is stored from now on, and that renews no other. */
  onHalf(listener: (record: RecordView, half: DecodedMessage) => void): void {
    this.#onHalf = listener
  }

  // What is known of half messages.

  /** Whether the queues were read since the start. Until then, what ended may seem to be open. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Whether an official broker had the store last: it keeps no position back for committed messages. */
  get isOfOthers(): boolean {
    return this.#isOfOthers
  }

  /** How often the log was cut back: what was read of the queues before may be gone. */
  get cutCount(): number {
    return this.#cutCount
  }

  /** The queues are given from the start of what may be needed. */
  beginLoad(): void {
    this.ops.clear()
    this.#renewed = []
  }

  /**
   * A half message stands in its queue. It takes the place of the one that it renews.
   * @param origin offset of the first half of its transaction
   */
  half(half: DecodedMessage, origin = originOf(half)): void {
    const { queueOffset } = half
    if (this.slots.state(queueOffset) !== undefined) return
    this.slots.add(queueOffset, half.physicalOffset, timeOfHalf(half))
    if (origin === queueOffset) return
    const renewed = this.#current.get(origin) ?? origin
    if (this.#end(renewed, 'ended') && !this.#isLoaded) this.#renewed.push(renewed)
    this.#current.set(origin, queueOffset)
  }

  /** An op message stands in its queue. */
  op({ queueOffset, body }: DecodedMessage): void {
    const ended = offsetsOfOp(body)
    this.ops.add(
      queueOffset,
      ended.reduce((highest, offset) => Math.max(highest, offset), -1),
    )
    for (const offset of ended) {
      this.#uncovered.delete(offset)
      this.#end(offset, 'ended')
    }
  }

  /** A half whose committed message was found, and that no op message names. */
  foundCommitted(half: DecodedMessage): void {
    this.half(half)
    this.#found.set(half.physicalOffset, half.physicalOffset)
  }

  /**
   * All that the queues hold was given. Halves whose committed message was found in the log have ended.
   * @returns offsets of halves that have ended, which no op message says yet: those that were renewed first, since without
   *   the newer one an older one seems to be open
   */
  loaded(): number[] {
    const withoutOp = this.#renewed
    this.#renewed = []
    const ascending = [...this.#found].sort(([, one], [, other]) => one - other)
    this.#found.clear()
    for (const [position, committedPosition] of ascending) {
      const offset = this.slots.offsetAt(position)
      if (offset === undefined || this.slots.state(offset) !== 'open') continue
      this.#uncovered.set(offset, committedPosition)
      this.#end(offset, 'committed')
      withoutOp.push(offset)
    }
    this.#isLoaded = true
    return withoutOp
  }

  /** The half that stands for a transaction now. @param half any half of it */
  currentOffset(half: Pick<DecodedMessage, 'properties' | 'queueOffset'>): number {
    const origin = originOf(half)
    return this.#current.get(origin) ?? origin
  }

  /** Something is being stored that ends an open half. */
  beginEnd(queueOffset: number): void {
    this.slots.setState(queueOffset, 'ending')
  }

  /**
   * That came to its end.
   * @param half that was ending
   * @param state `open` when it was not stored
   */
  settle(half: Pick<DecodedMessage, 'properties' | 'queueOffset'>, state: Exclude<HalfState, 'ending'>): void {
    const { queueOffset } = half
    if (this.slots.state(queueOffset) === 'ending') this.slots.setState(queueOffset, state)
    // Its op message may have come with the committed message.
    else if (state === 'committed') this.slots.noteCommitted(queueOffset)
    const origin = originOf(half)
    if (state !== 'open' && this.#current.get(origin) === queueOffset) {
      this.#current.delete(origin)
      if (state === 'committed') this.slots.noteCommitted(origin)
    }
    this.#waiting.get(queueOffset)?.resolve()
    this.#waiting.delete(queueOffset)
  }

  /** Resolves when a half that is ending has ended, or is open again. */
  whenSettled(queueOffset: number): Promise<void> {
    let waiting = this.#waiting.get(queueOffset)
    if (waiting === undefined) {
      waiting = Promise.withResolvers()
      this.#waiting.set(queueOffset, waiting)
    }
    return waiting.promise
  }

  /** The first open half of the queue: those before it have ended. Undefined when all have. */
  get firstOpen(): number | undefined {
    return this.slots.nextOpen(0)
  }

  /** @returns whether it had not ended */
  #end(queueOffset: number, state: 'committed' | 'ended'): boolean {
    const before = this.slots.state(queueOffset)
    if (before !== 'open' && before !== 'ending') return false
    this.slots.setState(queueOffset, state)
    return true
  }

  #committed({ encoded, physicalOffset }: RecordView): void {
    const { preparedTransactionOffset: halfPosition } = encoded.layout
    // Copies of committed messages, delivered after a delay or sent back, name no half.
    if (halfPosition === noHalf) return
    if (!this.#isLoaded) {
      // Until the queues are loaded, it cannot be told which of them ended a transaction.
      this.#found.set(halfPosition, physicalOffset)
      return
    }
    const offset = this.slots.offsetAt(halfPosition)
    if (offset !== undefined && this.slots.state(offset) === 'ending') this.#uncovered.set(offset, physicalOffset)
  }
}

function decoded(record: RecordView): DecodedMessage {
  const { bytes, layout } = record.encoded
  return decodeMessageAt(bytes, layout)
}

/** The lowest of ascending positions. */
function firstOf(positions: ReadonlyMap<number, number>): number {
  const first = positions.values().next()
  return first.done === true ? Number.POSITIVE_INFINITY : first.value
}
