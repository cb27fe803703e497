import type { QueueCounters } from './queue-counters.ts'

const entriesMax = 4096
/** Queue, milliseconds and times of an entry. */
const entryFields = 3

/**
 * Latencies on their way to the counters of their queues. With very many queues each line of memory that a message touches
 * is one more wait. Here a message writes behind the one before, and a short loop brings many to their counters.
 */
export class LatencyJournal {
  readonly #owners: (QueueCounters | undefined)[] = new Array(entriesMax).fill(undefined)
  readonly #values = new Int32Array(entriesMax * entryFields)
  #length = 0

  /** @param elapsedMs of all times together, rounded down as the official broker tells it */
  add(owner: QueueCounters, queueId: number, elapsedMs: number, times: number): void {
    const index = this.#length++
    this.#owners[index] = owner
    const at = index * entryFields
    this.#values[at] = queueId
    this.#values[at + 1] = elapsedMs
    this.#values[at + 2] = times
    if (index + 1 === entriesMax) this.settle()
  }

  /** Brings everything to the counters. */
  settle(): void {
    for (let index = 0; index < this.#length; index++) {
      const at = index * entryFields
      this.#owners[index]!.add(this.#values[at]!, this.#values[at + 1]!, this.#values[at + 2]!)
      this.#owners[index] = undefined
    }
    this.#length = 0
  }
}
