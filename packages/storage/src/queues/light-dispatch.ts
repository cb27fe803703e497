import { assert } from '@rocketmq-ts/base'
import { EncodedProperties, fillsLightQueues, lightQueueId, lightQueueNames, marksOf } from '@rocketmq-ts/protocol'
import type { RecordView } from '../followers/record-view.ts'
import type { ConsumeQueue } from './consume-queue.ts'
import { canBeLightQueue, lightPlaces, withLightOffsets } from './light-places.ts'
import type { QueueTable } from './queue-table.ts'
import type { TopicEntry } from './topic-handle.ts'

/** The properties by which a message concerns light queues. */
export const lightMarks = marksOf('multiDispatch', 'multiQueueOffset')

/** What of a message that is to be stored is needed here, and changed. */
export interface DispatchedMessage {
  readonly entry: TopicEntry
  /** Undefined when it will stand in no queue. */
  readonly queue: ConsumeQueue | undefined
  properties: EncodedProperties
  propertiesBytes: Buffer
}

export interface DispatchRefusal {
  cause: 'illegal' | 'light-queues-full'
  reason: string
}

/** Offsets that were given to messages of one put, so that they can be taken back. */
interface Reservation {
  queue: ConsumeQueue
  queueOffset: number
}

/**
 * Gives messages their offsets in the light queues that they name, as a property of theirs. What a sender puts there itself is removed:
 * after a restart it would decide where messages stand.
 */
export class LightDispatch {
  readonly #table: QueueTable
  readonly #queuesMax: () => number
  #reserved: Reservation[] = []

  /** @param queuesMax light queues that there may be, those of names that are not new aside */
  constructor(table: QueueTable, queuesMax: () => number) {
    this.#table = table
    this.#queuesMax = queuesMax
  }

  /**
   * Changes the properties of those that are concerned. `end` has to follow.
   * @returns why one cannot be taken: then no offset is given
   * @throws QueueFileError when a queue cannot be used; no offset is given then
   */
  take(messages: readonly DispatchedMessage[]): DispatchRefusal | undefined {
    let refusal: DispatchRefusal | undefined
    try {
      for (const message of messages) {
        if (message.properties.hasAny(lightMarks)) refusal ??= this.#place(message)
      }
    } catch (error) {
      this.end(false)
      throw error
    }
    if (refusal !== undefined) this.end(false)
    return refusal
  }

  /** @param areTaken whether the messages are in the log; otherwise their offsets are given to the next ones */
  end(areTaken: boolean): void {
    if (!areTaken) for (const { queue, queueOffset } of this.#reserved) takeBack(queue, queueOffset)
    this.#reserved = []
  }

  /** Takes back the offsets of records that could not be written, and all later ones of the same queues. */
  takeBackRecords(records: readonly RecordView[]): void {
    for (const { properties } of records) {
      if (!properties.hasAny(lightMarks)) continue
      for (const { name, queueOffset } of lightPlaces(properties)) {
        takeBack(this.#table.queue(name, lightQueueId), queueOffset)
      }
    }
  }

  #place(message: DispatchedMessage): DispatchRefusal | undefined {
    const { entry, queue, properties } = message
    const asked = properties.value('multiDispatch')?.trim() ?? ''
    const dispatches = this.#table.hasLightQueues && asked !== '' && queue !== undefined
    if (!dispatches || !fillsLightQueues(entry.topic)) {
      if (properties.has('multiQueueOffset')) withoutLightOffsets(message)
      return undefined
    }
    const names = lightQueueNames(asked)
    const problem = this.#problemOf(names)
    if (problem !== undefined) return problem
    const offsets = new Map<string, number>()
    for (const name of names) {
      if (offsets.has(name)) continue
      const light = this.#table.queue(name, lightQueueId)
      offsets.set(name, light.nextOffset)
      this.#reserved.push({ queue: light, queueOffset: light.nextOffset })
      light.nextOffset++
    }
    const given = names.map((name) => offsets.get(name)!)
    setProperties(message, withLightOffsets(properties.text, given))
    return undefined
  }

  #problemOf(names: readonly string[]): DispatchRefusal | undefined {
    let newCount = 0
    for (const name of new Set(names)) {
      if (!canBeLightQueue(name)) {
        const reason =
          `"${name.slice(0, 64)}" cannot name a light queue (INNER_MULTI_DISPATCH): it begins with %LMQ%, has no slash, ` +
          'and takes at most 255 bytes'
        return { cause: 'illegal', reason }
      }
      if (!this.#table.hasLight(name)) newCount++
    }
    const queuesMax = this.#queuesMax()
    if (newCount === 0 || this.#table.lightCount + newCount <= queuesMax) return undefined
    const reason =
      `there are ${this.#table.lightCount} light queues, and ${queuesMax} may be there: ` +
      'use fewer names, or raise maxLmqConsumeQueueNum'
    return { cause: 'light-queues-full', reason }
  }
}

/** Removes what its sender put there itself. */
export function withoutLightOffsets(message: Pick<DispatchedMessage, 'properties' | 'propertiesBytes'>): void {
  setProperties(message, withLightOffsets(message.properties.text, []))
}

function setProperties(message: Pick<DispatchedMessage, 'properties' | 'propertiesBytes'>, text: string): void {
  message.properties = EncodedProperties.ofText(text)
  message.propertiesBytes = message.properties.bytes
}

function takeBack(queue: ConsumeQueue, queueOffset: number): void {
  queue.nextOffset = Math.min(queue.nextOffset, queueOffset)
  assert(queue.nextOffset >= queue.maxOffset, `an offset of ${queue.topic} that is in use is taken back`)
}
