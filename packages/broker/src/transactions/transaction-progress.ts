import { halfTopic, opHalfTopic, transactionGroup } from '@rocketmq-ts/protocol'
import type { TransactionLog } from './transaction-log.ts'

export interface TransactionProgressParts {
  offsets: {
    offset(group: string, topic: string, queueId: number): number | undefined
    commit(group: string, topic: string, queueId: number, offset: number): void
  }
  store: {
    maxOffset(topic: string, queueId: number): number
    readonly positions: { max: number; synced: number }
  }
  transactions: TransactionLog
}

/**
 * How far a broker is in the queues of half and op messages: official brokers go on from there. It is noted only when
 * what it follows from is on the disk. Otherwise a failure of the power could take the end of a transaction and leave
 * the note that there is nothing left to do.
 */
export class TransactionProgress {
  readonly #parts: TransactionProgressParts
  /** Noted once the log is synced up to its position. */
  #next: { half: number; op: number; position: number } | undefined

  /** A progress that points past the end of its queue, because messages were lost, goes back to the end. */
  constructor(parts: TransactionProgressParts) {
    this.#parts = parts
    const { store } = parts
    for (const topic of [halfTopic, opHalfTopic]) {
      const maxOffset = store.maxOffset(topic, 0)
      if (this.#offset(topic) > maxOffset) this.#commit(topic, maxOffset)
    }
  }

  /** Offset of the first half message that may be open. */
  half(): number {
    return this.#offset(halfTopic)
  }

  /** Offset of the first op message that may be needed. */
  op(): number {
    return this.#offset(opHalfTopic)
  }

  /** Notes what is on the disk by now. To be called again and again. */
  note(): void {
    const { store, transactions } = this.#parts
    if (!transactions.isLoaded) return
    const { synced, max } = store.positions
    if (this.#next !== undefined && this.#next.position <= synced) {
      this.#commit(halfTopic, this.#next.half)
      this.#commit(opHalfTopic, this.#next.op)
      this.#next = undefined
    }
    if (this.#next !== undefined) return
    const half = transactions.firstOpen ?? store.maxOffset(halfTopic, 0)
    const op = transactions.ops.neededFrom(half) ?? store.maxOffset(opHalfTopic, 0)
    if (half !== this.half() || op !== this.op()) this.#next = { half, op, position: max }
  }

  #offset(topic: string): number {
    return this.#parts.offsets.offset(transactionGroup, topic, 0) ?? 0
  }

  #commit(topic: string, offset: number): void {
    const { offsets } = this.#parts
    if (offset !== offsets.offset(transactionGroup, topic, 0)) offsets.commit(transactionGroup, topic, 0, offset)
  }
}
