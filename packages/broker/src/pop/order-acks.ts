import type { Clock } from '@rocketmq-ts/platform'
import { ProtocolError } from '@rocketmq-ts/protocol'
import type { OrderKey, OrderTable } from './order-table.ts'
import type { CommittedOffsets } from './pop-cursors.ts'

export interface OrderAcksParts {
  clock: Clock
  orders: OrderTable
  offsets: CommittedOffsets & { isResetPending(group: string, topic: string, queueId: number): boolean }
  /** More can be given of a queue. */
  onFree(key: OrderKey): void
  /** A queue is free at another time than it was said. */
  onBlocked(key: OrderKey): void
  /** A queue may be free sooner than it was said, since less of it is left. */
  onLessLeft(key: OrderKey): void
}

/** A message that was given in order. */
interface OrderedReceipt extends OrderKey {
  popTime: number
}

/** Acknowledges what was given in order: the offset of the group follows what is acknowledged from the front on. */
export class OrderAcks {
  readonly #parts: OrderAcksParts

  constructor(parts: OrderAcksParts) {
    this.#parts = parts
  }

  /** @throws ProtocolError when the message was not given then */
  acknowledge(receipt: OrderedReceipt, queueOffset: number): void {
    const { orders, offsets } = this.#parts
    const { group, topic, queueId, popTime } = receipt
    if (this.#isBehind(receipt, queueOffset)) return
    const next = orders.acknowledge(receipt, queueOffset, popTime)
    if (next === undefined) refuse()
    if (!offsets.isResetPending(group, topic, queueId)) offsets.commit(group, topic, queueId, next)
    if (orders.blockedUntilMs(receipt) === undefined) this.#parts.onFree(receipt)
    else this.#parts.onLessLeft(receipt)
  }

  /**
   * The message is visible again after so many milliseconds from now.
   * @returns milliseconds since 1970
   * @throws ProtocolError when the message was not given then, or is acknowledged
   */
  changeVisible(receipt: OrderedReceipt, queueOffset: number, afterMs: number): number {
    const { clock, orders } = this.#parts
    const visibleMs = clock.now() + afterMs
    const isBehind = this.#isBehind(receipt, queueOffset)
    if (isBehind || !orders.setVisible(receipt, queueOffset, receipt.popTime, visibleMs)) refuse()
    if (orders.blockedUntilMs(receipt) === undefined) this.#parts.onFree(receipt)
    else this.#parts.onBlocked(receipt)
    return visibleMs
  }

  #isBehind({ group, topic, queueId }: OrderKey, queueOffset: number): boolean {
    return queueOffset < (this.#parts.offsets.offset(group, topic, queueId) ?? 0)
  }
}

function refuse(): never {
  const remark = 'the message was not given in order with this receipt, or was given anew since: nothing was changed'
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}
