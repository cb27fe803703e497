import type { Clock } from '@rocketmq-ts/platform'
import {
  EncodedProperties,
  isLightQueue,
  lightPlacesIn,
  popCountMax,
  readInt64,
  readRecord,
  recordPosition,
} from '@rocketmq-ts/protocol'
import type { ReadRequest, ReadResult } from '@rocketmq-ts/storage'
import type { MessageFilter } from '../reading/message-filter.ts'

export interface PopQueue {
  topic: string
  queueId: number
}

/** What is wanted of a queue. */
export interface WantedOfQueue {
  countMax: number
  bytesMax: number
  filter: MessageFilter
}

/** What was read of a queue, and where it goes on. */
export interface QueueRead {
  start: number
  next: number
  maxOffset: number
  offsets: readonly number[]
  /** Copies. */
  records: readonly Buffer[]
}

export interface QueueReadsParts {
  clock: Clock
  store: { read(request: ReadRequest): ReadResult | Promise<ReadResult> }
  settings(): { maxFilterMessageSize: number }
}

export const unitBytes = 20

/** Reads on in a queue behind what does not match, until something does or the queue ends. */
export class QueueReads {
  readonly #parts: QueueReadsParts

  constructor(parts: QueueReadsParts) {
    this.#parts = parts
  }

  /** Reads at once what is in memory. */
  read(queue: PopQueue, start: number, wanted: WantedOfQueue): QueueRead | Promise<QueueRead> {
    let from = start
    for (;;) {
      const result = this.#parts.store.read(this.#request(queue, from, wanted))
      if (result instanceof Promise) return this.#readLater(queue, from, result, wanted)
      const next = nextPlace(from, result)
      if (next === undefined) return queueRead(queue.topic, from, result)
      from = next
    }
  }

  async #readLater(
    queue: PopQueue,
    start: number,
    first: Promise<ReadResult>,
    wanted: WantedOfQueue,
  ): Promise<QueueRead> {
    let from = start
    let result = await first
    for (;;) {
      const next = nextPlace(from, result)
      if (next === undefined) return queueRead(queue.topic, from, result)
      from = next
      // Looking into messages takes time: others have their turn.
      await new Promise<void>((resolve) => this.#parts.clock.nextTurn(resolve))
      result = await this.#parts.store.read(this.#request(queue, from, wanted))
    }
  }

  #request(
    { topic, queueId }: PopQueue,
    queueOffset: number,
    { countMax, bytesMax, filter }: WantedOfQueue,
  ): ReadRequest {
    return {
      topic,
      queueId,
      queueOffset,
      countMax: Math.min(countMax, popCountMax),
      scannedUnitsMax: Math.max(this.#parts.settings().maxFilterMessageSize / unitBytes, countMax),
      bytesMax: Math.max(1, bytesMax),
      matches: filter.matches,
      recordFilter: filter.recordFilter,
    }
  }
}

/** Where to read once more; undefined when this was all. */
function nextPlace(from: number, { status, nextQueueOffset, maxOffset }: ReadResult): number | undefined {
  switch (status) {
    case 'NO_MATCHED_MESSAGE':
      return nextQueueOffset < maxOffset && nextQueueOffset > from ? nextQueueOffset : undefined
    case 'OFFSET_TOO_SMALL':
    case 'MESSAGE_WAS_REMOVING':
      return nextQueueOffset > from ? nextQueueOffset : undefined
    case 'OFFSET_OVERFLOW_BADLY':
      return nextQueueOffset < from ? nextQueueOffset : undefined
    default:
      return undefined
  }
}

/** The records are copied: their memory is used again after this turn. */
export function queueRead(topic: string, start: number, result: ReadResult): QueueRead {
  const records: Buffer[] = []
  const offsets: number[] = []
  for (const part of result.parts) {
    const copy = Buffer.from(part)
    for (let at = 0; at < copy.length; ) {
      const record = copy.subarray(at, at + copy.readInt32BE(at))
      records.push(record)
      offsets.push(offsetIn(topic, record))
      at += record.length
    }
  }
  const { status, nextQueueOffset, maxOffset } = result
  const isBehind = status === 'FOUND' || status === 'NO_MATCHED_MESSAGE'
  // A batch that was stored whole is given whole, though it begins before where the group goes on.
  const first = Math.min(start, offsets[0] ?? start)
  return { start: first, next: isBehind ? nextQueueOffset : start, maxOffset, offsets, records }
}

/** The queue offset of a record; in a light queue, whose messages stand in another one too, its properties tell it. */
function offsetIn(topic: string, record: Buffer): number {
  if (isLightQueue(topic)) {
    const reading = readRecord(record, 0)
    if (reading.kind === 'record') {
      const { propertiesStart, propertiesEnd } = reading.record
      const places = lightPlacesIn(new EncodedProperties(record.subarray(propertiesStart, propertiesEnd)))
      const place = places.find(({ name }) => name === topic)
      if (place !== undefined) return place.queueOffset
    }
  }
  return readInt64(record, recordPosition.queueOffset)
}
