/** Something that happens at a time; of two at one time, the one that was asked for first. */
export interface SimulatedEvent {
  readonly atUs: number
  readonly order: number
  run: (() => void) | undefined
}

/** Events by their time: a binary heap. */
export class EventQueue {
  readonly #heap: SimulatedEvent[] = []

  get size(): number {
    return this.#heap.length
  }

  push(event: SimulatedEvent): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  /** Takes the first event out; undefined when there is none. */
  pop(): SimulatedEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: SimulatedEvent, other: SimulatedEvent): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order)
}
