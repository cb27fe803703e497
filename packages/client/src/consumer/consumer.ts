import {
  type ConsumerData,
  commands,
  popConsumedTopic,
  retryTopicOf,
  type SubscriptionData,
} from '@rocketmq-ts/protocol'
import { type CallOptions, checkCall, Deadline } from '../calls/deadline.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { checkedGroup } from '../connection/group-name.ts'
import { type MessageTraces, messageTraces } from '../message-traces.ts'
import { bytes, type Codec } from '../messages/codec.ts'
import type { RawMessage } from '../messages/received-message.ts'
import { GroupAttempts } from '../pop/group-attempts.ts'
import { type Popped, pop } from '../pop/pop.ts'
import { FilterChecks } from '../reading/filter-check.ts'
import { clockSkewMs, isRetryTopic, offsetOfPosition, type StartPosition } from '../reading/queue-positions.ts'
import { subscriptionOf, subscriptionsOf } from '../reading/subscriptions.ts'
import { closedError, type RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import { AssignedQueue } from './assigned-queue.ts'
import { type Appearance, Assignment } from './assignment.ts'
import { type ConsumerOptions, checkConsumerOptions } from './consumer-options.ts'
import { consumerRequests } from './consumer-requests.ts'
import { Dispatcher } from './dispatcher.ts'
import type { MemberQueue, RequestMode } from './member-queue.ts'
import { MessageHandling } from './message-handling.ts'
import { memoryOffsets, OffsetKeeping } from './offset-keeping.ts'
import { PoppedQueue } from './popped-queue.ts'
import { QueueLocks } from './queue-locks.ts'
import { RebalanceTimer } from './rebalance-timer.ts'
import { sendReply } from './reply.ts'

const defaults = {
  concurrency: 20,
  batchMax: 32,
  handlerTimeoutMs: 15 * 60_000,
  pendingMessagesMax: 1000,
  pendingBytesMax: 64 * 1024 * 1024,
  closeTimeoutMs: 30_000,
  invisibleMs: 60_000,
} as const

/** Milliseconds for each step of leaving a cluster whose brokers may be gone. */
const leaveTimeoutMs = 3000

/**
 * Handles the messages of topics as a member of a group. Each message is handled at least once. It pulls, or takes messages
 * by POP where that is set for the group and the topic at the brokers, also while it runs.
 *
 *     await using consumer = new Consumer({
 *       nameServers: 'localhost:9876', group: 'mailer', topics: 'orders', from: 'earliest',
 *       handler: async (message) => { await sendMail(message.body) },
 *     })
 *     await consumer.start()
 */
export class Consumer<Body = Buffer> implements AsyncDisposable {
  readonly #options: ConsumerOptions<Body>
  readonly #client: ClusterClient
  readonly #group: string
  readonly #subscriptions: SubscriptionData[]
  readonly #dispatcher: Dispatcher
  readonly #handling: MessageHandling<Body>
  readonly #offsets: OffsetKeeping
  readonly #locks: QueueLocks | undefined
  readonly #assignment: Assignment
  readonly #attempts: GroupAttempts
  readonly #filters: FilterChecks
  readonly #rebalancing: RebalanceTimer
  /** Topics that are paused; `*` for all. */
  readonly #paused = new Map<string, number>()
  #startedMs = 0
  #isStarted = false
  #starting: Promise<void> | undefined
  readonly #traces: MessageTraces | undefined
  readonly #endLag: (() => void) | undefined
  #closing: Promise<void> | undefined

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: ConsumerOptions<Body>) {
    checkConsumerOptions(options)
    this.#options = options
    const client: ClusterClient = new ClusterClient(options, {
      name: 'consumer',
      handlers: consumerRequests(() => ({
        group: this.#group,
        assignment: this.#assignment,
        offsets: this.#offsets,
        client,
        subscriptions: this.#subscriptions,
        isOrdered: this.#isOrdered,
        startedMs: this.#startedMs,
        handle: (messages) => this.#handling.run(messages),
        rebalanceSoon: () => this.#rebalancing.request(),
      })),
      membership: () => ({ producerGroups: [], consumers: [this.#memberData()] }),
      heartbeatAddresses: () => client.routes.masterAddresses().union(new Set(client.heartbeats.knownAddresses())),
      connectionLost: (address) => {
        if (!client.routes.masterAddresses().has(address)) return
        this.#assignment.unsettle()
        this.#rebalancing.request()
      },
    })
    this.#client = client
    const { clock } = client.runtime
    this.#group = client.namespace.wrap(checkedGroup(options.group))
    this.#subscriptions = subscriptionsOf(options.topics, client.namespace, clock.now())
    if (!this.#isBroadcast) this.#subscriptions.push(subscriptionOf(retryTopicOf(this.#group), '*', clock.now()))
    this.#dispatcher = new Dispatcher(options.concurrency ?? defaults.concurrency, (error) =>
      client.log.error({ err: error as Error }, 'a defect of the consumer'),
    )
    const telemetry = client.telemetry(this.#group)
    this.#traces = messageTraces(client, this.#group)
    this.#endLag = telemetry?.observeLag(() => this.#lags())
    this.#handling = new MessageHandling<Body>({
      group: this.#group,
      clientId: client.clientId,
      telemetry,
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
        return sendReply(client, this.#group, message, body, client.newDeadline(call))
      },
      undecodable: options.undecodable ?? 'deadLetter',
      timeoutMs: options.handlerTimeoutMs ?? defaults.handlerTimeoutMs,
    })
    const store = this.#isBroadcast ? (options.offsets ?? memoryOffsets()) : undefined
    this.#offsets = new OffsetKeeping(client, this.#group, store)
    if (this.#isOrdered && !this.#isBroadcast) {
      this.#locks = new QueueLocks({ client, group: this.#group, onLost: (queue) => this.#lockLost(queue) })
    }
    this.#assignment = new Assignment({
      client,
      group: this.#group,
      isBroadcast: this.#isBroadcast,
      locks: this.#locks,
      offsets: this.#offsets,
      isPopAllowed: !this.#isOrdered,
      open: (queue, mode, subscription) => this.#open(queue, mode, subscription),
      onChange: () => this.#dispatcher.setSources(this.#assignment.queues),
    })
    this.#attempts = new GroupAttempts(client, this.#group, options.attemptsMax)
    this.#filters = new FilterChecks(client, this.#group)
    this.#rebalancing = new RebalanceTimer(clock, () =>
      this.#assignment.rebalance(this.#subscriptions, client.newDeadline()),
    )
  }

  /** The consumer's name among the members of its group. */
  get clientId(): string {
    return this.#client.clientId
  }

  /**
   * The queues that it reads at the moment. Where the group takes messages by POP, a queue with the id -1 stands for all
   * queues of its broker.
   */
  get assigned(): QueueRef[] {
    const { namespace } = this.#client
    return this.#assignment.queues.map(({ queue }) => ({ ...queue, topic: namespace.unwrap(queue.topic) }))
  }

  /**
   * Joins the group and begins to consume: what is sent after it has resolved is consumed, also from `latest`. A topic that
   * does not exist yet is consumed once it does.
   * @throws RocketMQError when no name server answers, or a broker refuses a filter; it may be called again
   */
  start(options: CallOptions = {}): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closedError('consumer'))
    this.#starting ??= this.#start(options).catch((error) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  /**
   * Handles nothing more of a topic, or of all, until the returned function is called. Handlers that run go on.
   * @param topic all of them without it
   */
  pause(topic?: string): () => void {
    const key = topic === undefined ? '*' : this.#client.namespace.wrap(topic)
    this.#paused.set(key, (this.#paused.get(key) ?? 0) + 1)
    let isPaused = true
    return () => {
      if (!isPaused) return
      isPaused = false
      const count = this.#paused.get(key)! - 1
      if (count === 0) this.#paused.delete(key)
      else this.#paused.set(key, count)
      for (const queue of this.#assignment.queues) queue.wake()
      this.#dispatcher.kick()
    }
  }

  /**
   * Waits for the handlers that run, at most `closeTimeoutMs`; commits how far everything is done, gives locks back and
   * leaves the group.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #isBroadcast(): boolean {
    return this.#options.broadcast === true
  }

  get #isOrdered(): boolean {
    return (this.#options.order ?? 'none') !== 'none'
  }

  async #start(options: CallOptions): Promise<void> {
    const deadline = this.#client.deadline(options)
    this.#startedMs ||= this.#client.runtime.clock.now()
    await this.#client.nameServers.ask(commands.getBrokerClusterInfo, {}, deadline)
    for (const subscription of this.#subscriptions) await this.#filters.everywhere(subscription, deadline)
    if (this.#closing !== undefined) throw closedError('consumer')
    this.#client.heartbeats.start()
    this.#offsets.start(() => this.#assignment.queues)
    await this.#rebalancing.runNow()
    const begun = this.#assignment.queues.map((queue) => queue.begun)
    // A broker that is gone for a while does not keep the others' messages waiting.
    await deadline.within(Promise.all(begun)).catch((error: RocketMQError) => {
      if (error.code === 'ABORTED') throw error
      this.#client.log.warn({ err: error }, 'it is not known yet where to begin in some queues')
    })
    this.#isStarted = true
  }

  #memberData(): ConsumerData {
    const { from = 'latest' } = this.#options
    return {
      groupName: this.#group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: this.#isBroadcast ? 'BROADCASTING' : 'CLUSTERING',
      consumeFromWhere:
        from === 'latest'
          ? 'CONSUME_FROM_LAST_OFFSET'
          : from === 'earliest'
            ? 'CONSUME_FROM_FIRST_OFFSET'
            : 'CONSUME_FROM_TIMESTAMP',
      subscriptionDataSet: this.#subscriptions,
      unitMode: false,
    }
  }

  #open(queue: QueueRef, mode: RequestMode, subscription: SubscriptionData): MemberQueue {
    const options = this.#options
    const topic = popConsumedTopic(this.#group, queue.topic)
    const parts = {
      client: this.#client,
      group: this.#group,
      subscription,
      batchMax: options.batchHandler === undefined ? 1 : (options.batchMax ?? defaults.batchMax),
      share: () => this.#share(),
      isPaused: () => this.#paused.size > 0 && (this.#paused.has('*') || this.#paused.has(topic)),
      handle: (messages: readonly RawMessage[]) => this.#handling.run(messages),
      onWork: () => this.#dispatcher.kick(),
      onGone: () => this.#assignment.gone(queue),
    }
    const opened =
      mode === 'POP'
        ? new PoppedQueue(queue, {
            ...parts,
            ...this.#popParts(queue, subscription),
            attempts: this.#attempts,
            handledMax: (options.concurrency ?? defaults.concurrency) * parts.batchMax,
            invisibleMs: options.invisibleMs ?? defaults.invisibleMs,
          })
        : new AssignedQueue(queue, {
            ...parts,
            order: options.order ?? 'none',
            isBroadcast: this.#isBroadcast,
            isOfPop: topic !== queue.topic,
            attemptsMax: options.attemptsMax,
            startOffset: async (address, deadline) => {
              await this.#filters.at(subscription, { name: queue.broker, address }, deadline)
              return this.#startOffset(queue, address, deadline)
            },
            onRest: () => this.#offsets.rests(),
          })
    void opened.run()
    return opened
  }

  #popParts({ topic, broker: name, queueId }: QueueRef, subscription: SubscriptionData) {
    const { invisibleMs = defaults.invisibleMs } = this.#options
    let isEntered = false
    return {
      enter: async (address: string, deadline: Deadline): Promise<void> => {
        if (isEntered) return
        await this.#filters.at(subscription, { name, address }, deadline)
        await this.#enter({ topic, broker: name, queueId }, address, deadline)
        isEntered = true
      },
      pop: (address: string, countMax: number, waitMs: number, deadline: Deadline): Promise<Popped> => {
        const place = { topic, broker: { name, address }, queueId }
        const request = { place, group: this.#group, subscription, countMax, invisibleMs, waitMs, order: undefined }
        return pop(this.#client, request, deadline)
      },
      laneOf: () => undefined,
    }
  }

  /** By POP a group that is new to a queue begins with its first message, unless another offset is committed for it. */
  async #enter({ topic, broker, queueId }: QueueRef, address: string, deadline: Deadline): Promise<void> {
    const { readQueues } = await this.#client.routes.find(topic, deadline)
    for (const queue of readQueues) {
      if (queue.broker !== broker || (queueId >= 0 && queue.queueId !== queueId)) continue
      if (this.#startPosition(this.#assignment.appearance(queue)) === 'earliest') continue
      await this.#startOffset(queue, address, deadline)
    }
  }

  /** What of the limits is each queue's. */
  #share(): { messages: number; bytes: number } {
    const { pendingMessagesMax = defaults.pendingMessagesMax, pendingBytesMax = defaults.pendingBytesMax } =
      this.#options
    const queues = Math.max(1, this.#assignment.queues.length)
    return { messages: pendingMessagesMax / queues, bytes: pendingBytesMax / queues }
  }

  async #startOffset(queue: QueueRef, address: string, deadline: Deadline): Promise<number> {
    const kept = await this.#offsets.kept(queue, address, deadline)
    if (kept !== undefined) return kept
    const from = isRetryTopic(queue.topic) ? 'earliest' : this.#startPosition(this.#assignment.appearance(queue))
    const offset = await offsetOfPosition(this.#client, queue, address, from, deadline)
    // Whoever has the queue next begins here, and not where its end is by then.
    await this.#offsets.set(queue, address, offset, deadline)
    return offset
  }

  /**
   * What appears later may be new, or name servers or its broker were away when the member came in: then its end by now is not
   * where that was. Nor is it once the member has started without knowing where to begin.
   */
  #startPosition(appearance: Appearance): StartPosition {
    const { from = 'latest' } = this.#options
    if (from !== 'latest') return from
    if (appearance === 'anew') return 'earliest'
    return appearance === 'later' || this.#isStarted ? this.#startedMs - clockSkewMs : 'latest'
  }

  #lockLost(queue: QueueRef): void {
    const assigned = this.#assignment.find(queue)
    if (assigned === undefined) return
    this.#client.log.warn({ ...queue }, 'the lock of a queue was lost: its messages are left to whoever gets it')
    void this.#assignment.abandon(assigned)
    this.#rebalancing.request()
  }

  *#lags(): Generator<{ queue: QueueRef; lag: number }, void, void> {
    const { namespace } = this.#client
    for (const { queue, lag } of this.#assignment.queues) {
      if (lag !== undefined) yield { queue: { ...queue, topic: namespace.unwrap(queue.topic) }, lag }
    }
  }

  async #close(): Promise<void> {
    const client = this.#client
    this.#endLag?.()
    const { clock } = client.runtime
    client.stopTaking()
    this.#rebalancing.close()
    this.#assignment.close()
    this.#offsets.close()
    const { queues } = this.#assignment
    for (const queue of queues) queue.stop()
    const idle = Promise.all([this.#dispatcher.stop(), ...queues.map((queue) => queue.drained())])
    const { closeTimeoutMs = defaults.closeTimeoutMs } = this.#options
    await new Deadline(clock, {}, closeTimeoutMs).within(idle).catch((error: RocketMQError) => {
      client.log.warn({ err: error }, 'handlers still run: their messages will be delivered again')
    })
    await this.#offsets.keep(queues, leaveTimeoutMs)
    for (const queue of queues) queue.drop()
    this.#handling.abort()
    await this.#locks?.unlock(
      queues.map(({ queue }) => queue),
      leaveTimeoutMs,
    )
    this.#locks?.close()
    await this.#traces?.close(leaveTimeoutMs)
    await client.leave({ consumerGroup: this.#group }, leaveTimeoutMs)
    await client.close()
  }
}
