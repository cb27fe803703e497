import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { lightQueueId, liteQueuePrefixOf, liteTopicOf } from '@rocketmq-ts/protocol'
import type { LiteRules } from './lite-rules.ts'

export interface LiteExpiryParts {
  clock: Clock
  log: Log
  rules: LiteRules
  store: {
    lightQueueNames(): Iterable<string>
    maxOffset(topic: string, queueId: number): number
    storeTimestamp(topic: string, queueId: number, queueOffset: number): number | undefined
    removeLightQueue(name: string, isUnused: () => boolean): boolean
    lastPosition(topic: string, queueId: number): number | undefined
    readonly positions: { max: number }
  }
  settings(): { minLiteTTl: number; liteTtlCheckInterval: number }
  /** A lite topic is gone, whose groups are these: what is kept of it goes, too. */
  onRemoved(queue: string, groups: readonly string[]): void
}

/** The loop's time that is taken before others have their turn. */
const sliceMs = 5
const pauseMs = 20

/** Removes lite topics that nobody has sent to for too long, and those of topics that are deleted. */
export class LiteExpiry {
  readonly #parts: LiteExpiryParts
  readonly #startMs: number
  #cancelTimer: CancelTimer | undefined
  /** Light queues that are still to be looked at. */
  #round: Iterator<string> | undefined
  /** Light queues of topics that were deleted, and where the log ended then: what came since is of a new topic. */
  #doomed: { queue: string; logEnd: number }[] = []
  #isClosed = false

  constructor(parts: LiteExpiryParts) {
    this.#parts = parts
    this.#startMs = parts.clock.monotonic()
  }

  start(): void {
    this.#arm(this.#parts.settings().liteTtlCheckInterval)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
  }

  /** A parent topic is deleted. */
  removeAllOf(parentTopic: string): void {
    const { store } = this.#parts
    const prefix = liteQueuePrefixOf(parentTopic)
    const logEnd = store.positions.max
    for (const queue of store.lightQueueNames()) if (queue.startsWith(prefix)) this.#doomed.push({ queue, logEnd })
    if (this.#doomed.length > 0) this.#slice()
  }

  #arm(delayMs: number): void {
    this.#cancelTimer?.()
    if (!this.#isClosed) this.#cancelTimer = this.#parts.clock.after(delayMs, () => this.#slice())
  }

  #slice(): void {
    const { clock, settings } = this.#parts
    const startMs = clock.monotonic()
    const isOver = (): boolean => clock.monotonic() - startMs >= sliceMs
    this.#arm(this.#goOn(isOver) ? settings().liteTtlCheckInterval : pauseMs)
  }

  /** @returns whether everything was looked at before its time was over */
  #goOn(isOver: () => boolean): boolean {
    const { clock, store, settings } = this.#parts
    while (this.#doomed.length > 0) {
      if (isOver()) return false
      const { queue, logEnd } = this.#doomed.pop()!
      this.#remove(queue, () => (store.lastPosition(queue, lightQueueId) ?? 0) < logEnd)
    }
    // After a start, senders have their time to come back.
    if (clock.monotonic() - this.#startMs < settings().minLiteTTl) return true
    this.#round ??= store.lightQueueNames()[Symbol.iterator]()
    for (;;) {
      if (isOver()) return false
      const { value: queue, done } = this.#round.next()
      if (done === true) break
      if (this.#isExpired(queue)) this.#remove(queue, () => this.#isExpired(queue))
    }
    this.#round = undefined
    return true
  }

  #isExpired(queue: string): boolean {
    const { rules, store, clock, settings } = this.#parts
    const parent = liteTopicOf(queue)?.parentTopic
    if (parent === undefined) return false
    if (!rules.isThere(parent)) return true
    const lifetimeMs = rules.lifetimeMs(parent)
    const end = store.maxOffset(queue, lightQueueId)
    if (lifetimeMs === undefined || end <= 0) return false
    const lastMs = store.storeTimestamp(queue, lightQueueId, end - 1)
    // What has no message left goes with the files of the log.
    return lastMs !== undefined && clock.now() - lastMs > Math.max(lifetimeMs, settings().minLiteTTl)
  }

  /** @param isUnused whether nothing came for it in the last moment */
  #remove(queue: string, isUnused: () => boolean): void {
    const { rules, store, log } = this.#parts
    const parent = liteTopicOf(queue)!.parentTopic
    try {
      if (store.removeLightQueue(queue, isUnused)) this.#parts.onRemoved(queue, rules.groupsOf(parent))
    } catch (error) {
      log.error({ err: error, queue }, 'a lite topic could not be removed: check the disk; it is tried again')
    }
  }
}
