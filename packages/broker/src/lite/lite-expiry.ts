import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { lightQueueId, liteQueuePrefixOf, liteTopicOf, ProtocolError } from '@rocketmq-ts/protocol'
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
    positionAt(topic: string, queueId: number, queueOffset: number): number | undefined
    readonly positions: { max: number }
  }
  /** How far groups are in lite topics: it has to be known what goes before that goes. */
  offsets: {
    mayLeave(queue: string, groups: readonly string[]): boolean
    leavingNoted(isUrgent: boolean): Promise<void>
    lightQueueStays(queue: string): void
  }
  settings(): { minLiteTTl: number; liteTtlCheckInterval: number }
  /** A lite topic is gone, whose groups are these: what is kept of it goes, too. */
  onRemoved(queue: string, groups: readonly string[]): void
}

/** A light queue that is to go, unless something comes for it. */
interface Doomed {
  readonly queue: string
  /** Where the log ended when its topic was deleted: what came since is of a new topic. Undefined when its time is over. */
  readonly deletedAt: number | undefined
}

/** The loop's time that is taken before others have their turn. */
const sliceMs = 5
const pauseMs = 20
/** While somebody waits for the end of it. */
const awaitedPauseMs = 5

/** Removes lite topics that nobody has sent to for too long, and those of topics that are deleted. */
export class LiteExpiry {
  readonly #parts: LiteExpiryParts
  readonly #startMs: number
  #cancelTimer: CancelTimer | undefined
  /** Light queues that are still to be looked at, and whether it is time to look at all of them. */
  #round: Iterator<string> | undefined
  #isRoundDue = false
  #doomed: Doomed[] = []
  /** Those of which it has to be noted first that they go. */
  #unnoted: Doomed[] = []
  /** Those of deleted topics that are not gone yet, and who waits for that. */
  #deletedCount = 0
  #awaited: PromiseWithResolvers<void> | undefined
  /** Why some of them could not be removed. */
  #failure: string | undefined
  #isClosed = false

  constructor(parts: LiteExpiryParts) {
    this.#parts = parts
    this.#startMs = parts.clock.monotonic()
  }

  start(): void {
    this.#armRound()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#failure = 'the broker stops, and lite topics of a deleted topic are left: delete the topic again'
    this.#settle()
  }

  /** A parent topic is deleted. */
  removeAllOf(parentTopic: string): void {
    const { store } = this.#parts
    const prefix = liteQueuePrefixOf(parentTopic)
    const deletedAt = store.positions.max
    for (const queue of store.lightQueueNames()) {
      if (!queue.startsWith(prefix)) continue
      this.#doomed.push({ queue, deletedAt })
      this.#deletedCount++
    }
    if (this.#deletedCount > 0) this.#slice()
  }

  /**
   * Resolves when the lite topics of deleted topics are gone.
   * @throws ProtocolError SYSTEM_ERROR when some cannot be removed now
   */
  whenRemoved(): Promise<void> {
    this.#awaited ??= Promise.withResolvers()
    const { promise } = this.#awaited
    if (this.#deletedCount === 0) this.#settle()
    return promise
  }

  #armRound(): void {
    this.#arm(this.#parts.settings().liteTtlCheckInterval, () => {
      this.#isRoundDue = true
      this.#slice()
    })
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#cancelTimer?.()
    if (!this.#isClosed) this.#cancelTimer = this.#parts.clock.after(delayMs, callback)
  }

  #slice(): void {
    if (this.#isClosed) return
    const { clock } = this.#parts
    const startMs = clock.monotonic()
    const isOver = (): boolean => clock.monotonic() - startMs >= sliceMs
    const isDone = this.#goOn(isOver)
    if (this.#unnoted.length > 0) void this.#note()
    if (isDone) this.#armRound()
    else this.#arm(this.#deletedCount > 0 ? awaitedPauseMs : pauseMs, () => this.#slice())
  }

  /** @returns whether everything was looked at before its time was over */
  #goOn(isOver: () => boolean): boolean {
    const { clock, store, settings } = this.#parts
    while (this.#doomed.length > 0) {
      if (isOver()) return false
      this.#remove(this.#doomed.pop()!)
    }
    // After a start, senders have their time to come back.
    if (!this.#isRoundDue || clock.monotonic() - this.#startMs < settings().minLiteTTl) return true
    this.#round ??= store.lightQueueNames()[Symbol.iterator]()
    for (;;) {
      if (isOver()) return false
      const { value: queue, done } = this.#round.next()
      if (done === true) break
      if (this.#isExpired(queue)) this.#remove({ queue, deletedAt: undefined })
    }
    this.#round = undefined
    this.#isRoundDue = false
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

  /** Whether nothing came for it in the last moment. */
  #isUnused({ queue, deletedAt }: Doomed): boolean {
    if (deletedAt === undefined) return this.#isExpired(queue)
    const { store } = this.#parts
    const last = store.maxOffset(queue, lightQueueId) - 1
    return last < 0 || (store.positionAt(queue, lightQueueId, last) ?? 0) < deletedAt
  }

  #remove(doomed: Doomed): void {
    const { rules, store, offsets, log } = this.#parts
    const { queue } = doomed
    const groups = rules.groupsOf(liteTopicOf(queue)!.parentTopic)
    if (!offsets.mayLeave(queue, groups)) {
      this.#unnoted.push(doomed)
      return
    }
    try {
      if (store.removeLightQueue(queue, () => this.#isUnused(doomed))) this.#parts.onRemoved(queue, groups)
      else offsets.lightQueueStays(queue)
    } catch (error) {
      log.error({ err: error, queue }, 'a lite topic could not be removed: check the disk; it is tried again')
      if (doomed.deletedAt !== undefined)
        this.#failure = 'lite topics could not be removed: check the disk of the broker'
    }
    if (doomed.deletedAt !== undefined) this.#gone(1)
  }

  async #note(): Promise<void> {
    const noted = this.#unnoted
    this.#unnoted = []
    const deletedCount = noted.filter(({ deletedAt }) => deletedAt !== undefined).length
    try {
      await this.#parts.offsets.leavingNoted(deletedCount > 0)
    } catch {
      // It is logged where the file is written. The next round finds them, as unused, or as those of a topic that is gone.
      if (deletedCount > 0) this.#failure = 'that lite topics go could not be noted: check the disk of the broker'
      this.#gone(deletedCount)
      return
    }
    this.#doomed.push(...noted)
    // Many notes end with one write of the file: all that they are about has one slice at a time.
    this.#arm(this.#deletedCount > 0 ? awaitedPauseMs : pauseMs, () => this.#slice())
  }

  #gone(count: number): void {
    this.#deletedCount -= count
    if (this.#deletedCount === 0) this.#settle()
  }

  /** Tells those who wait how it ended. */
  #settle(): void {
    if (this.#awaited === undefined) return
    if (this.#failure === undefined) this.#awaited.resolve()
    else this.#awaited.reject(new ProtocolError('SYSTEM_ERROR', this.#failure))
    this.#awaited = undefined
    this.#failure = undefined
  }
}
