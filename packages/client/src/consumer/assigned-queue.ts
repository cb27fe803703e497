import type { CancelTimer } from '@rocketmq-ts/platform'
import type { SubscriptionData } from '@rocketmq-ts/protocol'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RawMessage } from '../messages/received-message.ts'
import { type Pull, type Pulled, pull } from '../reading/pull.ts'
import { clockSkewMs, isRetryTopic, offsetOfPosition } from '../reading/queue-positions.ts'
import type { RocketMQError, RocketMQErrorCode } from '../rocketmq-error.ts'
import { masterId, type QueueRef } from '../routing/topic-route.ts'
import type { MemberQueue } from './member-queue.ts'
import type { Outcome } from './message-handling.ts'
import { type Order, type Pending, PendingMessages } from './pending-messages.ts'
import { consumedAgain } from './pop-retries.ts'
import { againAfterMs, deadLetterLevel, delayLevelOf } from './redelivery.ts'
import { type SendBackParts, sendBack } from './send-back.ts'

export interface QueueParts {
  readonly client: ClusterClient
  readonly group: string
  readonly subscription: SubscriptionData
  readonly order: Order
  readonly isBroadcast: boolean
  /** Whether messages come again here that were taken by POP: the group does not subscribe to the topic. */
  readonly isOfPop: boolean
  /** Messages of one call of the handler at the most. */
  readonly batchMax: number
  /** Deliveries of a message at the most. */
  readonly attemptsMax: number | undefined
  /** Messages and bytes that may wait in this queue, as the consumer's limits are shared among queues now. */
  share(): { readonly messages: number; readonly bytes: number }
  isPaused(): boolean
  /** Where to begin. @throws RocketMQError when that cannot be found out now */
  startOffset(address: string, deadline: Deadline): Promise<number>
  /** The broker does not have the topic any more. */
  onGone(): void
  /** Runs the handler; never rejects. */
  handle(messages: readonly RawMessage[]): Promise<Outcome[]>
  /** There may be something to begin. */
  onWork(): void
  /** Everything that was pulled is done. */
  onRest(): void
}

/** Milliseconds for which brokers hold a pull when there is nothing. */
const waitMs = 15_000
/** Messages of one pull at the most. */
const pullCountMax = 32
/** Local attempts of a broadcast message, which no broker delivers again. */
const broadcastAttemptsMax = 16

/** The broker does not know the group's subscription, or knows an older one. */
export const heartbeatErrors: ReadonlySet<RocketMQErrorCode> = new Set([
  'SUBSCRIPTION_NOT_EXIST',
  'SUBSCRIPTION_NOT_LATEST',
  'SUBSCRIPTION_GROUP_NOT_EXIST',
  'FILTER_DATA_NOT_EXIST',
  'FILTER_DATA_NOT_LATEST',
])

/** Whether a broker itself says that it does not have the topic: name servers know it later, and forget it earlier. */
export function isTopicGone({ code, broker }: RocketMQError, queue: QueueRef): boolean {
  return code === 'TOPIC_NOT_EXIST' && broker === queue.broker
}

/** A queue that this member reads: it pulls ahead, keeps what waits for a handler, and knows how far all is done. */
export class AssignedQueue implements MemberQueue {
  readonly queue: QueueRef
  readonly mode = 'PULL'
  readonly #parts: QueueParts
  readonly #pending: PendingMessages
  /** Ends pulling. */
  readonly #stop = new AbortController()
  /** Ends everything that is still tried. */
  readonly #abort = new AbortController()
  readonly #timers = new Set<CancelTimer>()
  readonly #begun = Promise.withResolvers<void>()
  /** Calls of the handler, and messages on their way back to the broker. */
  #active = 0
  #onIdle: (() => void) | undefined
  #wake: (() => void) | undefined
  /** Where the next pull goes on. */
  #nextOffset: number | undefined
  /** The broker that was last suggested. */
  #brokerId = masterId
  #maxOffset = 0
  #storedUntilMs: number
  /**
   * The broker has lost what it had, or the topic was deleted: the queue is begun anew, at this offset at the most. Its new
   * messages may have offsets that others had before.
   */
  #anewAtMost: number | undefined
  #lastAskedMs: number | undefined

  constructor(queue: QueueRef, parts: QueueParts) {
    this.queue = queue
    this.#parts = parts
    this.#storedUntilMs = parts.client.runtime.clock.now() - clockSkewMs
    this.#pending = new PendingMessages({
      ...{ client: parts.client, queue, order: parts.order, signal: this.#stop.signal },
      share: () => parts.share(),
      pull: (offset, deadline) => {
        const address = parts.client.routes.readAddress(queue, this.#brokerId)
        return this.#read(address, { offset, waitMs: 0, commitOffset: undefined }, deadline)
      },
      onAnew: (atMost) => {
        // A replica may not have everything yet.
        if (Number.isFinite(atMost) && this.#brokerId !== masterId) this.#brokerId = masterId
        else this.#anewAtMost ??= atMost
        this.#wake?.()
      },
    })
  }

  get hasWork(): boolean {
    return this.#pending.hasReady && !this.#parts.isPaused()
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** How far everything is done; undefined until the start is known. */
  get committable(): number | undefined {
    return this.#pending.committable
  }

  get storedUntilMs(): number {
    return this.#storedUntilMs
  }

  /** Resolves when it is known where to begin, or the queue is not read any more. */
  get begun(): Promise<void> {
    return this.#begun.promise
  }

  /** Messages that are not done, by what the broker said last; undefined before it said anything. */
  get lag(): number | undefined {
    if (this.#nextOffset === undefined) return undefined
    return Math.max(0, this.#maxOffset - this.#pending.committable!)
  }

  /** For reports. */
  get state() {
    return {
      pendingMessages: this.#pending.messages,
      pendingBytes: this.#pending.bytes,
      lastAskedMs: this.#lastAskedMs,
    }
  }

  /** Pulls until the queue is dropped. */
  async run(): Promise<void> {
    const { client } = this.#parts
    const { signal } = this.#stop
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#room()
        if (signal.aborted) return
        await this.#pullOnce()
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures++
        const failure = error as RocketMQError
        const level = failures === 1 ? 'warn' : 'debug'
        client.log[level]({ ...this.queue, failures, err: failure }, 'a queue could not be read; it is tried again')
        await this.#recover(failure, failures)
      }
    }
  }

  /** A change outside may let it go on. */
  wake(): void {
    this.#wake?.()
  }

  async begin(): Promise<void> {
    const { lane, messages: taken } = this.#pending.take(this.#parts.batchMax)!
    this.#active++
    const outcomes = await this.#parts.handle(taken.map(({ message }) => message))
    if (lane === undefined) this.#settleFree(taken, outcomes)
    else void this.#settleLane(lane, taken, outcomes)
    this.#ended()
  }

  /** Nothing is pulled or begun any more; what waits is forgotten, what runs goes on. */
  stop(): void {
    this.#stop.abort()
    this.#begun.resolve()
    this.#pending.clear()
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#wake?.()
  }

  /** Stops, and gives up what is on its way back to the broker: it was not committed, and comes again. */
  drop(): void {
    this.stop()
    this.#abort.abort()
  }

  /** Resolves when no handler runs. */
  drained(): Promise<void> {
    if (this.#active === 0) return Promise.resolve()
    const before = this.#onIdle
    return new Promise((resolve) => {
      this.#onIdle = () => {
        before?.()
        resolve()
      }
    })
  }

  /** Waits until there is room for what a pull may bring. One that has nothing always has room. */
  async #room(): Promise<void> {
    for (;;) {
      const isPaused = this.#parts.isPaused()
      if (this.isStopped || !(this.#pending.isFull || isPaused)) return
      // What is parked may never be found again: the queue is begun anew first.
      if (!isPaused && this.#anewAtMost !== undefined) return
      if (!isPaused && this.#pending.parkUntried()) continue
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Lets a lane go on with what was parked of it. The lane is busy until that was read again. */
  async #unpark(lane: string): Promise<void> {
    await this.#pending.unpark(lane)
    if (this.isStopped) return
    this.#pending.release(lane)
    this.#parts.onWork()
    this.#wake?.()
  }

  async #read(
    address: string,
    { offset, waitMs, commitOffset }: Pick<Pull, 'offset' | 'waitMs' | 'commitOffset'>,
    deadline: Deadline,
  ): Promise<Pulled> {
    const { client, group, subscription, isBroadcast, isOfPop } = this.#parts
    const what = { queue: this.queue, address, group, subscription, isOwnSubscription: isBroadcast || isOfPop }
    const pulled = await pull(client, { ...what, offset, countMax: pullCountMax, waitMs, commitOffset }, deadline)
    const { topic } = this.queue
    if (!isRetryTopic(topic)) return pulled
    return { ...pulled, messages: consumedAgain(pulled.messages, group, topic, client.namespace) }
  }

  async #pullOnce(): Promise<void> {
    const { client, isBroadcast } = this.#parts
    const { clock } = client.runtime
    const { signal } = this.#stop
    const address = client.routes.readAddress(this.queue, this.#brokerId)
    const deadline = new Deadline(clock, { signal }, waitMs + 2 * client.attemptTimeoutMs)
    // A broker that does not know the member would refuse it, or read for a group that has no members.
    await deadline.within(client.heartbeats.known(address))
    if (this.#pending.committable === undefined) this.#pending.beginAt(await this.#parts.startOffset(address, deadline))
    this.#begun.resolve()
    if (this.#anewAtMost !== undefined) await this.#beginAnew(this.#anewAtMost, address, deadline)
    const committable = this.#pending.committable!
    const offset = this.#nextOffset ?? committable
    const commitOffset = isBroadcast || committable === 0 ? undefined : committable
    this.#lastAskedMs = clock.now()
    const pulled = await this.#read(address, { offset, waitMs, commitOffset }, deadline)
    if (this.isStopped) return
    const isBeyondEnd = pulled.nextOffset < offset && offset > pulled.maxOffset
    const master = client.routes.masterAddress(this.queue.broker)
    if (!isBeyondEnd) this.#take(pulled, offset)
    else if (master === undefined || master === address) this.#anewAtMost = pulled.maxOffset
    // A replica may not have everything yet.
    else this.#brokerId = masterId
  }

  /**
   * Nothing that was given before comes again: its messages were stored earlier. What stands before the new start and is not
   * done is the same as before, and still to be done.
   */
  async #beginAnew(atMost: number, address: string, deadline: Deadline): Promise<void> {
    const { client } = this.#parts
    const sinceMs = this.#storedUntilMs + 1
    const offset = Math.min(atMost, await offsetOfPosition(client, this.queue, address, sinceMs, deadline))
    // Where the topic is gone this is tried with each pull.
    const level = Number.isFinite(atMost) ? 'warn' : 'debug'
    client.log[level]({ ...this.queue, offset }, 'the broker has lost messages, or the topic is gone')
    this.#pending.beginAnew(offset)
    this.#nextOffset = offset
    this.#anewAtMost = undefined
  }

  #take({ messages, nextOffset, maxOffset, suggestedBrokerId }: Pulled, offset: number): void {
    this.#maxOffset = maxOffset
    this.#brokerId = suggestedBrokerId
    this.#nextOffset = nextOffset
    // The group was sent back.
    if (nextOffset < offset) this.#pending.beginAt(nextOffset)
    this.#pending.add(messages, nextOffset)
    const newest = messages.at(-1)
    if (newest === undefined) return
    this.#storedUntilMs = newest.storeTimestamp
    this.#parts.onWork()
  }

  async #recover(failure: RocketMQError, failures: number): Promise<void> {
    const { client } = this.#parts
    const { clock, random } = client.runtime
    this.#brokerId = masterId
    client.learnFrom(failure, this.queue.topic)
    if (isTopicGone(failure, this.queue) && this.committable !== undefined) {
      this.#anewAtMost = Number.POSITIVE_INFINITY
      this.#parts.onGone()
    }
    const address = client.routes.masterAddress(this.queue.broker)
    if (heartbeatErrors.has(failure.code) && address !== undefined)
      await client.heartbeats.beat(address).catch(() => {})
    await pauseUnless(this.#stop.signal, backoffMs(defaultBackoff, failures, random), clock)
  }

  /** Messages that nothing waits for. */
  #settleFree(taken: readonly Pending[], outcomes: readonly Outcome[]): void {
    for (const [index, pending] of taken.entries()) {
      const outcome = outcomes[index]!
      if (outcome.kind === 'done' || outcome.kind === 'skip') this.#done(pending)
      else if (this.#parts.isBroadcast) this.#handleAgain(pending, outcome)
      else void this.#giveBack(pending, outcome)
    }
  }

  /**
   * Messages that others wait for: what fails is handled again in its place, before those behind it. It keeps no handler's place
   * while they are on their way to the dead letters.
   */
  async #settleLane(lane: string, taken: readonly Pending[], outcomes: readonly Outcome[]): Promise<void> {
    this.#active++
    const again: Pending[] = []
    let delayMs = 0
    for (const [index, pending] of taken.entries()) {
      const outcome = outcomes[index]!
      const { message } = pending
      if (outcome.kind === 'done' || outcome.kind === 'skip') this.#done(pending)
      else if (
        outcome.kind === 'deadLetter' ||
        message.attempt >= (this.#parts.attemptsMax ?? Number.POSITIVE_INFINITY)
      ) {
        if (this.#parts.isBroadcast || (await this.#sendBack(message, deadLetterLevel))) this.#done(pending)
        else {
          again.push(onceMore(pending))
          delayMs = Math.max(delayMs, againAfterMs(message.attempt))
        }
      } else {
        again.push(onceMore(pending))
        delayMs = Math.max(delayMs, outcome.delayMs ?? againAfterMs(message.attempt))
      }
    }
    if (!this.isStopped) {
      this.#pending.putBackInLane(lane, again)
      if (again.length > 0) {
        this.#later(delayMs, () => this.#pending.release(lane))
        this.#wake?.()
      } else if (this.#pending.isParked(lane)) void this.#unpark(lane)
      else {
        this.#pending.release(lane)
        this.#parts.onWork()
      }
    }
    this.#ended()
  }

  #handleAgain(pending: Pending, outcome: Outcome): void {
    if (this.isStopped) return
    const { client, attemptsMax = broadcastAttemptsMax } = this.#parts
    const { message } = pending
    if (outcome.kind !== 'retry' || message.attempt >= attemptsMax) {
      const { topic, messageId, attempt } = message
      client.log.error({ topic, messageId, attempt }, 'a broadcast message was given up')
      this.#done(pending)
      return
    }
    this.#putBackLater(pending, outcome.delayMs ?? againAfterMs(message.attempt))
  }

  #putBackLater(pending: Pending, delayMs: number): void {
    if (this.isStopped) return
    this.#later(delayMs, () => this.#pending.putBack(onceMore(pending)))
  }

  #later(delayMs: number, act: () => void): void {
    const cancel = this.#parts.client.runtime.clock.after(delayMs, () => {
      this.#timers.delete(cancel)
      act()
      this.#parts.onWork()
    })
    this.#timers.add(cancel)
  }

  async #giveBack(pending: Pending, outcome: Outcome): Promise<void> {
    const level = outcome.kind === 'retry' ? delayLevelOf(outcome.delayMs) : deadLetterLevel
    this.#active++
    if (await this.#sendBack(pending.message, level)) this.#done(pending)
    // Its broker does not take it: it is handled again here.
    else this.#putBackLater(pending, againAfterMs(pending.message.attempt))
    this.#ended()
  }

  #sendBack(message: RawMessage, delayLevel: number): Promise<boolean> {
    const { client, group, attemptsMax } = this.#parts
    const parts: SendBackParts = { client, group, attemptsMax, isRefusalFinal: true }
    return sendBack(message, delayLevel, parts, this.#abort.signal)
  }

  #done(pending: Pending): void {
    this.#pending.done(pending)
    if (this.#pending.messages === 0) this.#parts.onRest()
    this.#wake?.()
  }

  #ended(): void {
    if (--this.#active === 0) this.#onIdle?.()
  }
}

function onceMore({ message, window }: Pending): Pending {
  return { message: { ...message, attempt: message.attempt + 1 }, window }
}
