import type { OrderWitness } from './orderly-consumer.ts'

/** Sees whether messages of a sharding key are handled in their order, by one member at a time. */
export class ShardingOrder implements OrderWitness {
  /** Numbers of a key's messages in the order in which they were handled. */
  readonly #handled = new Map<string, number[]>()
  /** Who handled the last message of a key. */
  readonly #handler = new Map<string, string>()
  readonly #killed = new Set<string>()
  /** Who is at a message of a queue. */
  readonly #busy = new Map<number, string>()
  /** Messages that a member has handled of the queue that it is at. */
  readonly #inTurn = new Map<string, { queueId: number; count: number }>()
  readonly broken: string[] = []

  /** How many messages a member has handled of the queue that it is at, one after the other. */
  handledInTurn(member: string): number {
    const turn = this.#inTurn.get(member)
    return turn !== undefined && this.#busy.get(turn.queueId) === member ? turn.count : 0
  }

  begins(member: string, queueId: number): void {
    const other = this.#busy.get(queueId)
    if (other !== undefined) this.broken.push(`${member} begins in queue ${queueId} while ${other} is at it`)
    this.#busy.set(queueId, member)
  }

  ends(member: string, queueId: number, key: string, number: number): void {
    if (this.#busy.get(queueId) === member) this.#busy.delete(queueId)
    const turn = this.#inTurn.get(member)
    if (turn?.queueId === queueId) turn.count++
    else this.#inTurn.set(member, { queueId, count: 1 })
    const numbers = this.#handled.get(key) ?? []
    const last = numbers.at(-1) ?? -1
    const handler = this.#handler.get(key)
    // What was not committed when its member died comes again, from there on in order.
    const isFromTheDead = number <= last && handler !== undefined && this.#killed.has(handler)
    if (number !== last + 1 && !isFromTheDead) {
      this.broken.push(`${member} handles ${key} ${number} after ${handler} handled ${last}`)
    }
    this.#handler.set(key, member)
    numbers.push(number)
    this.#handled.set(key, numbers)
  }

  /** A member's process is gone, whatever it was at. */
  killed(member: string): void {
    this.#killed.add(member)
    for (const [queueId, busy] of this.#busy) if (busy === member) this.#busy.delete(queueId)
  }

  /** How many different messages of a key were handled. */
  countOf(key: string): number {
    return new Set(this.#handled.get(key)).size
  }

  /** Messages that were handled more than once. */
  get repeated(): number {
    let count = 0
    for (const numbers of this.#handled.values()) count += numbers.length - new Set(numbers).size
    return count
  }
}
