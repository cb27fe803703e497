import type { Counter } from './counter.ts'
import type { LatencyJournal } from './latency-journal.ts'
import { QueueCounters } from './queue-counters.ts'

/** Smaller sums are numbers that take no memory of their own. */
const pendingBytesMax = 2 ** 30
const pendingMsMax = 2 ** 29

/**
 * What was stored in a topic. With very many topics each line of memory that a message touches is one more wait:
 * what came since the last sample is counted in one place, and goes to the counters before the next one.
 */
export class TopicCounters {
  #count = 0
  #times = 0
  #byteCount = 0
  /** The queue that was sent to last, and how long the sends to it took since another one was. */
  #queueId = -1
  #queueMs = 0
  #queueTimes = 0
  /** For its owner: whether it is among those that have something for their counters. */
  isPending = false
  readonly isSystem: boolean
  readonly nums: Counter
  readonly size: Counter
  /** How long sends took, by queue. */
  readonly latencies: QueueCounters
  /** Undefined but for the topic of delay levels, whose queues are counted each for itself. */
  readonly queues: { nums: QueueCounters; size: QueueCounters } | undefined

  constructor(makeCounter: () => Counter, kind: { isSystem: boolean; countsQueues: boolean }) {
    this.isSystem = kind.isSystem
    this.nums = makeCounter()
    this.size = makeCounter()
    this.latencies = new QueueCounters(makeCounter)
    this.queues = kind.countsQueues
      ? { nums: new QueueCounters(makeCounter), size: new QueueCounters(makeCounter) }
      : undefined
  }

  /** Messages were stored by one request. */
  add(count: number, byteCount: number): void {
    this.#count += count
    this.#times++
    this.#byteCount += byteCount
    if (this.#byteCount > pendingBytesMax) this.settle()
  }

  /** A send to a queue took so long. */
  took(queueId: number, elapsedMs: number, journal: LatencyJournal): void {
    if (queueId !== this.#queueId || this.#queueMs > pendingMsMax) {
      if (this.#queueTimes > 0) journal.add(this.latencies, this.#queueId, this.#queueMs, this.#queueTimes)
      this.#queueId = queueId
      this.#queueMs = 0
      this.#queueTimes = 0
    }
    this.#queueMs += Math.min(Math.trunc(elapsedMs), pendingMsMax)
    this.#queueTimes++
  }

  /** Brings everything to the counters. */
  settle(): void {
    if (this.#queueTimes > 0) this.latencies.add(this.#queueId, this.#queueMs, this.#queueTimes)
    this.#queueMs = 0
    this.#queueTimes = 0
    this.nums.add(this.#count, this.#times)
    this.size.add(this.#byteCount, this.#times)
    this.#count = 0
    this.#times = 0
    this.#byteCount = 0
  }
}
