import type { CancelTimer, Clock, Random } from '@rocketmq-ts/platform'
import { liteQueuePrefixOf } from '@rocketmq-ts/protocol'
import type { LiteClient } from './lite-subscriptions.ts'

export interface LiteEventParts {
  clock: Clock
  random: Random
  subscribers(queue: string): ReadonlyMap<string, readonly LiteClient[]>
  get(clientId: string): LiteClient | undefined
  clientsOf(group: string): readonly LiteClient[]
  isWildcard(group: string): boolean
  /** Light queues in which there may be something for a client; of other topics, too, for one that wants all. */
  queuesOf(client: LiteClient): Iterable<string>
  /** Whether a group can be given something of a queue now. */
  hasMessages(group: string, queue: string): boolean
  /** Whether a group has something of a queue that it did not acknowledge: it is told when it can be given more. */
  isBlocked(group: string, queue: string): boolean
  /** Events that may wait for a member of a group. */
  eventsMax(group: string): number
  settings(): {
    liteEventFullDispatchDelayTime: number
    liteEventFullDispatchDelayTimeForWildcardGroup: number
  }
  /** There is something for a client: a request of it that waits looks again. */
  wake(client: LiteClient): void
}

/** The light queues in which a client is told that there is something, the first one first. */
interface ClientEvents {
  readonly client: LiteClient
  readonly queues: Set<string>
  /** In the clock's monotonic milliseconds. */
  accessMs: number
  /** Milliseconds since 1970. */
  lastAccessTime: number
  lastConsumeTime: number
  /** What was taken for an attempt, of which the answer may have been lost. */
  attempt: { id: string; queues: readonly string[] } | undefined
}

/** Queues of a client, or of all clients of a group, that are being gone through. */
interface Walk {
  readonly key: string
  readonly group: string
  readonly queues: Iterator<string>
  /** What the names of queues begin with that are looked at. */
  readonly prefix: string
  /** @returns false when nobody can be told of more */
  tell(queue: string): boolean
  /** The queue that nobody could be told of. */
  untold: string | undefined
}

/** A client with events that asks for nothing for so long is passed by. */
const inactiveMs = 10_000
/** One without events, which asks at intervals of 30 s, is forgotten after so long. */
const forgottenMs = 35_000
/** How long a client that was passed by is asked last. */
const avoidedMs = 10_000
/** The loop's time that is taken before others have their turn. */
const sliceMs = 5
const pauseMs = 20
/** A delay is spread over as much more, so that clients are not all looked after at once. */
const spreadMs = 15_000

/**
 * Tells one member of each group that there is something in a light queue. What does not fit is looked for later: the
 * queues of such a client are gone through then.
 */
export class LiteEvents {
  readonly #parts: LiteEventParts
  readonly #clients = new Map<string, ClientEvents>()
  /** Clients that are asked last, until a monotonic time. */
  readonly #avoided = new Map<string, number>()
  /** Client ids and wildcard groups that are gone through at a monotonic time. */
  readonly #dueClients = new Map<string, number>()
  readonly #dueGroups = new Map<string, number>()
  /** By client id or group. */
  readonly #walks = new Map<string, Walk>()
  /** Those that go on once a client that could be told of nothing more has taken half of what it was told. */
  readonly #paused = new Map<string, Walk>()
  /** Clients whose events others are told. */
  #passedCount = 0
  #cancelTimer: CancelTimer | undefined

  constructor(parts: LiteEventParts) {
    this.#parts = parts
  }

  /** Clients for which there are events. */
  get count(): number {
    return this.#clients.size
  }

  /** Messages arrived in a light queue, or can be given again. @param group of one group alone */
  dispatch(queue: string, group?: string, exceptClientId?: string): void {
    for (const [ofGroup, clients] of this.#parts.subscribers(queue)) {
      if (group !== undefined && ofGroup !== group) continue
      if (!this.#parts.isBlocked(ofGroup, queue)) this.#tellOne(queue, ofGroup, clients, exceptClientId)
    }
  }

  /** The next queue in which there may be something for a client; it is not told again until more comes. */
  take(client: LiteClient): string | undefined {
    const events = this.#eventsOf(client)
    const { clock } = this.#parts
    events.accessMs = clock.monotonic()
    events.lastAccessTime = clock.now()
    const queue = nextOf(events)
    if (queue !== undefined) events.lastConsumeTime = events.lastAccessTime
    if (this.#paused.size > 0 && events.queues.size * 2 <= this.#parts.eventsMax(client.group)) this.#resume(client)
    return queue
  }

  /** Gives an event back that could not be dealt with. */
  giveBack(client: LiteClient, queue: string): void {
    this.#eventsOf(client).queues.add(queue)
  }

  /** Notes what an attempt was given of. */
  noteAttempt(client: LiteClient, id: string, queues: readonly string[]): void {
    this.#eventsOf(client).attempt = { id, queues }
  }

  /** A client does not subscribe to a queue any more: others of its group are told what it was. */
  lose(client: LiteClient, queue: string): void {
    if (this.#clients.get(client.clientId)?.queues.delete(queue) === true) this.dispatch(queue, client.group)
  }

  /** An attempt that asks once more, since its answer was lost, looks at the same queues. */
  repeatAttempt(client: LiteClient, id: string): void {
    const events = this.#eventsOf(client)
    if (events.attempt?.id !== id) return
    for (const queue of events.attempt.queues) events.queues.add(queue)
  }

  /** When a client asked last, and took an event last, in milliseconds since 1970. */
  timesOf(clientId: string): { lastAccessTime: number; lastConsumeTime: number } | undefined {
    return this.#clients.get(clientId)
  }

  /** A client is gone: what it was told, others are. */
  forget(clientId: string): void {
    this.#dueClients.delete(clientId)
    this.#paused.delete(clientId)
    this.#passBy(clientId)
  }

  /** Others are told what a client was. */
  #passBy(clientId: string): void {
    const events = this.#clients.get(clientId)
    if (events === undefined) return
    this.#clients.delete(clientId)
    const { queues } = events
    if (queues.size === 0) return
    const { group } = events.client
    this.#begin({
      key: `${clientId}@${group}@${++this.#passedCount}`,
      group,
      prefix: '',
      queues: queues.values(),
      tell: (queue) => {
        this.dispatch(queue, group, clientId)
        return true
      },
      untold: undefined,
    })
  }

  /** Goes through the queues of a client soon, to find what it was not told. */
  goThroughLater(client: LiteClient, delayMs?: number): void {
    const { clock, settings, isWildcard } = this.#parts
    const { liteEventFullDispatchDelayTime, liteEventFullDispatchDelayTimeForWildcardGroup } = settings()
    const isGroup = isWildcard(client.group)
    const due = isGroup ? this.#dueGroups : this.#dueClients
    const key = isGroup ? client.group : client.clientId
    const usualMs = isGroup ? liteEventFullDispatchDelayTimeForWildcardGroup : liteEventFullDispatchDelayTime
    if (!due.has(key)) due.set(key, clock.monotonic() + (delayMs ?? usualMs))
  }

  /** Tells a client of all queues in which there is something for it, as far as there is room. */
  goThrough(client: LiteClient): void {
    const { queuesOf, random, isWildcard, get } = this.#parts
    if (isWildcard(client.group)) {
      this.goThroughGroup(client.group)
      return
    }
    const events = this.#eventsOf(client)
    if (this.#mayBeGone(events) && events.queues.size > 0) {
      this.goThroughLater(client, inactiveMs + random.below(spreadMs))
      return
    }
    this.#walk(client, {
      key: walkKey(client, false),
      group: client.group,
      prefix: liteQueuePrefixOf(client.topic),
      queues: queuesOf(client)[Symbol.iterator](),
      tell: (queue) => get(client.clientId) !== client || this.#tell(client, queue),
      untold: undefined,
    })
  }

  /** All members of a group are told what there is for them. */
  goThroughGroup(group: string): void {
    const { clientsOf, isWildcard, queuesOf, subscribers } = this.#parts
    const clients = clientsOf(group)
    if (!isWildcard(group)) {
      for (const client of clients) this.goThrough(client)
      return
    }
    const [first] = clients
    if (first === undefined) return
    this.#walk(first, {
      key: walkKey(first, true),
      group,
      prefix: liteQueuePrefixOf(first.topic),
      queues: queuesOf(first)[Symbol.iterator](),
      tell: (queue) => this.#tellOne(queue, group, subscribers(queue).get(group) ?? [], undefined),
      untold: undefined,
    })
  }

  close(): void {
    this.#cancelTimer?.()
    this.#walks.clear()
    this.#paused.clear()
  }

  /** What came behind the place of a walk that is under way, and could not be told, is looked for once it is over. */
  #walk(client: LiteClient, walk: Walk): void {
    if (this.#paused.has(walk.key) || this.#walks.has(walk.key)) {
      this.goThroughLater(client)
      return
    }
    this.#begin(walk)
  }

  #resume(client: LiteClient): void {
    const key = walkKey(client, this.#parts.isWildcard(client.group))
    const walk = this.#paused.get(key)
    if (walk === undefined) return
    this.#paused.delete(key)
    this.#begin(walk)
  }

  /** All walks together take one slice of a turn. */
  #begin(walk: Walk): void {
    const isIdle = this.#walks.size === 0
    this.#walks.set(walk.key, walk)
    if (isIdle) this.#parts.clock.nextTurn(() => this.#goOn())
  }

  /** Goes on with what is being gone through: there may be very many queues, and each may have to be opened. */
  #goOn(): void {
    const { clock } = this.#parts
    const startMs = clock.monotonic()
    for (;;) {
      const [walk] = this.#walks.values()
      if (walk === undefined) return
      const goesOn = this.#step(walk)
      this.#walks.delete(walk.key)
      // The others have their turn before it.
      if (goesOn) this.#walks.set(walk.key, walk)
      else if (walk.untold !== undefined) this.#paused.set(walk.key, walk)
      if (this.#walks.size === 0 || clock.monotonic() - startMs < sliceMs) continue
      this.#cancelTimer = clock.after(pauseMs, () => this.#goOn())
      return
    }
  }

  /** Looks at the next queue of a walk. @returns false when it does not go on now */
  #step(walk: Walk): boolean {
    const queue = walk.untold ?? walk.queues.next().value
    if (queue === undefined) return false
    const isTold = !queue.startsWith(walk.prefix) || !this.#parts.hasMessages(walk.group, queue) || walk.tell(queue)
    walk.untold = isTold ? undefined : queue
    return isTold
  }

  /** Passes clients by that ask for nothing, and goes through queues whose time it is. */
  scan(): void {
    const { clock, get } = this.#parts
    const nowMs = clock.monotonic()
    for (const [clientId, untilMs] of this.#avoided) if (untilMs <= nowMs) this.#avoided.delete(clientId)
    for (const [clientId, events] of [...this.#clients]) {
      if (!this.#mayBeGone(events)) continue
      if (events.queues.size > 0) this.#avoided.set(clientId, nowMs + avoidedMs)
      this.#passBy(clientId)
    }
    for (const [clientId, dueMs] of [...this.#dueClients]) {
      if (dueMs > nowMs) continue
      this.#dueClients.delete(clientId)
      const client = get(clientId)
      if (client !== undefined) this.goThrough(client)
    }
    for (const [group, dueMs] of [...this.#dueGroups]) {
      if (dueMs > nowMs) continue
      this.#dueGroups.delete(group)
      this.goThroughGroup(group)
    }
  }

  /** @returns whether somebody was told */
  #tellOne(queue: string, group: string, clients: readonly LiteClient[], exceptClientId: string | undefined): boolean {
    if (clients.length === 0) return true
    const { random } = this.#parts
    const start = clients.length === 1 ? 0 : random.below(clients.length)
    const last: LiteClient[] = []
    for (let index = 0; index < clients.length; index++) {
      const client = clients[(start + index) % clients.length]!
      if (client.clientId === exceptClientId || this.#avoided.has(client.clientId)) last.push(client)
      else if (this.#tell(client, queue)) return true
    }
    for (const client of last) if (this.#tell(client, queue)) return true
    for (const client of this.#parts.isWildcard(group) ? clients.slice(0, 1) : clients) this.goThroughLater(client)
    return false
  }

  #tell(client: LiteClient, queue: string): boolean {
    const events = this.#eventsOf(client)
    if (!events.queues.has(queue)) {
      if (events.queues.size >= this.#parts.eventsMax(client.group)) return false
      if (events.queues.size === 0) events.accessMs = this.#parts.clock.monotonic()
      events.queues.add(queue)
    }
    this.#parts.wake(client)
    return true
  }

  #eventsOf(client: LiteClient): ClientEvents {
    const known = this.#clients.get(client.clientId)
    if (known?.client === client) return known
    const { clock } = this.#parts
    const nowMs = clock.now()
    const events = {
      client,
      queues: known?.queues ?? new Set<string>(),
      accessMs: clock.monotonic(),
      lastAccessTime: nowMs,
      lastConsumeTime: nowMs,
      attempt: undefined,
    }
    this.#clients.set(client.clientId, events)
    return events
  }

  #mayBeGone({ accessMs, queues }: ClientEvents): boolean {
    const silentMs = this.#parts.clock.monotonic() - accessMs
    return silentMs > forgottenMs || (queues.size > 0 && silentMs > inactiveMs)
  }
}

/** What a client is told stays when it does not subscribe any more, and may be told again: by an attempt, or a walk. */
function nextOf({ client, queues }: ClientEvents): string | undefined {
  for (const queue of queues) {
    queues.delete(queue)
    if (client.isWildcard || client.queues.has(queue)) return queue
  }
  return undefined
}

/** Of the walk through the queues of a client, or of its whole group. */
function walkKey({ clientId, group }: LiteClient, isOfGroup: boolean): string {
  return isOfGroup ? `${group}@` : clientId
}
