import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { OrderKey, OrderTable } from './order-table.ts'

/** The wall clock may be set while a queue is blocked: it is looked at again so often. */
const clockCheckMs = 1000

/** Tells when queues can be read again of which something was given in order, and which somebody wanted to read. */
export class OrderWakes {
  readonly #clock: Clock
  readonly #orders: Pick<OrderTable, 'blockedUntilMs'>
  readonly #onFree: (key: OrderKey) => void
  readonly #timers = new Map<string, CancelTimer>()
  #isClosed = false

  constructor(clock: Clock, orders: Pick<OrderTable, 'blockedUntilMs'>, onFree: (key: OrderKey) => void) {
    this.#clock = clock
    this.#orders = orders
    this.#onFree = onFree
  }

  watch(key: OrderKey): void {
    // A read that ends late may find a queue blocked still.
    if (this.#isClosed) return
    const name = `${key.topic}@${key.group}@${key.queueId}`
    this.#timers.get(name)?.()
    const untilMs = this.#orders.blockedUntilMs(key)
    if (untilMs === undefined) {
      this.#timers.delete(name)
      this.#onFree(key)
      return
    }
    const waitMs = Math.min(Math.max(1, untilMs - this.#clock.now()), clockCheckMs)
    this.#timers.set(
      name,
      this.#clock.after(waitMs, () => this.watch(key)),
    )
  }

  close(): void {
    this.#isClosed = true
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }
}
