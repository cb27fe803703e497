import { type CallOptions, checkCall, Deadline } from '../calls/deadline.ts'
import { Dispatcher } from '../consumer/dispatcher.ts'
import { MessageHandling } from '../consumer/message-handling.ts'
import { PoppedQueue } from '../consumer/popped-queue.ts'
import { RebalanceTimer } from '../consumer/rebalance-timer.ts'
import { sendReply } from '../consumer/reply.ts'
import { type MessageTraces, messageTraces } from '../message-traces.ts'
import { bytes, type Codec } from '../messages/codec.ts'
import { closedError, type RocketMQError } from '../rocketmq-error.ts'
import { LiteMember } from './lite-member.ts'
import { checkLiteConsumerOptions, type LiteConsumerOptions, type SubscribeOptions } from './lite-options.ts'
import type { LiteBroker } from './lite-subscriptions.ts'

const defaults = {
  concurrency: 20,
  batchMax: 32,
  handlerTimeoutMs: 15 * 60_000,
  closeTimeoutMs: 30_000,
  invisibleMs: 60_000,
} as const

/** Messages and bytes that may wait for handlers, over all brokers. */
const pendingMax = { messages: 1000, bytes: 64 * 1024 * 1024 } as const
/** Milliseconds for traces that are on their way when it is closed. */
const tracesTimeoutMs = 3000
const role = 'consumer of lite topics'

/**
 * Handles the messages of the lite topics that it subscribes to, also while it runs. Those of a lite topic are handled one
 * after the other, in their order: one that fails is handled again in its place, while those behind it wait. Each message is
 * handled at least once.
 *
 *     await using consumer = new LiteConsumer({
 *       nameServers: 'localhost:9876', group: 'sessions', topic: 'chat',
 *       handler: async ({ liteTopic, body }) => { await deliver(liteTopic, body) },
 *     })
 *     await consumer.start()
 *     await consumer.subscribe('session-4711')
 *
 * The group shares a lite topic among all members that subscribe to it, or gives it to one at a time, as it is set up.
 */
export class LiteConsumer<Body = Buffer> implements AsyncDisposable {
  readonly #options: LiteConsumerOptions<Body>
  readonly #member: LiteMember
  readonly #dispatcher: Dispatcher
  readonly #handling: MessageHandling<Body>
  readonly #traces: MessageTraces | undefined
  /** By the broker's name. */
  readonly #queues = new Map<string, PoppedQueue>()
  readonly #looking: RebalanceTimer
  #pauses = 0
  #starting: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: LiteConsumerOptions<Body>) {
    checkLiteConsumerOptions(options)
    this.#options = options
    this.#member = new LiteMember(options, role)
    const { client, group } = this.#member
    const { clock } = client.runtime
    this.#dispatcher = new Dispatcher(options.concurrency ?? defaults.concurrency, (error) =>
      client.log.error({ err: error as Error }, 'a defect of the consumer'),
    )
    this.#traces = messageTraces(client, group)
    this.#handling = new MessageHandling<Body>({
      group,
      clientId: client.clientId,
      telemetry: client.telemetry(group),
      traces: this.#traces,
      clock,
      log: client.log,
      // Without a codec, `Body` is what the default one gives.
      codec: options.codec ?? (bytes as Codec<never, unknown> as Codec<never, Body>),
      handler: options.handler,
      batchHandler: options.batchHandler,
      retryPolicy: options.onError,
      reply: async (message, body, call) => {
        if (call !== undefined) checkCall(call)
        return sendReply(client, group, message, body, client.newDeadline(call))
      },
      undecodable: options.undecodable ?? 'deadLetter',
      timeoutMs: options.handlerTimeoutMs ?? defaults.handlerTimeoutMs,
    })
    this.#looking = new RebalanceTimer(clock, () => this.#lookForBrokers())
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
   * Joins the group and begins to consume.
   * @throws RocketMQError TOPIC_NOT_EXIST, LITE_SUBSCRIPTION_QUOTA_EXCEEDED, or when no name server answers; it may be called
   * again
   */
  start(options: CallOptions = {}): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closedError(role))
    this.#starting ??= this.#start(options).catch((error) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /**
   * Subscribes to further lite topics, which need not exist yet. In a group that gives each to one member at a time it takes
   * them over from others. A broker that is away learns of it when it is back.
   * @throws RocketMQError LITE_SUBSCRIPTION_QUOTA_EXCEEDED; ILLEGAL_OPERATION where the group takes all lite topics; and when
   * no broker answers. Then everything is as before, but for where a broker that took it lets the group go on
   */
  async subscribe(liteTopics: string | readonly string[], options: SubscribeOptions = {}): Promise<void> {
    await this.#member.subscribe(liteTopics, options)
  }

  /**
   * Ends subscriptions. What was given out of the lite topics before is handled all the same.
   * @throws RocketMQError when no broker answers: then they learn of it within 30 s
   */
  async unsubscribe(liteTopics: string | readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#member.unsubscribe(liteTopics, options)
  }

  /** Handles nothing more until the returned function is called. Handlers that run go on. */
  pause(): () => void {
    this.#pauses++
    let isPaused = true
    return () => {
      if (!isPaused) return
      isPaused = false
      if (--this.#pauses > 0) return
      for (const queue of this.#queues.values()) queue.wake()
      this.#dispatcher.kick()
    }
  }

  /** Waits for the handlers that run, at most `closeTimeoutMs`, gives back what waits for them and leaves the group. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #start(options: CallOptions): Promise<void> {
    await this.#member.start(this.#member.client.deadline(options))
    if (this.#closing !== undefined) throw closedError(role)
    await this.#looking.runNow()
  }

  /** Opens what it asks each broker by, and leaves brokers that the topic is on no more. @returns whether nothing was missing */
  async #lookForBrokers(): Promise<boolean> {
    const { client, topic, subscriptions } = this.#member
    let brokers: LiteBroker[]
    try {
      brokers = await subscriptions.brokers(client.newDeadline())
    } catch (error) {
      const about = { topic, err: error as RocketMQError }
      client.log.warn(about, 'the brokers of lite topics could not be looked up; it is tried again')
      return false
    }
    if (this.#closing !== undefined) return false
    const names = new Set(brokers.map(({ name }) => name))
    for (const [name, queue] of this.#queues) {
      if (names.has(name)) continue
      this.#queues.delete(name)
      queue.stop()
      void queue.drained().then(() => queue.drop())
    }
    for (const name of names) {
      if (this.#queues.has(name)) continue
      const queue = this.#open(name)
      this.#queues.set(name, queue)
      void queue.run()
    }
    this.#dispatcher.setSources([...this.#queues.values()])
    return names.size > 0
  }

  #open(name: string): PoppedQueue {
    const { concurrency = defaults.concurrency, invisibleMs = defaults.invisibleMs, batchHandler } = this.#options
    const batchMax = batchHandler === undefined ? 1 : (this.#options.batchMax ?? defaults.batchMax)
    const { client, group, topic, attempts, subscriptions, pops } = this.#member
    const queue = { topic, broker: name, queueId: -1 }
    return new PoppedQueue(queue, {
      client,
      group,
      attempts,
      batchMax,
      handledMax: concurrency * batchMax,
      invisibleMs,
      share: () => {
        const brokers = Math.max(1, this.#queues.size)
        return { messages: pendingMax.messages / brokers, bytes: pendingMax.bytes / brokers }
      },
      isPaused: () => this.#pauses > 0,
      enter: (address, deadline) => subscriptions.known({ name, address }, deadline),
      pop: (address, countMax, waitMs, deadline) =>
        pops.pop({ broker: { name, address }, countMax, invisibleMs, waitMs }, deadline),
      laneOf: ({ ofLiteTopic }) => ofLiteTopic,
      handle: (messages) => this.#handling.run(messages),
      onWork: () => this.#dispatcher.kick(),
      onGone: () => {},
    })
  }

  async #close(): Promise<void> {
    const { client } = this.#member
    client.stopTaking()
    this.#looking.close()
    const queues = [...this.#queues.values()]
    for (const queue of queues) queue.stop()
    const idle = Promise.all([this.#dispatcher.stop(), ...queues.map((queue) => queue.drained())])
    const { closeTimeoutMs = defaults.closeTimeoutMs } = this.#options
    await new Deadline(client.runtime.clock, {}, closeTimeoutMs).within(idle).catch((error: RocketMQError) => {
      client.log.warn({ err: error }, 'handlers still run: their messages will be delivered again')
    })
    for (const queue of queues) queue.drop()
    this.#handling.abort()
    await this.#traces?.close(tracesTimeoutMs)
    await this.#member.leave()
  }
}
