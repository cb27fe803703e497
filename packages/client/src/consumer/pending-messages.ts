import type { RawMessage } from '../messages/received-message.ts'
import { Lanes } from './lanes.ts'
import { OffsetWindow } from './offset-window.ts'
import { ParkedMessages, type ParkingParts } from './parked-messages.ts'

/** What messages wait for each other: none, those of a queue, or those of a sharding key. */
export type Order = 'none' | 'queue' | 'shardingKey'

/** A message that waits for its handler, or is with it. */
export interface Pending {
  readonly message: RawMessage
  /** The one that it was taken into: another one counts after the group was sent back. */
  readonly window: OffsetWindow
}

/** What may wait in a queue. */
export interface Room {
  readonly messages: number
  readonly bytes: number
}

export interface PendingParts extends Omit<ParkingParts, 'laneOf'> {
  readonly order: Order
  /** What may wait here, as the consumer's limits are shared among queues now. */
  share(): Room
}

/** As many messages for each that may wait can be parked: then what stands behind them in the queue waits. */
const parkedShare = 100

/**
 * What a member has of a queue: messages that wait for a handler or are with it, the places of those that wait behind a sharding
 * key that fails, and how far everything is done.
 */
export class PendingMessages {
  readonly #parts: PendingParts
  readonly #laneOf: (message: RawMessage) => string | undefined
  readonly #lanes: Lanes<Pending>
  /** Of the window that counts now. */
  readonly #parked: ParkedMessages
  #window: OffsetWindow | undefined
  #messages = 0
  #bytes = 0
  /** Lanes that are read again. Each has room for its next message, in place of the one that was done. */
  #unparking = 0

  constructor(parts: PendingParts) {
    this.#parts = parts
    this.#laneOf = laneOf(parts.order)
    this.#lanes = new Lanes(({ message }) => this.#laneOf(message))
    this.#parked = new ParkedMessages({ ...parts, laneOf: this.#laneOf })
  }

  get hasReady(): boolean {
    return this.#lanes.hasReady
  }

  /** How far everything is done; undefined until the start is known. */
  get committable(): number | undefined {
    return this.#window?.committable
  }

  /** Messages that wait or are with a handler. */
  get messages(): number {
    return this.#messages
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether there is no room for what a pull may bring. One that has nothing always has room. */
  get isFull(): boolean {
    const { messages, bytes } = this.#parts.share()
    const taken = this.#messages + this.#unparking
    return (taken > 0 && (taken >= messages || this.#bytes >= bytes)) || this.#isParkedFull
  }

  get #isParkedFull(): boolean {
    return this.#parked.count >= parkedShare * this.#parts.share().messages
  }

  /** @param offset of the first message that is not done; what is here is handled all the same, and counts no more */
  beginAt(offset: number): void {
    this.#window = new OffsetWindow(offset)
    this.#parked.clear()
  }

  /** Offsets from this one on mean other messages now. What stands before it is still to be done. */
  beginAnew(offset: number): void {
    this.#window = this.#window!.begunAnew(offset)
    this.#parked.keepBefore(offset)
  }

  /**
   * @param messages that were pulled, in the order of their offsets
   * @param nextOffset everything before it was pulled or is not wanted
   */
  add(messages: readonly RawMessage[], nextOffset: number): void {
    const window = this.#window!
    window.take(messages.map(({ queueOffset }) => queueOffset))
    window.advance(nextOffset)
    for (const message of messages) {
      const lane = this.#parked.count === 0 ? undefined : this.#laneOf(message)
      if (this.#parked.has(lane)) this.#parked.park(lane, [message.queueOffset])
      else this.#add(message, window)
    }
  }

  /** The next messages to handle, as `Lanes.take` gives them. */
  take(countMax: number): ReturnType<Lanes<Pending>['take']> {
    return this.#lanes.take(countMax)
  }

  /** A message without a lane is to be handled again. */
  putBack(pending: Pending): void {
    this.#lanes.add(pending)
  }

  /** What was taken of a lane is to be tried again before everything that waits in it, when the lane is released. */
  putBackInLane(lane: string, pending: readonly Pending[]): void {
    this.#lanes.putBack(lane, pending)
  }

  /** Whether what comes next in a lane has to be read again. */
  isParked(lane: string): boolean {
    return this.#parked.has(lane)
  }

  /** The next messages of a lane may be taken. */
  release(lane: string): void {
    this.#lanes.release(lane)
  }

  done({ message, window }: Pending): void {
    window.done(message.queueOffset)
    this.#forget(message)
  }

  /**
   * Where the room is used up, what waits behind messages that failed makes room for those of other sharding keys.
   * @returns whether there was something
   */
  parkUntried(): boolean {
    if (this.#parts.order !== 'shardingKey' || this.#isParkedFull) return false
    const untried = this.#lanes.takeUntried()
    for (const { message } of untried) this.#forget(message)
    // What counts no more since the group was sent back has come again, or will.
    const counting = untried
      .filter(({ message, window }) => window.counting(message.queueOffset) === this.#window)
      .map(({ message }) => message)
    for (const [lane, messages] of Map.groupBy(counting, (message) => this.#laneOf(message)!)) {
      this.#parked.park(
        lane,
        messages.map(({ queueOffset }) => queueOffset),
      )
    }
    return untried.length > 0
  }

  /** Reads again what was parked of a lane, which is busy until then. What has no room is parked once more. Never rejects. */
  async unpark(lane: string): Promise<void> {
    const window = this.#window!
    this.#unparking++
    await this.#parked.readAgain(lane, ({ found, gone }) => {
      for (const offset of gone) window.done(offset)
      const count = this.#fittingOf(found)
      for (const message of found.slice(0, count)) this.#add(message, window)
      const left = found.slice(count).map(({ queueOffset }) => queueOffset)
      if (left.length > 0) this.#parked.park(lane, left)
    })
    this.#unparking--
  }

  /** How many messages of a lane that was read again have room. The first one always has. */
  #fittingOf(found: readonly RawMessage[]): number {
    const room = this.#parts.share()
    let messages = this.#messages + this.#unparking
    let bytes = this.#bytes
    const end = found.findIndex((message, index) => {
      if (index > 0 && (++messages > room.messages || bytes + message.bytes > room.bytes)) return true
      bytes += message.bytes
      return false
    })
    return end < 0 ? found.length : end
  }

  /** What waits is forgotten. */
  clear(): void {
    this.#lanes.clear()
  }

  #add(message: RawMessage, window: OffsetWindow): void {
    this.#messages++
    this.#bytes += message.bytes
    this.#lanes.add({ message, window })
  }

  #forget({ bytes }: RawMessage): void {
    this.#messages--
    this.#bytes -= bytes
  }
}

function laneOf(order: Order): (message: RawMessage) => string | undefined {
  if (order === 'none') return () => undefined
  if (order === 'queue') return () => ''
  return ({ shardingKey }) => shardingKey
}
