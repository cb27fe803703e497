/** Messages of a queue before an offset, and when the last of them had arrived. */
interface Stamp {
  end: number
  firstMs: number
  lastMs: number
}

/** Stamps within the longest wait: so many tell an arrival to within a hundredth of it. */
const stampsPerWait = 100
/** In a long wait, arrivals of so many milliseconds share a stamp. */
const stampMsMax = 1000

/** When the messages of a queue arrived, by the monotonic clock: never too early, and late by little. */
export class ArrivalTimes {
  readonly #stampMs: number
  /** Ascending in both. */
  readonly #stamps: Stamp[] = []

  /** @param waitMsMax how long a message waits from its arrival at the most */
  constructor(waitMsMax: number) {
    this.#stampMs = Math.min(waitMsMax / stampsPerWait, stampMsMax)
  }

  /** The queue ends there now: what was not noted before has arrived. */
  note(end: number, nowMs: number): void {
    // After the queue was cut back, other messages come in these places.
    while (this.#stamps.length > 0 && this.#stamps.at(-1)!.end > end) this.#stamps.pop()
    const last = this.#stamps.at(-1)
    if (last?.end === end) return
    if (last !== undefined && nowMs - last.firstMs < this.#stampMs) {
      last.end = end
      last.lastMs = nowMs
    } else {
      this.#stamps.push({ end, firstMs: nowMs, lastMs: nowMs })
    }
  }

  /** When the message at an offset had arrived; that of the first that is not noted yet is now. */
  at(queueOffset: number, nowMs: number): number {
    return this.#stamps.find(({ end }) => end > queueOffset)?.lastMs ?? nowMs
  }

  /** Messages before an offset are not asked for any more. */
  forget(queueOffset: number): void {
    while (this.#stamps.length > 0 && this.#stamps[0]!.end <= queueOffset) this.#stamps.shift()
  }
}
