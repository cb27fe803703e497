import type { CancelTimer } from '@rocketmq-ts/platform'
import { popCountMax } from '@rocketmq-ts/protocol'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { GroupAttempts } from '../pop/group-attempts.ts'
import type { Popped, RawPopped } from '../pop/pop.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import { heartbeatErrors, isTopicGone } from './assigned-queue.ts'
import { Lanes } from './lanes.ts'
import type { MemberQueue } from './member-queue.ts'
import type { Outcome } from './message-handling.ts'
import { Deliveries, type Delivery } from './popped-deliveries.ts'
import { againAfterMs, deadLetterLevel, delayLevelOf } from './redelivery.ts'
import { sendBack } from './send-back.ts'

export interface PoppedQueueParts {
  readonly client: ClusterClient
  readonly group: string
  readonly attempts: GroupAttempts
  /** Messages of one call of the handler at the most. */
  readonly batchMax: number
  /**
   * Messages that handlers have at a time at the most. It asks for twice as many; one that waits for others of its lane takes no
   * place of these.
   */
  readonly handledMax: number
  /** Milliseconds for which the broker gives a message to nobody else. They begin anew while it is handled. */
  readonly invisibleMs: number
  /** Messages and bytes that may wait in this queue, as the consumer's limits are shared among queues now. */
  share(): { readonly messages: number; readonly bytes: number }
  isPaused(): boolean
  /**
   * Settles what the broker has to know before it is asked, such as where the group begins. Called before each request.
   * @throws RocketMQError when that cannot be settled now
   */
  enter(address: string, deadline: Deadline): Promise<void>
  /** Asks for messages. @param waitMs for which the broker may hold the request @throws RocketMQError */
  pop(address: string, countMax: number, waitMs: number, deadline: Deadline): Promise<Popped>
  /** Messages of one lane are handled one after the other; undefined for those that nothing waits for. */
  laneOf(message: RawPopped): string | undefined
  /** Runs the handler; never rejects. */
  handle(messages: readonly RawPopped[]): Promise<Outcome[]>
  /** There may be something to begin. */
  onWork(): void
  /** The broker does not have the topic any more. */
  onGone(): void
}

/** Messages that it may have at the least, however few handlers there are; otherwise twice as many as they take. */
const heldMin = 8
/** Milliseconds for which brokers hold a request when there is nothing. */
const waitMs = 15_000
/** An answer without messages that came so soon was not waited for. */
const soonMs = 1000
/** Seconds until a message is delivered again, by how often it was: those of the official clients. */
const retrySeconds = [10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200]

/** A message that waits for its handler, or is with it. */
interface Held {
  readonly message: RawPopped
  readonly delivery: Delivery
}

/**
 * A queue, or all queues of a broker, that this member asks for messages by POP. The broker knows what was given to whom: a
 * message is acknowledged when it is handled, and otherwise comes again, to any member.
 *
 * The messages of a batch that was stored whole have one receipt. Their invisible time is renewed for all of them, while one
 * is open, and they are acknowledged when each is handled. One whose handler failed is sent back by itself, as pulled ones
 * are, and counts as handled then. What was not begun when the queue is left, or could not be sent back, makes all of the
 * batch come again, also what was handled.
 *
 * Messages of a lane that fail are handled again in their place, while those behind them wait. Where nothing else has room
 * any more, those behind are given back: a lane that waits for its next try has then what failed alone. What stands behind a
 * message that is lost is not handled before that comes again.
 */
export class PoppedQueue implements MemberQueue {
  readonly queue: QueueRef
  readonly mode = 'POP'
  readonly committable = undefined
  readonly storedUntilMs = undefined
  readonly lag = undefined
  readonly #parts: PoppedQueueParts
  readonly #stop = new AbortController()
  /** Ends what is tried until it works. */
  readonly #abort = new AbortController()
  readonly #begun = Promise.withResolvers<void>()
  readonly #lanes: Lanes<Held>
  readonly #timers = new Set<CancelTimer>()
  readonly #deliveries: Deliveries
  #answers = 0
  /** Calls of the handler, and requests about messages. */
  #active = 0
  #onIdle: (() => void) | undefined
  #wake: (() => void) | undefined
  #lastAskedMs: number | undefined

  constructor(queue: QueueRef, parts: PoppedQueueParts) {
    this.queue = queue
    this.#parts = parts
    this.#lanes = new Lanes(({ message }) => parts.laneOf(message))
    const { client, group, invisibleMs } = parts
    this.#deliveries = new Deliveries({
      ...{ client, group, queue, invisibleMs },
      onBegin: () => void this.#active++,
      onEnd: () => this.#ended(),
      onForgotten: () => this.#wake?.(),
    })
  }

  get hasWork(): boolean {
    return this.#lanes.hasReady && !this.#parts.isPaused()
  }

  get begun(): Promise<void> {
    return this.#begun.promise
  }

  get state() {
    const { messages: pendingMessages, bytes: pendingBytes } = this.#deliveries
    return { pendingMessages, pendingBytes, lastAskedMs: this.#lastAskedMs }
  }

  /** Asks for messages until the queue is left. */
  async run(): Promise<void> {
    const { client } = this.#parts
    const { clock, random } = client.runtime
    const { signal } = this.#stop
    const cancel = this.#deliveries.keepInvisible()
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
    const { lane, messages: taken } = this.#lanes.take(this.#parts.batchMax)!
    this.#active++
    const there = taken.some(isLost) ? this.#giveUpLost(lane, taken) : taken
    const outcomes = there.length === 0 ? [] : await this.#parts.handle(there.map(({ message }) => message))
    // Whatever becomes of them now, their handler's place is free.
    if (lane !== undefined) void this.#settleLane(lane, there, outcomes)
    else for (const [index, held] of there.entries()) void this.#settle(held, outcomes[index]!)
    this.#ended()
  }

  /**
   * Others may have got a message. What was given of its lane in the same answer is given back: it comes again in its order.
   * @returns what is left
   */
  #giveUpLost(lane: string | undefined, taken: readonly Held[]): Held[] {
    const answers = new Set(taken.filter(isLost).map(({ delivery }) => delivery.answer))
    const isGivenUp = (held: Held): boolean => isLost(held) || (lane !== undefined && answers.has(held.delivery.answer))
    const behind = lane === undefined ? [] : this.#lanes.takeWhere(lane, isGivenUp)
    for (const { delivery } of [...taken.filter(isGivenUp), ...behind]) this.#deliveries.giveBack(delivery)
    return taken.filter((held) => !isGivenUp(held))
  }

  stop(): void {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    this.#begun.resolve()
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    for (const { delivery } of this.#lanes.clear()) this.#deliveries.giveBack(delivery)
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
    if (this.#deliveries.messages > 0 && this.#deliveries.bytes >= this.#parts.share().bytes) return 0
    const wanted = Math.max(heldMin, 2 * this.#parts.handledMax)
    const placed = this.#deliveries.messages - this.#lanes.behind
    return Math.min(popCountMax, Math.floor(wanted) - placed, this.#messagesMax - this.#deliveries.messages)
  }

  get #messagesMax(): number {
    return Math.max(1, Math.floor(this.#parts.share().messages))
  }

  /** Waits until there is room for what may come. One that has nothing always has room. */
  async #room(): Promise<void> {
    while (!this.#stop.signal.aborted && (this.#free <= 0 || this.#parts.isPaused())) {
      this.#giveBackUntried()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Where the room is used up, what waits behind messages that failed takes none. */
  #giveBackUntried(): void {
    const isFull = this.#deliveries.messages >= this.#messagesMax || this.#deliveries.bytes >= this.#parts.share().bytes
    if (!isFull || this.#parts.isPaused()) return
    for (const { delivery } of this.#lanes.takeUntried()) this.#deliveries.giveBack(delivery)
  }

  /** @returns whether there was something */
  async #askOnce(): Promise<boolean> {
    const { client, invisibleMs, enter } = this.#parts
    const { clock } = client.runtime
    const address = client.routes.knownMasterAddress(this.queue)
    const begin = new Deadline(clock, { signal: this.#stop.signal }, 2 * client.attemptTimeoutMs)
    // A broker that does not know the member may have no such group.
    await begin.within(client.heartbeats.known(address))
    await enter(address, begin)
    this.#begun.resolve()
    this.#lastAskedMs = clock.now()
    const countMax = Math.max(1, this.#free)
    // It is not ended when the queue is left: what it brings has to be given back.
    const deadline = new Deadline(clock, {}, waitMs + client.attemptTimeoutMs)
    const { messages, unwanted } = await this.#parts.pop(address, countMax, waitMs, deadline)
    const visibleMs = clock.monotonic() + invisibleMs
    this.#answers++
    const given = { answer: this.#answers, visibleMs, batches: new Map() }
    for (const message of unwanted) this.#deliveries.close(this.#deliveries.of(message, given))
    this.#forgetGivenAnew(messages)
    for (const message of messages) this.#take({ message, delivery: this.#deliveries.of(message, given) })
    if (messages.length > 0) this.#parts.onWork()
    return messages.length > 0 || unwanted.length > 0
  }

  /** A broker gives nothing more of a lane that it has given: who has it from before has lost it. */
  #forgetGivenAnew(messages: readonly RawPopped[]): void {
    let emptied: Set<string> | undefined
    for (const message of messages) {
      const lane = this.#parts.laneOf(message)
      if (lane === undefined || emptied?.has(lane)) continue
      emptied = (emptied ?? new Set()).add(lane)
      for (const { delivery } of this.#lanes.empty(lane)) {
        delivery.isLost = true
        this.#deliveries.close(delivery)
      }
    }
  }

  #take(held: Held): void {
    if (this.#stop.signal.aborted) this.#deliveries.giveBack(held.delivery)
    else this.#lanes.add(held)
  }

  async #recover(failure: RocketMQError): Promise<void> {
    const { client } = this.#parts
    client.learnFrom(failure, this.queue.topic)
    if (isTopicGone(failure, this.queue)) this.#parts.onGone()
    const address = client.routes.masterAddress(this.queue.broker)
    if (heartbeatErrors.has(failure.code) && address !== undefined)
      await client.heartbeats.beat(address).catch(() => {})
  }

  async #settle({ message, delivery }: Held, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'done' || outcome.kind === 'skip') {
      this.#deliveries.close(delivery)
      return
    }
    this.#active++
    const most = await this.#parts.attempts.most(message.queue.broker)
    const isLast = outcome.kind === 'deadLetter' || message.attempt >= most
    const delayMs = outcome.kind === 'retry' ? outcome.delayMs : undefined
    if (isLast) await this.#sendBack(message, delivery, deadLetterLevel, undefined)
    else if (delivery.count > 1) await this.#sendBack(message, delivery, delayLevelOf(delayMs), most)
    else this.#deliveries.close(delivery, { delayMs: delayMs ?? retryDelayMs(message.attempt), isSuspended: false })
    this.#ended()
  }

  /** Messages that others wait for. */
  async #settleLane(lane: string, taken: readonly Held[], outcomes: readonly Outcome[]): Promise<void> {
    this.#active++
    const again: Held[] = []
    let delayMs = 0
    for (const [index, { message, delivery }] of taken.entries()) {
      const outcome = outcomes[index]!
      const { attempt, queue } = message
      if (outcome.kind === 'done' || outcome.kind === 'skip') this.#deliveries.close(delivery)
      else if (outcome.kind === 'deadLetter' || attempt >= (await this.#parts.attempts.most(queue.broker))) {
        await this.#sendBack(message, delivery, deadLetterLevel, undefined)
      } else {
        again.push({ message: { ...message, attempt: attempt + 1 }, delivery })
        delayMs = Math.max(delayMs, outcome.delayMs ?? againAfterMs(attempt))
      }
    }
    if (this.#stop.signal.aborted) {
      for (const { delivery } of again) this.#deliveries.giveBack(delivery)
    } else {
      this.#lanes.putBack(lane, again)
      this.#later(again.length === 0 ? 0 : delayMs, () => this.#lanes.release(lane))
      this.#wake?.()
    }
    this.#ended()
  }

  #later(delayMs: number, act: () => void): void {
    const { client, onWork } = this.#parts
    const go = (): void => {
      act()
      onWork()
    }
    if (delayMs <= 0) {
      go()
      return
    }
    const cancel = client.runtime.clock.after(delayMs, () => {
      this.#timers.delete(cancel)
      go()
    })
    this.#timers.add(cancel)
  }

  /**
   * Puts a message among the dead letters, or where it is delivered again. Until it is there, its delivery stays invisible.
   * @param attemptsMax deliveries of the message at the most; the broker's setting of the group without it
   */
  async #sendBack(
    message: RawPopped,
    delivery: Delivery,
    delayLevel: number,
    attemptsMax: number | undefined,
  ): Promise<void> {
    const { client, group } = this.#parts
    const parts = { client, group, attemptsMax }
    // Whoever gets it next puts it there, where its delivery is lost.
    const isThere = !delivery.isLost && (await sendBack(message, delayLevel, parts, this.#abort.signal))
    if (isThere) this.#deliveries.close(delivery)
    else this.#deliveries.giveBack(delivery)
  }

  #ended(): void {
    if (--this.#active === 0) this.#onIdle?.()
  }
}

function isLost({ delivery }: Held): boolean {
  return delivery.isLost
}

function retryDelayMs(attempt: number): number {
  return retrySeconds[Math.min(attempt, retrySeconds.length) - 1]! * 1000
}
