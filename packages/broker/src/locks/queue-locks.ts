import type { Clock } from '@rocketmq-ts/platform'
import { type MessageQueue, ProtocolError } from '@rocketmq-ts/protocol'

interface QueueLock {
  clientId: string
  /** By the monotonic clock. */
  lockedAtMs: number
}

/** Milliseconds that a lock holds when it is not renewed. */
const lockLifetimeMs = 60_000
/** Locks that are over are looked for so often at most, where there is no room. */
const sweepEveryMs = 1000

/** Which client of a group may consume a queue whose messages are to be handled in order. */
export class QueueLocks {
  readonly #clock: Clock
  readonly #locksMax: () => number
  readonly #groups = new Map<string, Map<string, QueueLock>>()
  #count = 0
  #sweptMs = Number.NEGATIVE_INFINITY

  /** @param locksMax queues that may be locked (maxQueueLockNum) */
  constructor(clock: Clock, locksMax: () => number) {
    this.#clock = clock
    this.#locksMax = locksMax
  }

  /** Groups with locks, of which some may be over. */
  get groupCount(): number {
    return this.#groups.size
  }

  /**
   * Locks or renews; gives those of the queues that the client holds now.
   * @throws ProtocolError SYSTEM_BUSY when there would be too many: then none is locked
   */
  lock(group: string, clientId: string, queues: readonly MessageQueue[]): MessageQueue[] {
    const nowMs = this.#clock.monotonic()
    this.#checkRoom(group, queues, nowMs)
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
      if (lock === undefined) this.#count++
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
      if (locks.get(key)?.clientId === clientId && locks.delete(key)) this.#count--
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
      if (locks.delete(key)) this.#count--
    }
    this.#groups.delete(group)
    return false
  }

  removeGroup(group: string): void {
    this.#count -= this.#groups.get(group)?.size ?? 0
    this.#groups.delete(group)
  }

  #checkRoom(group: string, queues: readonly MessageQueue[], nowMs: number): void {
    const max = this.#locksMax()
    // Most requests renew, and there is room: they are not looked at one by one.
    if (this.#count + queues.length <= max) return
    const locks = this.#groups.get(group)
    const newCount = new Set(queues.map(keyOf).filter((key) => locks?.has(key) !== true)).size
    if (newCount === 0) return
    if (this.#count + newCount > max) this.#sweep(nowMs)
    if (this.#count + newCount <= max) return
    const remark = `${this.#count} queues are locked, and ${max} may be: lock fewer, or raise maxQueueLockNum`
    throw new ProtocolError('SYSTEM_BUSY', remark)
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < sweepEveryMs) return
    this.#sweptMs = nowMs
    for (const [group, locks] of this.#groups) {
      for (const [key, lock] of locks) {
        if (nowMs - lock.lockedAtMs > lockLifetimeMs && locks.delete(key)) this.#count--
      }
      if (locks.size === 0) this.#groups.delete(group)
    }
  }
}

function keyOf(queue: MessageQueue): string {
  return `${queue.topic}@${queue.brokerName}@${queue.queueId}`
}
