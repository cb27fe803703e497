import type { Clock } from '@rocketmq-ts/platform'
import { type PoppedQueue, type PopSource, popSourceOf, retryTopicPrefix } from '@rocketmq-ts/protocol'
import type { ReadRequest, ReadResult } from '@rocketmq-ts/storage'
import type { MessageFilter } from '../reading/message-filter.ts'
import type { OrderKey, OrderTable } from './order-table.ts'
import type { PopCursor, PopCursors, PopSpan } from './pop-cursors.ts'
import { type PopQueue, type QueueRead, QueueReads, queueRead, unitBytes } from './queue-reads.ts'

/** Where a group that is new to a queue begins: at the first message, or at the last one. */
export type InitMode = 'min' | 'max'

export interface PopReadRequest {
  group: string
  /** In the order in which they are read until there are enough messages. */
  queues: readonly PopQueue[]
  countMax: number
  initMode: InitMode
  filter: MessageFilter
  /** The messages are given in order: to one attempt at a time, and no more before they are acknowledged. */
  order?: { attemptId: string | undefined; popTime: number; invisibleTime: number } | undefined
}

/** Messages of one queue that nobody else of the group is given for now. */
export interface TakenQueue extends PoppedQueue {
  topic: string
  source: PopSource
  cursor: PopCursor
  /** Undefined for messages in order, whose offset is that of what is acknowledged. */
  span: PopSpan | undefined
  /** Deliveries before this one of messages in order, by queue offset. */
  counts: ReadonlyMap<number, number>
  /** Copies of the records. */
  records: readonly Buffer[]
}

export interface Taken {
  queues: TakenQueue[]
  count: number
  /** Messages that are left in the queues, matching or not. */
  restCount: number
  /** Whether a queue was passed by since of too many others something is given in order. */
  isFull: boolean
}

export interface PopReaderParts {
  clock: Clock
  store: {
    read(request: ReadRequest): ReadResult | Promise<ReadResult>
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
    isInMemory(topic: string, queueId: number, queueOffset: number): boolean
  }
  cursors: PopCursors
  offsets: {
    takeReset(group: string, topic: string, queueId: number): number | undefined
    checkRoom(group: string, topic: string): void
  }
  /** Messages that a group has and did not acknowledge are too many for it to be given more of a queue. */
  isHeldBack(group: string, topic: string, queueId: number): boolean
  settings(): {
    maxTransferBytesOnMessageInMemory: number
    maxFilterMessageSize: number
    popCkMaxBufferSize: number
  }
  orders: OrderTable
  /** A queue was passed by since what was given of it in order is not acknowledged. */
  onBlocked(key: OrderKey): void
  /** A queue can be read again that was passed by since somebody read it. */
  onFree(group: string, topic: string, queueId: number): void
}

/** Takes messages out of queues for a group: each is given to one request, until it becomes visible again. */
export class PopReader {
  readonly #parts: PopReaderParts
  readonly #reads: QueueReads

  constructor(parts: PopReaderParts) {
    this.#parts = parts
    this.#reads = new QueueReads(parts)
  }

  /** Reads at once what is in memory. Each span that is taken has to be stored or refused at its cursor, and released. */
  take(request: PopReadRequest): Taken | Promise<Taken> {
    return this.#from(0, request, { queues: [], count: 0, restCount: 0, isFull: false }, 0)
  }

  /** Nothing more is done at a cursor for now. */
  release(cursor: PopCursor): void {
    this.#parts.cursors.release(cursor)
  }

  /**
   * Nobody may have what was taken: it is given as if it had not been.
   * @param popTime of messages in order
   */
  giveBack({ queues }: Taken, popTime: number): void {
    const { cursors, orders, onFree } = this.#parts
    for (const { topic, queueId, cursor, span, offsets } of queues) {
      const { group } = cursor
      if (span !== undefined) cursor.refused(span)
      else orders.takeBack({ topic, queueId, group }, popTime, offsets)
      cursors.release(cursor)
      onFree(group, topic, queueId)
    }
  }

  /** Messages of a queue that a group was not given yet. */
  restIn(group: string, topic: string, queueId: number): number {
    const { cursors, store } = this.#parts
    const position = cursors.position(group, topic, queueId) ?? this.#minOffset(topic, queueId)
    return Math.max(0, store.maxOffset(topic, queueId) - position)
  }

  /** Messages that a group would be given next, in no queue more than is left. They stay where they are. */
  async peek(
    group: string,
    queues: readonly PopQueue[],
    countMax: number,
  ): Promise<{ records: Buffer[]; restCount: number }> {
    const { store, cursors, settings } = this.#parts
    const records: Buffer[] = []
    let restCount = 0
    let bytesLeft = settings().maxTransferBytesOnMessageInMemory
    for (const { topic, queueId } of queues) {
      const rest = this.restIn(group, topic, queueId)
      restCount += rest
      if (rest === 0 || records.length >= countMax || bytesLeft <= 0) continue
      const minOffset = this.#minOffset(topic, queueId)
      const read = queueRead(
        topic,
        minOffset,
        await store.read({
          ...{ topic, queueId, countMax: countMax - records.length, bytesMax: bytesLeft },
          queueOffset: Math.max(cursors.position(group, topic, queueId) ?? minOffset, minOffset),
          scannedUnitsMax: settings().maxFilterMessageSize / unitBytes,
          matches: () => true,
        }),
      )
      records.push(...read.records)
      for (const { length } of read.records) bytesLeft -= length
    }
    return { records, restCount }
  }

  #from(first: number, request: PopReadRequest, taken: Taken, bytesBefore: number): Taken | Promise<Taken> {
    let byteCount = bytesBefore
    for (let index = first; index < request.queues.length; index++) {
      const read = this.#queue(request.queues[index]!, request, taken, byteCount)
      if (read instanceof Promise) {
        return read.then((bytes) => this.#from(index + 1, request, taken, byteCount + bytes))
      }
      byteCount += read
    }
    return taken
  }

  /** @returns bytes of the messages that were taken */
  #queue(queue: PopQueue, request: PopReadRequest, taken: Taken, byteCount: number): number | Promise<number> {
    const { topic, queueId } = queue
    const { group, countMax } = request
    const { cursors, store, isHeldBack, settings } = this.#parts
    const isFull = taken.count >= countMax || byteCount >= settings().maxTransferBytesOnMessageInMemory
    if (isFull || isHeldBack(group, topic, queueId)) {
      taken.restCount += Math.max(0, store.maxOffset(topic, queueId) - (cursors.position(group, topic, queueId) ?? 0))
      return 0
    }
    const cursor = cursors.at(group, topic, queueId)
    if (cursor.isReading) {
      taken.restCount += Math.max(0, store.maxOffset(topic, queueId) - (cursor.position ?? 0))
      return 0
    }
    if (request.order !== undefined && this.#isPassedBy({ topic, group, queueId }, request.order.attemptId, taken)) {
      cursors.release(cursor)
      return 0
    }
    const from = this.#start(cursor, request.initMode)
    const { limit } = cursor
    const read = this.#reads.read(queue, from, {
      countMax: countMax - taken.count,
      bytesMax: settings().maxTransferBytesOnMessageInMemory - byteCount,
      filter: request.filter,
    })
    if (!(read instanceof Promise)) return this.#settle(cursor, from, upTo(limit, read), request, taken)
    cursor.isReading = true
    return read.then(
      (result) => {
        cursor.isReading = false
        const bytes = this.#settle(cursor, from, upTo(limit, result), request, taken)
        this.#parts.onFree(group, topic, queueId)
        return bytes
      },
      (error) => {
        cursor.isReading = false
        cursors.release(cursor)
        throw error
      },
    )
  }

  /** Whether nothing is given of a queue in order for now. */
  #isPassedBy(key: OrderKey, attemptId: string | undefined, taken: Taken): boolean {
    const { orders, onBlocked, settings } = this.#parts
    if (!orders.hasRoom(key, settings().popCkMaxBufferSize)) {
      taken.isFull = true
      return true
    }
    if (!orders.isBlocked(key, attemptId)) return false
    onBlocked(key)
    return true
  }

  /**
   * Where the group goes on. One that is new to the queue is noted there, so that it does not pass by what comes.
   * @throws ProtocolError when there are too many offsets in light queues
   */
  #start(cursor: PopCursor, initMode: InitMode): number {
    const { group, topic, queueId } = cursor
    const reset = this.#parts.offsets.takeReset(group, topic, queueId)
    if (reset !== undefined) {
      cursor.moveTo(reset)
      this.#parts.orders.clear({ group, topic, queueId })
    }
    const known = cursor.position
    if (known !== undefined) return known
    this.#checkRoom(cursor)
    const first = this.#first(topic, queueId, initMode)
    cursor.moveTo(first)
    return first
  }

  #checkRoom(cursor: PopCursor): void {
    try {
      this.#parts.offsets.checkRoom(cursor.group, cursor.topic)
    } catch (error) {
      this.#parts.cursors.release(cursor)
      throw error
    }
  }

  #first(topic: string, queueId: number, initMode: InitMode): number {
    const { store } = this.#parts
    const minOffset = this.#minOffset(topic, queueId)
    if (initMode === 'min' || topic.startsWith(retryTopicPrefix)) return minOffset
    // A young queue is read from its start, as a pull of a new group reads it.
    if (minOffset <= 0 && store.isInMemory(topic, queueId, 0)) return 0
    return Math.max(0, store.maxOffset(topic, queueId) - 1)
  }

  /** An empty queue of batches has -1, which is where nobody begins. */
  #minOffset(topic: string, queueId: number): number {
    return Math.max(0, this.#parts.store.minOffset(topic, queueId))
  }

  /**
   * @param from where it was read from on; what was returned meanwhile is before that
   * @returns bytes of the messages that were taken
   */
  #settle(cursor: PopCursor, from: number, read: QueueRead, request: PopReadRequest, taken: Taken): number {
    const { cursors } = this.#parts
    const { next, maxOffset } = read
    const { order } = request
    const found = order === undefined ? read : this.#unacknowledged(cursor, read)
    const { start, records, offsets } = found
    const position = Math.max(cursor.position ?? start, from)
    taken.restCount += Math.max(0, maxOffset - next)
    if (records.length === 0) {
      // Behind what nobody of the group wants.
      if (next > position) cursor.stored(cursor.take(position, next))
      else if (next < position && next === maxOffset) cursor.moveTo(next)
      cursors.release(cursor)
      return 0
    }
    if (start < position) cursor.moveTo(start)
    const { topic, queueId, group } = cursor
    const span = order === undefined ? cursor.take(start, next) : undefined
    const counts =
      order === undefined ? noCounts : this.#parts.orders.give({ topic, queueId, group }, { ...order, offsets })
    const source = popSourceOf(topic)
    taken.queues.push({ topic, queueId, source, startOffset: start, offsets, records, cursor, span, counts })
    taken.count += records.length
    return records.reduce((sum, { length }) => sum + length, 0)
  }

  /** A message behind others may be acknowledged before them. */
  #unacknowledged({ topic, group, queueId }: PopCursor, read: QueueRead): QueueRead {
    const { orders } = this.#parts
    const places = read.offsets.flatMap((offset, index) =>
      orders.isAcknowledged({ topic, group, queueId }, offset) ? [] : [index],
    )
    if (places.length === read.offsets.length) return read
    return {
      ...read,
      offsets: places.map((index) => read.offsets[index]!),
      records: places.map((index) => read.records[index]!),
    }
  }
}

/** What was read, without what others have. */
function upTo(limit: number, read: QueueRead): QueueRead {
  if (read.next <= limit) return read
  const count = read.offsets.filter((offset) => offset < limit).length
  return { ...read, next: limit, offsets: read.offsets.slice(0, count), records: read.records.slice(0, count) }
}

const noCounts: ReadonlyMap<number, number> = new Map()
