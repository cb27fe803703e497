import type { SubscriptionData } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { isRetryTopic } from '../reading/queue-positions.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import { type QueueRef, queueKey, type TopicRoute } from '../routing/topic-route.ts'
import { assignedForPop, notTold } from './broker-assignment.ts'
import { groupMembers } from './group-members.ts'
import type { MemberQueue, RequestMode } from './member-queue.ts'
import type { OffsetKeeping } from './offset-keeping.ts'
import { PopRetries } from './pop-retries.ts'
import type { QueueLocks } from './queue-locks.ts'
import { queueShare } from './queue-share.ts'
import { RouteSettling } from './route-settling.ts'

/**
 * When a queue appeared to this member: `atOnce`, when it first looked for the topic; `later`, since it is new, or since name
 * servers did not know it then, or its broker; or `anew`, since its broker has said that it does not have the topic.
 */
export type Appearance = 'atOnce' | 'later' | 'anew'

export interface AssignmentParts {
  readonly client: ClusterClient
  readonly group: string
  readonly isBroadcast: boolean
  /** Whether brokers may tell it to take POP. */
  readonly isPopAllowed: boolean
  /** Undefined when messages are not handled in order, or each member has all queues. */
  readonly locks: QueueLocks | undefined
  readonly offsets: OffsetKeeping
  open(queue: QueueRef, mode: RequestMode, subscription: SubscriptionData): MemberQueue
  onChange(queues: readonly MemberQueue[]): void
}

/** Milliseconds for telling a broker that a queue is left. */
const leaveTimeoutMs = 3000

/** What belongs to a member of a topic. */
interface Share {
  readonly mode: RequestMode
  readonly queues: readonly QueueRef[]
  /** Keys of the queues that members have among themselves. */
  readonly shared: ReadonlySet<string>
}

/** The queues that this member reads, as the group's members share them out among themselves. */
export class Assignment {
  readonly #parts: AssignmentParts
  readonly #queues = new Map<string, MemberQueue>()
  /** Queues that are being handed over. */
  readonly #leaving = new Map<string, Promise<void>>()
  /** What each topic's queues were when they were first seen. */
  readonly #firstSeen = new Map<string, ReadonlySet<string>>()
  /** Topics that name servers did not know when they were first looked for. */
  readonly #unknownAtFirst = new Set<string>()
  /** `topic broker` of those who have said that they do not have it. */
  readonly #anew = new Set<string>()
  /** Topics that a broker did not have any more when it was last asked for messages. */
  readonly #gone = new Set<string>()
  readonly #retries: PopRetries
  readonly #settling: RouteSettling
  #isClosed = false

  constructor(parts: AssignmentParts) {
    this.#parts = parts
    this.#retries = new PopRetries(parts.client, parts.group)
    this.#settling = new RouteSettling(parts.client)
  }

  get queues(): MemberQueue[] {
    return [...this.#queues.values()]
  }

  find(queue: QueueRef): MemberQueue | undefined {
    return this.#queues.get(queueKey(queue))
  }

  /**
   * Finds out what belongs to this member, and opens and leaves queues accordingly. Where it cannot be found out, what
   * the member has stays.
   * @returns whether nothing was missing; never rejects
   */
  async rebalance(subscriptions: readonly SubscriptionData[], deadline: Deadline): Promise<boolean> {
    const complete = await Promise.all(
      subscriptions.map((subscription) => this.#rebalanceTopic(subscription, deadline)),
    )
    return complete.every((isComplete) => isComplete)
  }

  /** A broker is gone or there again: the routes are looked up anew when queues are shared out next. */
  unsettle(): void {
    this.#settling.unsettle()
  }

  /** No queue is opened any more. */
  close(): void {
    this.#isClosed = true
  }

  /**
   * The queue is not this member's any more: what runs ends, its progress is kept, its lock goes back.
   * @param isAway the queue's broker is gone: then no other member has the queue
   */
  async leave(assigned: MemberQueue, isAway: boolean): Promise<void> {
    const { queue } = assigned
    const key = queueKey(queue)
    if (this.#queues.get(key) !== assigned) return this.#leaving.get(key)
    this.#queues.delete(key)
    assigned.stop()
    const leaving = this.#handOver(assigned, isAway).finally(() => this.#leaving.delete(key))
    this.#leaving.set(key, leaving)
    this.#parts.onChange(this.queues)
    return leaving
  }

  /** Nothing is done with the queue any more, and nothing of its progress is kept. */
  async abandon(assigned: MemberQueue): Promise<void> {
    const key = queueKey(assigned.queue)
    if (this.#queues.get(key) !== assigned) return
    this.#queues.delete(key)
    assigned.drop()
    this.#parts.offsets.forget(assigned.queue)
    this.#parts.onChange(this.queues)
    await assigned.drained()
  }

  async #rebalanceTopic(subscription: SubscriptionData, deadline: Deadline): Promise<boolean> {
    const { client } = this.#parts
    const { topic } = subscription
    try {
      return await this.#shareOut(subscription, deadline)
    } catch (error) {
      const failure = error as RocketMQError
      const isUnknown = failure.code === 'TOPIC_NOT_EXIST'
      if (isUnknown && !this.#firstSeen.has(topic)) this.#unknownAtFirst.add(topic)
      // The broker makes the retry topic with the group's first heartbeat.
      const isExpected = isRetryTopic(topic) && isUnknown
      const level = isExpected ? 'debug' : 'warn'
      client.log[level]({ topic, err: failure }, 'the queues of a topic could not be shared out; it is tried again')
      return false
    }
  }

  /** @returns whether nothing was missing @throws RocketMQError */
  async #shareOut(subscription: SubscriptionData, deadline: Deadline): Promise<boolean> {
    const { topic } = subscription
    await this.#thereAgain(topic, deadline)
    const route = await this.#settling.route(topic, deadline)
    const share = await this.#share(route, deadline)
    if (share === undefined) return false
    const isWhole = await this.#take(share, subscription)
    const areRetriesWhole = await this.#rebalanceRetries(topic, share.mode, deadline)
    return this.#settling.isSettled(route) && isWhole && areRetriesWhole
  }

  /** What was taken by POP and not done comes again in topics of its own, also when the group pulls by then. */
  async #rebalanceRetries(topic: string, mode: RequestMode, deadline: Deadline): Promise<boolean> {
    const { isBroadcast, isPopAllowed } = this.#parts
    if (isBroadcast || !isPopAllowed || isRetryTopic(topic)) return true
    let isWhole = true
    for (const retries of this.#retries.of(topic)) {
      if (mode === 'POP') {
        this.#retries.isExpected(retries.topic)
        await this.#takeNone(retries)
      } else if (this.#retries.isDue(retries.topic)) {
        isWhole = (await this.#rebalanceRetriesOf(retries, deadline)) && isWhole
      }
    }
    return isWhole
  }

  async #rebalanceRetriesOf(subscription: SubscriptionData, deadline: Deadline): Promise<boolean> {
    const { topic } = subscription
    try {
      return await this.#shareOut(subscription, deadline)
    } catch (error) {
      const failure = error as RocketMQError
      this.#parts.client.log.debug({ topic, err: failure }, 'nothing that was taken by POP comes again')
      if (failure.code !== 'TOPIC_NOT_EXIST') return false
      this.#retries.isAbsent(topic)
      await this.#takeNone(subscription)
      return true
    }
  }

  async #takeNone(subscription: SubscriptionData): Promise<void> {
    const mine = this.queues.filter(({ queue }) => queue.topic === subscription.topic)
    const shared = new Set(mine.map(({ queue }) => queueKey(queue)))
    if (mine.length > 0) await this.#take({ mode: 'PULL', queues: [], shared }, subscription)
  }

  /**
   * With a topic its request mode is deleted. Nothing changes before it is there again: a member that pops would pull.
   * @throws RocketMQError TOPIC_NOT_EXIST, and what asking throws
   */
  async #thereAgain(topic: string, deadline: Deadline): Promise<void> {
    if (!this.#gone.has(topic)) return
    await this.#parts.client.routes.refresh(topic, deadline)
    this.#gone.delete(topic)
  }

  /** Undefined when the brokers do not count this client among the members, or do not tell whether it goes on with POP. */
  async #share(route: TopicRoute, deadline: Deadline): Promise<Share | undefined> {
    const { client, group, isBroadcast, isPopAllowed } = this.#parts
    const { topic } = route
    const shared = new Set(route.readQueues.map(queueKey))
    if (!this.#firstSeen.has(topic) && shared.size > 0) this.#firstSeen.set(topic, shared)
    if (isBroadcast) return { mode: 'PULL', queues: route.readQueues, shared }
    const popped =
      isPopAllowed && !isRetryTopic(topic) ? await assignedForPop(client, group, route, deadline) : undefined
    if (popped === notTold) {
      const isPopped = this.queues.some(({ queue, mode }) => queue.topic === topic && mode === 'POP')
      if (isPopped) return undefined
    } else if (popped !== undefined) return { mode: 'POP', queues: popped, shared }
    const queues = queueShare(route.readQueues, await groupMembers(client, group, route, deadline), client.clientId)
    return queues === undefined ? undefined : { mode: 'PULL', queues, shared }
  }

  async #take({ mode, queues, shared }: Share, subscription: SubscriptionData): Promise<boolean> {
    if (this.#isClosed) return false
    const { locks, offsets } = this.#parts
    const { topic } = subscription
    const wanted = new Set(queues.map(queueKey))
    // Another member goes on with a queue whose broker is back, and an administrator may send the group back there.
    for (const queue of offsets.awayOf(topic)) {
      const key = queueKey(queue)
      if (shared.has(key) && !(wanted.has(key) && mode === 'PULL')) offsets.forget(queue)
    }
    for (const [key, assigned] of this.#queues) {
      const isKept = wanted.has(key) && assigned.mode === mode
      if (assigned.queue.topic === topic && !isKept) void this.leave(assigned, !shared.has(key))
    }
    const added = queues.filter((queue) => !this.#queues.has(queueKey(queue)))
    const free = added.filter((queue) => !this.#leaving.has(queueKey(queue)))
    const mine = locks === undefined || free.length === 0 ? free : await locks.lock(free)
    if (this.#isClosed) {
      await locks?.unlock(mine, leaveTimeoutMs)
      return false
    }
    for (const queue of mine) {
      const key = queueKey(queue)
      if (this.#queues.has(key) || this.#leaving.has(key)) continue
      this.#queues.set(key, this.#parts.open(queue, mode, subscription))
    }
    if (mine.length > 0) this.#parts.onChange(this.queues)
    return mine.length === added.length
  }

  /** A broker does not have the topic any more: what it has of it from now on is new. */
  gone({ topic, broker }: QueueRef): void {
    this.#gone.add(topic)
    this.#anew.add(`${topic} ${broker}`)
  }

  /** @param queue one of a topic, also where this member asks for messages of any of them */
  appearance(queue: QueueRef): Appearance {
    const { topic, broker } = queue
    if (this.#anew.has(`${topic} ${broker}`)) return 'anew'
    const isLater = this.#unknownAtFirst.has(topic) || this.#firstSeen.get(topic)?.has(queueKey(queue)) === false
    return isLater ? 'later' : 'atOnce'
  }

  async #handOver(assigned: MemberQueue, isAway: boolean): Promise<void> {
    const { locks, offsets } = this.#parts
    const { queue } = assigned
    // The next member must not begin before what runs in order has ended, and what was given out is settled by whoever has
    // it. The time of handlers is bounded.
    if (locks !== undefined || assigned.mode === 'POP') await assigned.drained()
    await offsets.keep([assigned], leaveTimeoutMs)
    assigned.drop()
    if (isAway && assigned.mode === 'PULL') offsets.away(assigned)
    else offsets.forget(queue)
    await locks?.unlock([queue], leaveTimeoutMs)
  }
}
