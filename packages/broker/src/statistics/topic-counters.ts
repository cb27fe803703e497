import type { Counter } from './counter.ts'

/** Smaller sums are numbers that take no memory of their own. */
const pendingBytesMax = 2 ** 30

/**
 * What was stored in a topic. With very many topics each line of memory that a message touches is one more wait:
 * what came since the last sample is counted in one place, and goes to the counters before the next one.
 */
export class TopicCounters {
  #count = 0
  #times = 0
  #byteCount = 0
  /** For its owner: whether it is among those that have something for their counters. */
  isPending = false
  readonly isSystem: boolean
  readonly nums: Counter
  readonly size: Counter

  constructor(nums: Counter, size: Counter, isSystem: boolean) {
    this.isSystem = isSystem
    this.nums = nums
    this.size = size
  }

  /** Messages were stored by one request. */
  add(count: number, byteCount: number): void {
    this.#count += count
    this.#times++
    this.#byteCount += byteCount
    if (this.#byteCount > pendingBytesMax) this.settle()
  }

  /** Brings everything to the counters. */
  settle(): void {
    this.nums.add(this.#count, this.#times)
    this.size.add(this.#byteCount, this.#times)
    this.#count = 0
    this.#times = 0
    this.#byteCount = 0
  }
}
