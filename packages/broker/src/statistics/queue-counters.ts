import type { Counter } from './counter.ts'

/** A counter for each queue of a topic, made when the queue first counts. */
export class QueueCounters {
  readonly #makeCounter: () => Counter
  /** At a place more than the queue: a request for any queue names -1. */
  readonly #counters: (Counter | undefined)[] = []

  constructor(makeCounter: () => Counter) {
    this.#makeCounter = makeCounter
  }

  /** @param times additions that this stands for */
  add(queueId: number, amount: number, times = 1): void {
    let counter = this.#counters[queueId + 1]
    if (counter === undefined) {
      counter = this.#makeCounter()
      this.#counters[queueId + 1] = counter
    }
    counter.add(amount, times)
  }

  of(queueId: number): Counter | undefined {
    return this.#counters[queueId + 1]
  }
}
