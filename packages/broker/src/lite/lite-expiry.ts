import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { lightQueueId, liteQueuePrefixOf, liteTopicOf, ProtocolError } from '@rocketmq-ts/protocol'
import type { LiteRules } from './lite-rules.ts'
import type { UnreadableQueues } from './unreadable-queues.ts'

export interface LiteExpiryParts {
  clock: Clock
  log: Log
  rules: LiteRules
  unreadable: UnreadableQueues
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

/** A parent topic that was deleted, and what is left of it. */
interface Deletion {
  readonly topic: string
  /** What the names of its light queues begin with. */
  readonly prefix: string
  /** Where the log ended then: what came since is of a new topic. */
  deletedAt: number
  /** Light queues that are still to be looked at, of all topics; undefined when its own are known. */
  names: Iterator<string> | undefined
  /** Light queues that are not gone yet, and one for those that are still to be looked at. */
  leftCount: number
  /** Why some of them could not be removed. */
  failure: string | undefined
  /** Who waits for the end of it. */
  awaited: PromiseWithResolvers<void> | undefined
}

/** A light queue that is to go, unless something comes for it. */
interface Doomed {
  readonly queue: string
  /** Undefined when its time is over. */
  readonly deletion: Deletion | undefined
}

/** The loop's time that is taken before others have their turn. */
const sliceMs = 5
const pauseMs = 20
/** While somebody waits for the end of it. */
const awaitedPauseMs = 5
/** Names that are looked at for one deleted topic, before the next one has its turn. */
const namesAtOnce = 100
const stopped = 'the broker stops, and lite topics of a deleted topic are left: delete the topic again'

/** Removes lite topics that nobody has sent to for too long, and those of topics that are deleted. */
export class LiteExpiry {
  readonly #parts: LiteExpiryParts
  readonly #startMs: number
  #cancelTimer: CancelTimer | undefined
  /** Light queues that are still to be looked at, once it is time to look at all of them. */
  #round: Iterator<string> | undefined
  /** In the clock's monotonic milliseconds: deletions do not put it off. */
  #roundDueMs: number
  #doomed: Doomed[] = []
  /** Those of which it has to be noted first that they go. */
  #unnoted: Doomed[] = []
  /** By topic. One that failed stays until somebody is told, or the topic is deleted again. */
  readonly #deletions = new Map<string, Deletion>()
  /** Of these, those whose light queues are still to be found. */
  readonly #searching = new Set<Deletion>()
  /** How many of them have something left. */
  #underWayCount = 0
  /** Groups by parent topic, for one slice. */
  readonly #groups = new Map<string, readonly string[]>()
  #isClosed = false

  constructor(parts: LiteExpiryParts) {
    this.#parts = parts
    this.#startMs = parts.clock.monotonic()
    this.#roundDueMs = this.#startMs + parts.settings().liteTtlCheckInterval
  }

  start(): void {
    this.#armRound()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
    for (const deletion of this.#deletions.values()) if (deletion.leftCount > 0) this.#end(deletion, stopped)
  }

  /** A parent topic is deleted. */
  removeAllOf(parentTopic: string): void {
    const { store } = this.#parts
    const known = this.#deletions.get(parentTopic)
    const deletion = known ?? {
      topic: parentTopic,
      prefix: liteQueuePrefixOf(parentTopic),
      deletedAt: 0,
      names: undefined,
      leftCount: 0,
      failure: undefined,
      awaited: undefined,
    }
    this.#deletions.set(parentTopic, deletion)
    const isIdle = this.#searching.size === 0 && this.#doomed.length === 0 && this.#round === undefined
    // What could not be removed before is found again.
    deletion.failure = undefined
    if (deletion.leftCount === 0) this.#underWayCount++
    if (deletion.names === undefined) deletion.leftCount++
    deletion.deletedAt = store.positions.max
    deletion.names = store.lightQueueNames()[Symbol.iterator]()
    this.#searching.add(deletion)
    // While something is under way, its timer goes on with this, too: many deletions together have one slice at a time.
    if (isIdle) this.#slice()
  }

  /**
   * Resolves when the lite topics of a deleted topic are gone.
   * @throws ProtocolError SYSTEM_ERROR when some cannot be removed now
   */
  async whenRemoved(parentTopic: string): Promise<void> {
    const deletion = this.#deletions.get(parentTopic)
    if (deletion === undefined) return
    deletion.awaited ??= Promise.withResolvers()
    const { promise } = deletion.awaited
    if (deletion.leftCount === 0) this.#end(deletion, deletion.failure)
    else if (this.#isClosed) this.#end(deletion, stopped)
    await promise
  }

  #armRound(): void {
    this.#arm(Math.max(0, this.#roundDueMs - this.#parts.clock.monotonic()), () => this.#slice())
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
    this.#groups.clear()
    const isDone = this.#goOn(isOver)
    if (this.#unnoted.length > 0) void this.#note()
    if (isDone) this.#armRound()
    else this.#arm(this.#underWayCount > 0 ? awaitedPauseMs : pauseMs, () => this.#slice())
  }

  /** @returns whether everything was looked at before its time was over */
  #goOn(isOver: () => boolean): boolean {
    const { clock, store, settings } = this.#parts
    while (this.#doomed.length > 0 || this.#searching.size > 0) {
      if (isOver()) return false
      const doomed = this.#doomed.pop()
      if (doomed !== undefined) this.#remove(doomed)
      this.#search()
    }
    if (clock.monotonic() < this.#roundDueMs) return true
    const { minLiteTTl, liteTtlCheckInterval } = settings()
    // After a start, senders have their time to come back.
    if (clock.monotonic() - this.#startMs >= minLiteTTl) {
      this.#round ??= store.lightQueueNames()[Symbol.iterator]()
      for (;;) {
        if (isOver()) return false
        const { value: queue, done } = this.#round.next()
        if (done === true) break
        if (this.#seemsExpired(queue)) this.#remove({ queue, deletion: undefined })
      }
      this.#round = undefined
    }
    this.#roundDueMs = clock.monotonic() + liteTtlCheckInterval
    return true
  }

  /** Looks for light queues of the topic that was deleted first; then others have their turn. */
  #search(): void {
    const [deletion] = this.#searching
    if (deletion === undefined) return
    this.#searching.delete(deletion)
    for (let count = 0; count < namesAtOnce; count++) {
      const { value: queue, done } = deletion.names!.next()
      if (done === true) {
        deletion.names = undefined
        this.#gone(deletion)
        return
      }
      if (!queue.startsWith(deletion.prefix)) continue
      deletion.leftCount++
      this.#doomed.push({ queue, deletion })
    }
    this.#searching.add(deletion)
  }

  #seemsExpired(queue: string): boolean {
    try {
      return this.#isExpired(queue)
    } catch (error) {
      this.#parts.unreadable.passBy(queue, error)
      return false
    }
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
  #isUnused({ queue, deletion }: Doomed): boolean {
    if (deletion === undefined) return this.#isExpired(queue)
    const { store } = this.#parts
    const last = store.maxOffset(queue, lightQueueId) - 1
    return last < 0 || (store.positionAt(queue, lightQueueId, last) ?? 0) < deletion.deletedAt
  }

  #remove(doomed: Doomed): void {
    const { store, offsets, log } = this.#parts
    const { queue, deletion } = doomed
    const groups = this.#groupsOf(liteTopicOf(queue)!.parentTopic)
    try {
      if (!offsets.mayLeave(queue, groups)) {
        this.#unnoted.push(doomed)
        return
      }
      if (store.removeLightQueue(queue, () => this.#isUnused(doomed))) this.#parts.onRemoved(queue, groups)
      else offsets.lightQueueStays(queue)
    } catch (error) {
      log.error({ err: error, queue }, 'a lite topic could not be removed: check the disk; it is tried again')
      if (deletion !== undefined) deletion.failure = 'lite topics could not be removed: check the disk of the broker'
    }
    if (deletion !== undefined) this.#gone(deletion)
  }

  #groupsOf(parentTopic: string): readonly string[] {
    let groups = this.#groups.get(parentTopic)
    if (groups === undefined) {
      groups = this.#parts.rules.groupsOf(parentTopic)
      this.#groups.set(parentTopic, groups)
    }
    return groups
  }

  async #note(): Promise<void> {
    const noted = this.#unnoted
    this.#unnoted = []
    const isAwaited = noted.some(({ deletion }) => deletion !== undefined)
    try {
      await this.#parts.offsets.leavingNoted(isAwaited)
    } catch {
      // It is logged where the file is written. The next round finds them, as unused, or as those of a topic that is gone.
      for (const { deletion } of noted) {
        if (deletion === undefined) continue
        deletion.failure = 'that lite topics go could not be noted: check the disk of the broker'
        this.#gone(deletion)
      }
      return
    }
    for (const doomed of noted) this.#doomed.push(doomed)
    // Many notes end with one write of the file: all that they are about has one slice at a time.
    this.#arm(this.#underWayCount > 0 ? awaitedPauseMs : pauseMs, () => this.#slice())
  }

  /** One that was counted for a deletion is gone, or cannot go. */
  #gone(deletion: Deletion): void {
    if (--deletion.leftCount > 0) return
    this.#underWayCount--
    this.#end(deletion, deletion.failure)
  }

  /** Tells those who wait for a deletion how it ended; while nobody does, a failure is kept for who asks. */
  #end(deletion: Deletion, failure: string | undefined): void {
    const { topic, awaited } = deletion
    if (awaited === undefined && failure !== undefined) return
    this.#deletions.delete(topic)
    if (failure === undefined) awaited?.resolve()
    else awaited!.reject(new ProtocolError('SYSTEM_ERROR', failure))
  }
}
