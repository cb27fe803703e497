import type { ConsumeQueue } from './consume-queue.ts'

const none = -1
/** Entries in front of the head are dropped when they outnumber the others, and are at least this many. */
const passedMin = 1024

/**
 * Queues with unwritten units, ordered by the log position of the first such unit. Adding a queue is a push onto a
 * list: with very many queues, a lookup would cost more than all else that is done here.
 */
export class UnwrittenQueues {
  /** Entries from `#head` on. An entry counts while its position equals that of its queue. */
  #queues: ConsumeQueue[] = []
  #positions: number[] = []
  #head = 0

  /** @param position of the first unwritten unit's message; behind the positions of all earlier entries */
  add(queue: ConsumeQueue, position: number, nowMs: number): void {
    queue.firstUnwrittenPosition = position
    queue.unwrittenSinceMs = nowMs
    this.#queues.push(queue)
    this.#positions.push(position)
  }

  has(queue: ConsumeQueue): boolean {
    return queue.firstUnwrittenPosition !== none
  }

  /** Forgets queues whose unwritten units all belong to messages at or behind a position. */
  cutTo(position: number): void {
    const kept = this.all().filter((queue) => queue.firstUnwrittenPosition < position)
    for (const queue of this.all()) if (queue.firstUnwrittenPosition >= position) this.remove(queue)
    // An old entry must not count again when its queue reaches the same position with another message.
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

  /** The length of the list, entries that no longer count included. */
  get entryCount(): number {
    return this.#queues.length
  }

  #counts(index: number): boolean {
    return this.#queues[index]!.firstUnwrittenPosition === this.#positions[index]
  }
}
