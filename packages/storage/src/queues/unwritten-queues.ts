import type { ConsumeQueue } from './consume-queue.ts'

const none = -1
/** Entries that were passed by are dropped when there are more of them than of the others, and at least so many. */
const passedMin = 1024

/**
 * Queues with unwritten units, by the positions in the log of the first of them. A queue costs nothing but a place at
 * the end of a list: looking it up, with very many of them, would cost more than all else that is done with it.
 */
export class UnwrittenQueues {
  /** Entries from `#head` on; one counts while its position is still that of its queue. */
  #queues: ConsumeQueue[] = []
  #positions: number[] = []
  #head = 0

  /** @param position of the first unwritten unit's message: behind those of all that were added before */
  add(queue: ConsumeQueue, position: number, nowMs: number): void {
    queue.firstUnwrittenPosition = position
    queue.unwrittenSinceMs = nowMs
    this.#queues.push(queue)
    this.#positions.push(position)
  }

  has(queue: ConsumeQueue): boolean {
    return queue.firstUnwrittenPosition !== none
  }

  /** Forgets queues of which all that is unwritten belongs to messages at or behind a position. */
  cutTo(position: number): void {
    const kept = this.all().filter((queue) => queue.firstUnwrittenPosition < position)
    for (const queue of this.all()) if (queue.firstUnwrittenPosition >= position) this.remove(queue)
    // Old entries must not count again when their queues come to the same positions with other messages.
    this.#queues = kept
    this.#positions = kept.map(({ firstUnwrittenPosition }) => firstUnwrittenPosition)
    this.#head = 0
  }

  remove(queue: ConsumeQueue): void {
    queue.firstUnwrittenPosition = none
  }

  /** The queue with the lowest position. */
  get oldest(): ConsumeQueue | undefined {
    while (this.#head < this.#queues.length && !this.#counts(this.#head)) this.#head++
    if (this.#head >= passedMin && this.#head * 2 > this.#queues.length) {
      this.#queues = this.#queues.slice(this.#head)
      this.#positions = this.#positions.slice(this.#head)
      this.#head = 0
    }
    return this.#queues[this.#head]
  }

  /** All of them, by their positions. */
  all(): ConsumeQueue[] {
    return this.#queues.filter((_, index) => index >= this.#head && this.#counts(index))
  }

  /** Places that the list has, with those of queues that do not count any more. */
  get entryCount(): number {
    return this.#queues.length
  }

  #counts(index: number): boolean {
    return this.#queues[index]!.firstUnwrittenPosition === this.#positions[index]
  }
}
