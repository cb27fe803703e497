import { popCountMax } from '@rocketmq-ts/protocol'
import type { CallOptions, Deadline } from '../calls/deadline.ts'
import { backoffMs } from '../calls/retrying.ts'
import { type MessageTraces, messageTraces } from '../message-traces.ts'
import type { PoppedMessage } from '../messages/received-message.ts'
import type { RawPopped } from '../pop/pop.ts'
import { checkReceipted, type NamedReceipt, type Receipted } from '../pop/receipts.ts'
import { Settling } from '../pop/settling.ts'
import { checkInvisible, checkReceive, type ReceiveOptions, receiveFields } from '../pop/simple-consumer-options.ts'
import { invalidArgument, type RocketMQError } from '../rocketmq-error.ts'
import type { Telemetry } from '../telemetry.ts'
import { LiteMember } from './lite-member.ts'
import {
  checkLiteSimpleConsumerOptions,
  type LiteSimpleConsumerOptions,
  type SubscribeOptions,
} from './lite-options.ts'
import type { LiteBroker } from './lite-subscriptions.ts'

const defaults = { invisibleMs: 30_000, waitMs: 15_000, max: popCountMax } as const
/** Of the time of a call: the rest is for asking once more. */
const waitingShare = 0.75
/** Milliseconds between two requests when nothing was waited for. */
const lookAgain = { firstMs: 50, mostMs: 1000 } as const
/** Part of its invisible time that a message has at least when it is handed out. */
const leftShare = 0.5
/** Milliseconds for traces that are on their way when it is closed. */
const tracesTimeoutMs = 3000
const role = 'simple consumer of lite topics'

/** What names a message of a lite topic that was received. */
export interface LiteReceipted extends Receipted {
  readonly liteTopic?: string | undefined
}

interface Arrived {
  readonly message: RawPopped
  /** When others may get it, by the monotonic clock. */
  readonly visibleMs: number
  readonly invisibleMs: number
}

/**
 * Receives messages of the lite topics that it subscribes to when the program asks for them, and leaves it to the program
 * when each is done. Those of a lite topic come in their order: the group is given no more of it before all that it was given
 * is acknowledged, or visible again.
 *
 *     await using consumer = new LiteSimpleConsumer({
 *       nameServers: 'localhost:9876', group: 'sessions', topic: 'chat', liteTopics: ['session-4711'],
 *     })
 *     for (const message of await consumer.receive()) {
 *       await deliver(message.liteTopic, message.body)
 *       await consumer.ack(message)
 *     }
 */
export class LiteSimpleConsumer<Body = Buffer> implements AsyncDisposable {
  readonly #options: LiteSimpleConsumerOptions<Body>
  readonly #member: LiteMember
  readonly #settling: Settling<Body>
  readonly #telemetry: Telemetry | undefined
  readonly #traces: MessageTraces | undefined
  /** Requests that wait at brokers, by their names. They are not ended with the call that began them. */
  readonly #asked = new Map<string, Promise<RocketMQError | undefined>>()
  /** What they brought, and nobody has received yet. */
  #arrived: Arrived[] = []
  /** Calls that wait for something to arrive. */
  readonly #onArrival = new Set<() => void>()
  #closing: Promise<void> | undefined

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: LiteSimpleConsumerOptions<Body>) {
    checkLiteSimpleConsumerOptions(options)
    this.#options = options
    this.#member = new LiteMember(options, role)
    const { client, group, attempts } = this.#member
    const { codec, undecodable } = options
    this.#telemetry = client.telemetry(group)
    this.#traces = messageTraces(client, group)
    const told = { telemetry: this.#telemetry, traces: this.#traces }
    this.#settling = new Settling({ client, group, attempts, codec, undecodable, ...told })
  }

  /** The consumer's name among the members of its group. */
  get clientId(): string {
    return this.#member.client.clientId
  }

  /** The lite topics that it subscribes to at the moment. */
  get liteTopics(): string[] {
    return this.#member.liteTopics
  }

  /**
   * Joins the group. `receive` and `subscribe` do it too.
   * @throws RocketMQError TOPIC_NOT_EXIST, LITE_SUBSCRIPTION_QUOTA_EXCEEDED, or when no name server answers
   */
  async start(options: CallOptions = {}): Promise<void> {
    await this.#member.start(this.#member.client.deadline(options))
  }

  /** As `LiteConsumer.subscribe`. */
  async subscribe(liteTopics: string | readonly string[], options: SubscribeOptions = {}): Promise<void> {
    await this.#member.subscribe(liteTopics, options)
  }

  /** As `LiteConsumer.unsubscribe`; what was received before is still to be acknowledged. */
  async unsubscribe(liteTopics: string | readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#member.unsubscribe(liteTopics, options)
  }

  /**
   * Receives messages. Where there are none it waits for them, at all brokers at the same time. What another broker gives
   * when the call is over already is kept for the next one, with the invisible time of this one.
   * @returns at least one; none when none has come in `waitMs`
   * @throws RocketMQError when no broker can be asked, or one refuses the subscriptions; ABORTED by the signal
   */
  async receive(options: ReceiveOptions = {}): Promise<PoppedMessage<Body>[]> {
    checkReceive(options)
    if (this.#telemetry === undefined) return this.#receive(options)
    return this.#telemetry.receive(this.#options.topic, () => this.#receive(options))
  }

  async #receive(options: ReceiveOptions): Promise<PoppedMessage<Body>[]> {
    const { waitMs = this.#options.waitMs ?? defaults.waitMs, max = defaults.max } = options
    const { invisibleMs = this.#options.invisibleMs ?? defaults.invisibleMs } = options
    const { client, subscriptions } = this.#member
    const { clock, random } = client.runtime
    const { timeoutMs = waitMs + client.newDeadline().timeoutMs } = options
    const deadline = client.deadline({ ...options, timeoutMs }, receiveFields)
    client.heartbeats.start()
    subscriptions.start()
    const waitedMs = options.timeoutMs === undefined ? waitMs : Math.min(waitMs, timeoutMs * waitingShare)
    const endMs = clock.monotonic() + waitedMs
    for (let misses = 0; ; misses++) {
      const beginMs = clock.monotonic()
      const leftMs = Math.max(0, endMs - beginMs)
      if (this.#arrived.length === 0) {
        const failure = await this.#askAll({ invisibleMs, countMax: Math.min(max, popCountMax), leftMs }, deadline)
        if (failure !== undefined && (leftMs === 0 || !failure.retryable)) throw failure
      }
      const messages = await this.#settling.handedOut(this.#takeArrived(max))
      if (messages.length > 0) return messages
      if (leftMs === 0) return []
      // Whatever the reason is, it is not to be asked for again and again.
      if (clock.monotonic() - beginMs < lookAgain.mostMs) {
        const pauseMs = backoffMs(lookAgain, misses + 1, random)
        await deadline.pause(Math.min(Math.max(1, endMs - clock.monotonic()), pauseMs))
      } else misses = 0
    }
  }

  /**
   * Acknowledges messages: they are done, and do not come again. Doing it twice does no harm.
   * @throws RocketMQError when one cannot be acknowledged, for example since it is visible again: then it comes again. Others
   * of the same call are acknowledged all the same
   */
  async ack(messages: LiteReceipted | readonly LiteReceipted[], options: CallOptions = {}): Promise<void> {
    const deadline = this.#member.client.deadline(options)
    const list = isList(messages) ? messages : [messages]
    await this.#settling.acknowledge(list.map(named), deadline, list)
  }

  /**
   * Lets a message become visible to the group again so long from now: later than it was said, while it is still worked on;
   * or earlier, when it is to be tried again soon. `receipt` and `visibleTimestamp` of the message are new then. What is
   * asked for meanwhile waits for it, such as `ack`. Until it is done, the group is given nothing that stands behind it.
   * @param invisibleMs milliseconds, at least 1000
   * @throws RocketMQError when it is visible again already, or acknowledged
   */
  async changeInvisible(message: LiteReceipted, invisibleMs: number, options: CallOptions = {}): Promise<void> {
    const deadline = this.#member.client.deadline(options)
    checkInvisible(invisibleMs)
    await this.#settling.changeInvisible(named(message), invisibleMs, deadline, message)
  }

  /**
   * Puts a message among the group's dead letters, and acknowledges it.
   * @throws RocketMQError; then it may be among the dead letters, and come again all the same
   */
  async deadLetter(
    message: LiteReceipted & Pick<PoppedMessage<unknown>, 'queue' | 'physicalOffset' | 'messageId' | 'topic'>,
    options: CallOptions = {},
  ): Promise<void> {
    const deadline = this.#member.client.deadline(options)
    const receipted = named(message)
    const { queue, physicalOffset, messageId, topic } = message
    const sentBack = { ...receipted, queue, physicalOffset, messageId, topic }
    await this.#settling.deadLetter(sentBack, deadline, message)
  }

  /** Leaves the group. What was received and is not acknowledged comes again when its time is over. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Asks each broker that is not asked at the moment. Resolves when one has brought messages, or all that are asked here
   * have answered.
   * @returns a failure when none of them could be asked, or one refuses
   */
  async #askAll(
    wanted: { readonly invisibleMs: number; readonly countMax: number; readonly leftMs: number },
    deadline: Deadline,
  ): Promise<RocketMQError | undefined> {
    const brokers = await this.#member.subscriptions.brokers(deadline)
    const arrival = Promise.withResolvers<void>()
    this.#onArrival.add(arrival.resolve)
    const failures: RocketMQError[] = []
    const asked = brokers.map(async (broker) => {
      let request = this.#asked.get(broker.name)
      // One that waits since an earlier call is not waited for by a call that does not wait.
      if (request !== undefined && wanted.leftMs === 0) return
      if (request === undefined) {
        request = this.#ask(broker, wanted).finally(() => this.#asked.delete(broker.name))
        this.#asked.set(broker.name, request)
      }
      const failure = await request
      if (failure === undefined) return
      failures.push(failure)
      this.#member.client.learnFrom(failure, this.#member.topic)
      if (!failure.retryable) arrival.resolve()
    })
    try {
      await deadline.within(Promise.race([arrival.promise, Promise.all(asked)]))
    } finally {
      this.#onArrival.delete(arrival.resolve)
    }
    const refusal = failures.find(({ retryable }) => !retryable)
    return refusal ?? (failures.length === brokers.length ? failures[0] : undefined)
  }

  /** Never rejects. @returns what kept the broker from being asked */
  async #ask(
    broker: LiteBroker,
    wanted: { readonly invisibleMs: number; readonly countMax: number; readonly leftMs: number },
  ): Promise<RocketMQError | undefined> {
    const { client, subscriptions, pops } = this.#member
    const { clock } = client.runtime
    const { invisibleMs, countMax, leftMs: waitMs } = wanted
    try {
      const deadline = client.newDeadline({ timeoutMs: waitMs + 3 * client.attemptTimeoutMs })
      await deadline.within(client.heartbeats.known(broker.address))
      await subscriptions.known(broker, deadline)
      const { messages } = await pops.pop({ broker, countMax, invisibleMs, waitMs: Math.ceil(waitMs) }, deadline)
      const visibleMs = clock.monotonic() + invisibleMs
      const arrived = messages.map((message): Arrived => ({ message, visibleMs, invisibleMs }))
      if (this.#closing !== undefined) await this.#giveBack(arrived)
      else this.#arrived.push(...arrived)
      if (messages.length > 0) for (const tell of this.#onArrival) tell()
      return undefined
    } catch (error) {
      return error as RocketMQError
    }
  }

  /** Without those that others may get soon: nobody could be done with them in time. */
  #takeArrived(max: number): RawPopped[] {
    const nowMs = this.#member.client.runtime.clock.monotonic()
    const fresh = this.#arrived.filter(({ visibleMs, invisibleMs }) => visibleMs - nowMs >= invisibleMs * leftShare)
    this.#arrived = fresh.slice(max)
    return fresh.slice(0, max).map(({ message }) => message)
  }

  async #giveBack(arrived: readonly Arrived[]): Promise<void> {
    const { client } = this.#member
    const deadline = client.newDeadline({ timeoutMs: client.attemptTimeoutMs })
    const given = arrived.map(({ message }) => this.#settling.giveBack(message, deadline))
    for (const outcome of await Promise.allSettled(given)) {
      if (outcome.status === 'rejected') client.log.info({ err: outcome.reason }, 'a message could not be given back')
    }
  }

  async #close(): Promise<void> {
    this.#member.client.stopTaking()
    await this.#giveBack(this.#arrived.splice(0))
    await this.#traces?.close(tracesTimeoutMs)
    await this.#member.leave()
  }
}

/** @throws RocketMQError INVALID_ARGUMENT */
function named(message: LiteReceipted): NamedReceipt {
  checkReceipted(message)
  const { queue, receipt, liteTopic } = message
  if (typeof liteTopic === 'string') return { queue, receipt, ofLiteTopic: liteTopic }
  throw invalidArgument('the message is of no lite topic: give it as it was received')
}

function isList(messages: LiteReceipted | readonly LiteReceipted[]): messages is readonly LiteReceipted[] {
  return Array.isArray(messages)
}
