import { popCountMax, type SubscriptionData } from '@rocketmq-ts/protocol'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { GroupAttempts } from '../pop/group-attempts.ts'
import { pop, type RawPopped } from '../pop/pop.ts'
import { acknowledge, changeInvisibleTime } from '../pop/receipts.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import { heartbeatErrors } from './assigned-queue.ts'
import type { MemberQueue } from './member-queue.ts'
import type { Outcome } from './message-handling.ts'
import { deadLetterLevel } from './redelivery.ts'
import { sendBack } from './send-back.ts'

export interface PoppedQueueParts {
  readonly client: ClusterClient
  readonly group: string
  readonly subscription: SubscriptionData
  readonly attempts: GroupAttempts
  /** Messages of one call of the handler at the most. */
  readonly batchMax: number
  /** Messages that handlers have at a time at the most. */
  readonly handledMax: number
  /** Milliseconds for which the broker gives a message to nobody else. They begin anew while it is handled. */
  readonly invisibleMs: number
  /** Messages and bytes that may wait in this queue, as the consumer's limits are shared among queues now. */
  share(): { readonly messages: number; readonly bytes: number }
  isPaused(): boolean
  /** Settles where the group begins. @throws RocketMQError when that cannot be settled now */
  enter(address: string, deadline: Deadline): Promise<void>
  /** Runs the handler; never rejects. */
  handle(messages: readonly RawPopped[]): Promise<Outcome[]>
  /** There may be something to begin. */
  onWork(): void
}

/** Messages that it may have at the least, however few handlers there are; otherwise twice as many as they take. */
const heldMin = 8
/** Milliseconds for which brokers hold a request when there is nothing. */
const waitMs = 15_000
/** An answer without messages that came so soon was not waited for. */
const soonMs = 1000
/** Parts of the invisible time: how often it is looked after, and when it begins anew. */
const looksPerTime = 6
const renewedLeft = 0.5
/** Milliseconds until a message is visible that is given back. */
const givenBackMs = 1000
/** Seconds until a message is delivered again, by how often it was: those of the official clients. */
const retrySeconds = [10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200]

/** A message that waits for its handler, or is with it. */
interface Held {
  readonly message: RawPopped
  /** The one that counts now. */
  receipt: string
  /** When others may get it, by the monotonic clock. */
  visibleMs: number
  /** Its invisible time is being changed: until then nobody knows which receipt counts. */
  renewing: Promise<void> | undefined
  /** Its end is on the way to the broker: its invisible time is left as it is. */
  isSettled: boolean
  /** Others may have got it: nothing can be done with its receipt any more. */
  isLost: boolean
}

/**
 * A queue, or all queues of a broker, that this member asks for messages by POP. The broker knows what was given to whom: a
 * message is acknowledged when it is handled, and otherwise comes again, to any member.
 */
export class PoppedQueue implements MemberQueue {
  readonly queue: QueueRef
  readonly mode = 'POP'
  readonly committable = undefined
  readonly lag = undefined
  readonly #parts: PoppedQueueParts
  readonly #stop = new AbortController()
  /** Ends what is tried until it works. */
  readonly #abort = new AbortController()
  readonly #begun = Promise.withResolvers<void>()
  #isEntered = false
  #waiting: Held[] = []
  readonly #held = new Set<Held>()
  /** Acknowledged at the end of this turn, in one request. */
  #done: Held[] = []
  #pendingBytes = 0
  /** Calls of the handler, and requests about messages. */
  #active = 0
  #onIdle: (() => void) | undefined
  #wake: (() => void) | undefined
  #lastAskedMs: number | undefined

  constructor(queue: QueueRef, parts: PoppedQueueParts) {
    this.queue = queue
    this.#parts = parts
  }

  get hasWork(): boolean {
    return this.#waiting.length > 0 && !this.#parts.isPaused()
  }

  get begun(): Promise<void> {
    return this.#begun.promise
  }

  get state() {
    const { size: pendingMessages } = this.#held
    return { pendingMessages, pendingBytes: this.#pendingBytes, lastAskedMs: this.#lastAskedMs }
  }

  /** Asks for messages until the queue is left. */
  async run(): Promise<void> {
    const { client, invisibleMs } = this.#parts
    const { clock, random } = client.runtime
    const { signal } = this.#stop
    const cancel = clock.every(invisibleMs / looksPerTime, () => this.#renewAll())
    for (let misses = 0; !signal.aborted; ) {
      try {
        await this.#room()
        if (signal.aborted) break
        const startMs = clock.monotonic()
        const isFound = await this.#askOnce()
        const wasHeld = clock.monotonic() - startMs >= soonMs
        misses = isFound || wasHeld ? 0 : misses + 1
      } catch (error) {
        if (signal.aborted) break
        misses++
        const failure = error as RocketMQError
        const level = misses === 1 ? 'warn' : 'debug'
        client.log[level]({ ...this.queue, err: failure }, 'a queue could not be read; it is tried again')
        await this.#recover(failure)
      }
      if (misses > 0) await pauseUnless(signal, backoffMs(defaultBackoff, misses, random), clock)
    }
    await this.drained()
    cancel()
  }

  wake(): void {
    this.#wake?.()
  }

  async begin(): Promise<void> {
    const taken = this.#waiting.splice(0, this.#parts.batchMax)
    this.#active++
    const there = taken.filter(({ isLost }) => !isLost)
    for (const held of taken) if (held.isLost) this.#forget(held)
    const outcomes = there.length === 0 ? [] : await this.#parts.handle(there.map(({ message }) => message))
    for (const [index, held] of there.entries()) void this.#settle(held, outcomes[index]!)
    this.#ended()
  }

  stop(): void {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    this.#begun.resolve()
    for (const held of this.#waiting.splice(0)) void this.#giveBack(held)
    this.#wake?.()
  }

  drop(): void {
    this.stop()
    this.#abort.abort()
  }

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

  /** Messages that it may get now: what it has without need, it keeps from other members. */
  get #free(): number {
    const { messages, bytes } = this.#parts.share()
    if (this.#held.size > 0 && this.#pendingBytes >= bytes) return 0
    const wanted = Math.max(heldMin, 2 * this.#parts.handledMax)
    return Math.min(popCountMax, Math.floor(Math.max(1, Math.min(wanted, messages))) - this.#held.size)
  }

  /** Waits until there is room for what may come. One that has nothing always has room. */
  async #room(): Promise<void> {
    while (!this.#stop.signal.aborted && (this.#free <= 0 || this.#parts.isPaused())) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** @returns whether there was something */
  async #askOnce(): Promise<boolean> {
    const { client, group, subscription, invisibleMs, enter } = this.#parts
    const { clock } = client.runtime
    const { topic, broker: name, queueId } = this.queue
    const address = client.routes.knownMasterAddress(this.queue)
    const begin = new Deadline(clock, { signal: this.#stop.signal }, 2 * client.attemptTimeoutMs)
    // A broker that does not know the member may have no such group.
    await begin.within(client.heartbeats.known(address))
    if (!this.#isEntered) await enter(address, begin)
    this.#isEntered = true
    this.#begun.resolve()
    this.#lastAskedMs = clock.now()
    const place = { topic, broker: { name, address }, queueId }
    const countMax = Math.max(1, this.#free)
    const request = { place, group, subscription, countMax, invisibleMs, waitMs, order: undefined }
    // It is not ended when the queue is left: what it brings has to be given back.
    const deadline = new Deadline(clock, {}, waitMs + client.attemptTimeoutMs)
    const { messages, unwanted } = await pop(client, request, deadline)
    const visibleMs = clock.monotonic() + invisibleMs
    for (const message of unwanted) this.#acknowledgeSoon(this.#hold(message, visibleMs))
    for (const message of messages) this.#take(this.#hold(message, visibleMs))
    return messages.length > 0 || unwanted.length > 0
  }

  #hold(message: RawPopped, visibleMs: number): Held {
    const { receipt } = message
    const held: Held = { message, receipt, visibleMs, renewing: undefined, isSettled: false, isLost: false }
    this.#held.add(held)
    this.#pendingBytes += message.bytes
    return held
  }

  #take(held: Held): void {
    if (this.#stop.signal.aborted) void this.#giveBack(held)
    else {
      this.#waiting.push(held)
      this.#parts.onWork()
    }
  }

  async #recover(failure: RocketMQError): Promise<void> {
    const { client } = this.#parts
    client.learnFrom(failure, this.queue.topic)
    const address = client.routes.masterAddress(this.queue.broker)
    if (heartbeatErrors.has(failure.code) && address !== undefined)
      await client.heartbeats.beat(address).catch(() => {})
  }

  async #settle(held: Held, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'done' || outcome.kind === 'skip') {
      this.#acknowledgeSoon(held)
      return
    }
    this.#active++
    const { attempts } = this.#parts
    const { message } = held
    const isLast = outcome.kind === 'deadLetter' || message.attempt >= (await attempts.most(message.queue.broker))
    if (isLast) await this.#bury(held)
    else await this.#comesAgain(held, outcome.delayMs ?? retryDelayMs(message.attempt), false)
    this.#ended()
  }

  #acknowledgeSoon(held: Held): void {
    held.isSettled = true
    this.#done.push(held)
    if (this.#done.length > 1) return
    this.#active++
    this.#parts.client.runtime.clock.endOfTurn(() => void this.#acknowledgeAll())
  }

  async #acknowledgeAll(): Promise<void> {
    const { client, group } = this.#parts
    const done = this.#done
    this.#done = []
    await Promise.all(done.map(({ renewing }) => renewing))
    const there = done.filter(({ isLost }) => !isLost)
    if (there.length > 0) {
      const messages = there.map(({ message, receipt }) => ({ queue: message.queue, receipt }))
      const timeoutMs = Math.max(1, Math.min(...there.map((held) => this.#leftMs(held))))
      const deadline = new Deadline(client.runtime.clock, {}, timeoutMs)
      await acknowledge(client, group, messages, deadline).catch((error: RocketMQError) => {
        const messageIds = there.map(({ message }) => message.messageId)
        client.log.warn(
          { ...this.queue, messageIds, err: error },
          'messages could not be acknowledged: some come again',
        )
      })
    }
    for (const held of done) this.#forget(held)
    this.#ended()
  }

  /** Puts a message among the dead letters. Until it is there, it stays invisible. */
  async #bury(held: Held): Promise<void> {
    const { client, group } = this.#parts
    // Whoever gets it next puts it there.
    if (held.isLost) {
      this.#forget(held)
      return
    }
    const parts = { client, group, attemptsMax: undefined }
    if (await sendBack(held.message, deadLetterLevel, parts, this.#abort.signal)) this.#acknowledgeSoon(held)
    else this.#forget(held)
  }

  async #giveBack(held: Held): Promise<void> {
    this.#active++
    await this.#comesAgain(held, givenBackMs, true, this.#parts.client.attemptTimeoutMs)
    this.#ended()
  }

  /** @param timeoutMs for the broker's answer; as long as nobody else gets the message without it */
  async #comesAgain(held: Held, delayMs: number, isSuspended: boolean, timeoutMs?: number): Promise<void> {
    held.isSettled = true
    await held.renewing
    if (!held.isLost) await this.#change(held, Math.max(givenBackMs, Math.round(delayMs)), isSuspended, timeoutMs)
    this.#forget(held)
  }

  /** What is handled, or waits, stays invisible. */
  #renewAll(): void {
    const { invisibleMs } = this.#parts
    for (const held of this.#held) {
      if (held.isLost || held.isSettled || held.renewing !== undefined) continue
      if (this.#leftMs(held) > invisibleMs * renewedLeft) continue
      held.renewing = this.#change(held, invisibleMs, false).finally(() => {
        held.renewing = undefined
      })
    }
  }

  /** Never rejects: a message whose time cannot be changed comes again when its time is over. */
  async #change(
    held: Held,
    invisibleMs: number,
    isSuspended: boolean,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { client, group } = this.#parts
    const { message, receipt } = held
    const { clock } = client.runtime
    const deadline = new Deadline(clock, {}, Math.max(1, Math.min(timeoutMs, this.#leftMs(held))))
    const sentMs = clock.monotonic()
    try {
      const named = { queue: message.queue, receipt }
      held.receipt = await changeInvisibleTime(client, group, named, { invisibleMs, isSuspended }, deadline)
      held.visibleMs = sentMs + invisibleMs
    } catch (error) {
      const failure = error as RocketMQError
      // It may have been changed, and then nobody knows its receipt.
      if (failure.outcome === 'unknown' || failure.responseCode !== undefined) held.isLost = true
      const { messageId } = message
      client.log.warn({ ...this.queue, messageId, err: failure }, 'the invisible time of a message was not changed')
    }
  }

  #leftMs({ visibleMs }: Held): number {
    return visibleMs - this.#parts.client.runtime.clock.monotonic()
  }

  #forget(held: Held): void {
    if (!this.#held.delete(held)) return
    this.#pendingBytes -= held.message.bytes
    this.#wake?.()
  }

  #ended(): void {
    if (--this.#active === 0) this.#onIdle?.()
  }
}

function retryDelayMs(attempt: number): number {
  return retrySeconds[Math.min(attempt, retrySeconds.length) - 1]! * 1000
}
