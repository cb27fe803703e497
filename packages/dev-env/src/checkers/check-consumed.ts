import { type ObservedQueue, queueKey } from './history.ts'
import type { Violation } from './violation.ts'

/** What a group of consumers was given of a queue. */
export class Consumed {
  readonly #ids = new Map<number, Set<string>>()

  add(queueOffset: number, id: string): void {
    const ids = this.#ids.get(queueOffset)
    if (ids === undefined) this.#ids.set(queueOffset, new Set([id]))
    else ids.add(id)
  }

  has(queueOffset: number, id: string): boolean {
    return this.#ids.get(queueOffset)?.has(id) === true
  }
}

/** Decides whether consumers that follow the protocol, and went on to the ends of their queues, were given everything. */
export function checkConsumed(
  group: string,
  queues: readonly ObservedQueue[],
  consumed: ReadonlyMap<string, Consumed>,
): Violation[] {
  const violations: Violation[] = []
  for (const queue of queues) {
    const key = queueKey(queue)
    for (const { queueOffset, id } of queue.records) {
      if (consumed.get(key)?.has(queueOffset, id) === true) continue
      violations.push({ rule: 'message not consumed', detail: `${id} in ${key} at ${queueOffset}, by ${group}` })
    }
  }
  return violations
}
