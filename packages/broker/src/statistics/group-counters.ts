import type { Counter } from './counter.ts'
import { QueueCounters } from './queue-counters.ts'

/** What a group did with the messages of a topic. Rare things have no counter before they happen. */
export class GroupCounters {
  readonly #makeCounter: () => Counter
  readonly isSystem: boolean
  /** Messages that the group was given. */
  readonly nums: Counter
  readonly size: Counter
  /** How long reading them took, by queue. */
  readonly latencies: QueueCounters
  sentBack: Counter | undefined
  deadLetters: Counter | undefined
  acknowledged: Counter | undefined
  checkpoints: Counter | undefined
  /** Undefined but for the group that delivers delayed messages. */
  queues: { nums: QueueCounters; size: QueueCounters } | undefined

  constructor(makeCounter: () => Counter, isSystem: boolean) {
    this.#makeCounter = makeCounter
    this.isSystem = isSystem
    this.nums = makeCounter()
    this.size = makeCounter()
    this.latencies = new QueueCounters(makeCounter)
  }

  /** Counts one of the rare things. */
  count(kind: 'sentBack' | 'deadLetters' | 'acknowledged' | 'checkpoints', amount: number): void {
    let counter = this[kind]
    if (counter === undefined) {
      counter = this.#makeCounter()
      this[kind] = counter
    }
    counter.add(amount)
  }

  /** The group took messages from one queue. */
  addToQueue(queueId: number, count: number, byteCount: number): void {
    this.queues ??= { nums: new QueueCounters(this.#makeCounter), size: new QueueCounters(this.#makeCounter) }
    this.queues.nums.add(queueId, count)
    this.queues.size.add(queueId, byteCount)
  }
}
