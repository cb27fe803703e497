import type { Clock } from '@rocketmq-ts/platform'
import type { MessageQueue } from '@rocketmq-ts/protocol'

interface QueueLock {
  clientId: string
  /** By the monotonic clock. */
  lockedAtMs: number
}

/** Milliseconds that a lock holds when it is not renewed. */
const lockLifetimeMs = 60_000

/** Which client of a group may consume a queue whose messages are to be handled in order. */
export class QueueLocks {
  readonly #clock: Clock
  readonly #groups = new Map<string, Map<string, QueueLock>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Groups with locks, of which some may be over. */
  get groupCount(): number {
    return this.#groups.size
  }

  /** Locks or renews; gives those of the queues that the client holds now. */
  lock(group: string, clientId: string, queues: readonly MessageQueue[]): MessageQueue[] {
    const nowMs = this.#clock.monotonic()
    let locks = this.#groups.get(group)
    if (locks === undefined) {
      locks = new Map()
      this.#groups.set(group, locks)
    }
    const held: MessageQueue[] = []
    for (const queue of queues) {
      const key = keyOf(queue)
      const lock = locks.get(key)
      if (lock !== undefined && lock.clientId !== clientId && nowMs - lock.lockedAtMs <= lockLifetimeMs) continue
      locks.set(key, { clientId, lockedAtMs: nowMs })
      held.push(queue)
    }
    if (locks.size === 0) this.#groups.delete(group)
    return held
  }

  /** Gives up locks; those of other clients stay. */
  unlock(group: string, clientId: string, queues: readonly MessageQueue[]): void {
    const locks = this.#groups.get(group)
    if (locks === undefined) return
    for (const queue of queues) {
      const key = keyOf(queue)
      if (locks.get(key)?.clientId === clientId) locks.delete(key)
    }
    if (locks.size === 0) this.#groups.delete(group)
  }

  /** Whether a client of the group holds a lock, which tells that the group consumes in order. */
  hasLocks(group: string): boolean {
    const locks = this.#groups.get(group)
    if (locks === undefined) return false
    const nowMs = this.#clock.monotonic()
    for (const [key, lock] of locks) {
      if (nowMs - lock.lockedAtMs <= lockLifetimeMs) return true
      locks.delete(key)
    }
    this.#groups.delete(group)
    return false
  }

  removeGroup(group: string): void {
    this.#groups.delete(group)
  }
}

function keyOf(queue: MessageQueue): string {
  return `${queue.topic}@${queue.brokerName}@${queue.queueId}`
}
