import type { Log } from '@rocketmq-ts/platform'
import type { TopicConfig } from '@rocketmq-ts/protocol'
import type { TopicReserve } from '@rocketmq-ts/storage'
import { isCompacted } from './compacted-topics.ts'

export interface TopicReservesParts {
  log: Log
  topics: {
    list(): ReadonlyMap<string, TopicConfig>
    get(topic: string): TopicConfig | undefined
    isSystem(topic: string): boolean
    onChange(listener: (topics: readonly string[]) => void): void
  }
  /** How long the log keeps its files, in milliseconds. */
  logReservedMs(): number
}

const attribute = 'reserve.time'
const wholeNumber = /^\+?\d+$/

/** Topics that have the attribute `reserve.time`: their messages are visible for so many milliseconds, and not longer. */
export class TopicReserves {
  readonly #parts: TopicReservesParts
  readonly #reserves = new Map<string, TopicReserve>()

  constructor(parts: TopicReservesParts) {
    this.#parts = parts
    for (const topic of parts.topics.list().values()) this.#take(topic)
    parts.topics.onChange((names) => {
      for (const name of names) this.#changed(name)
    })
  }

  list(): Iterable<TopicReserve> {
    return this.#reserves.values()
  }

  #changed(name: string): void {
    const topic = this.#parts.topics.get(name)
    if (topic === undefined) this.#reserves.delete(name)
    else this.#take(topic)
  }

  #take({ topicName, attributes }: TopicConfig): void {
    const isReserved = !this.#parts.topics.isSystem(topicName) && !isCompacted(attributes)
    const reservedMs = isReserved ? reservedMsOf(attributes) : undefined
    if (reservedMs === undefined) {
      this.#reserves.delete(topicName)
      return
    }
    if (this.#reserves.get(topicName)?.reservedMs === reservedMs) return
    this.#reserves.set(topicName, { topic: topicName, reservedMs })
    const logReservedMs = this.#parts.logReservedMs()
    if (reservedMs <= logReservedMs) return
    this.#parts.log.warn(
      { topic: topicName, reservedMs, logReservedMs },
      'the reserve.time of a topic is longer than fileReservedTime, and has no effect: messages go when the files of ' +
        'the log do. Raise fileReservedTime to keep them longer',
    )
  }
}

/** Milliseconds, or undefined when messages stay as long as the log keeps them. */
function reservedMsOf(attributes: ReadonlyMap<string, string>): number | undefined {
  const value = attributes.get(attribute)
  return value !== undefined && wholeNumber.test(value) ? Number(value) : undefined
}
