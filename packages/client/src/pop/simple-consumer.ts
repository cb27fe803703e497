import { type ConsumerData, popCountMax, type SubscriptionData } from '@rocketmq-ts/protocol'
import type { CallOptions, Deadline } from '../calls/deadline.ts'
import { backoffMs } from '../calls/retrying.ts'
import { randomHex } from '../connection/client-id.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { checkedGroup } from '../connection/group-name.ts'
import { type MessageTraces, messageTraces } from '../message-traces.ts'
import type { PoppedMessage } from '../messages/received-message.ts'
import { FilterChecks } from '../reading/filter-check.ts'
import { subscriptionsOf } from '../reading/subscriptions.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import { BrokerHealth } from '../routing/broker-health.ts'
import { masterId } from '../routing/topic-route.ts'
import type { Telemetry } from '../telemetry.ts'
import { Arrivals, type SubscribedPlace } from './arrivals.ts'
import { GroupAttempts } from './group-attempts.ts'
import { type Pop, type Popped, pop, type RawPopped } from './pop.ts'
import { acknowledge, checkReceipted, type Receipted } from './receipts.ts'
import { Settling } from './settling.ts'
import {
  checkInvisible,
  checkReceive,
  checkSimpleConsumerOptions,
  type ReceiveOptions,
  receiveFields,
  type SimpleConsumerOptions,
} from './simple-consumer-options.ts'
import { StartOffsets } from './start-offsets.ts'

const defaults = { invisibleMs: 30_000, waitMs: 15_000, max: popCountMax } as const

/** Milliseconds for leaving a cluster whose brokers may be gone. */
const leaveTimeoutMs = 3000
/** Of the time of a call: the rest is for asking once more. */
const waitingShare = 0.75
/** Milliseconds between two looks for a topic that does not exist, or for messages that others are quicker to take. */
const lookAgain = { firstMs: 50, mostMs: 1000 } as const

/**
 * Receives messages of a group when the program asks for them, and leaves it to the program when each is done. A message
 * that was received is invisible to the rest of the group for a time; it comes again unless it is acknowledged by then.
 * Members need no queues of their own: any number of them may receive from one queue. A push `Consumer` may be a member
 * where POP is set for the group (`Admin.setRequestMode`); one that pulls would get the same messages once more.
 *
 *     await using consumer = new SimpleConsumer({ nameServers: 'localhost:9876', group: 'mailer', topics: 'orders' })
 *     for (const message of await consumer.receive({ max: 10 })) {
 *       await sendMail(message.body)
 *       await consumer.ack(message)
 *     }
 */
export class SimpleConsumer<Body = Buffer> implements AsyncDisposable {
  readonly #options: SimpleConsumerOptions<Body>
  readonly #client: ClusterClient
  readonly #group: string
  readonly #subscriptions: readonly SubscriptionData[]
  readonly #settling: Settling<Body>
  readonly #telemetry: Telemetry | undefined
  readonly #traces: MessageTraces | undefined
  readonly #health: BrokerHealth
  readonly #abort = new AbortController()
  readonly #arrivals: Arrivals
  readonly #starts: StartOffsets
  readonly #filters: FilterChecks
  /** Of requests in order whose answers were lost, by place: asked again with its id, a broker gives the same messages. */
  readonly #unanswered = new Map<string, string>()
  #turn = 0
  #closing: Promise<void> | undefined

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: SimpleConsumerOptions<Body>) {
    checkSimpleConsumerOptions(options)
    this.#options = options
    const client: ClusterClient = new ClusterClient(options, {
      name: 'simple consumer',
      membership: () => ({ producerGroups: [], consumers: [this.#memberData()] }),
      heartbeatAddresses: () => client.heartbeats.knownAddresses(),
    })
    this.#client = client
    const { clock, random } = client.runtime
    this.#group = client.namespace.wrap(checkedGroup(options.group))
    this.#subscriptions = subscriptionsOf(options.topics, client.namespace, clock.now())
    const attempts = new GroupAttempts(client, this.#group, options.attemptsMax)
    const { codec, undecodable } = options
    const group = this.#group
    this.#telemetry = client.telemetry(group)
    this.#traces = messageTraces(client, group)
    const told = { telemetry: this.#telemetry, traces: this.#traces }
    this.#settling = new Settling({ client, group, attempts, codec, undecodable, ...told })
    this.#health = new BrokerHealth(clock)
    this.#arrivals = new Arrivals(client, this.#group, this.#isOrdered, this.#abort.signal)
    this.#filters = new FilterChecks(client, this.#group)
    this.#starts = new StartOffsets(client, this.#group, options.from ?? 'latest')
    this.#turn = random.below(1024)
  }

  /** The consumer's name among the members of its group. */
  get clientId(): string {
    return this.#client.clientId
  }

  /**
   * Joins the group: what is sent after it has resolved is received, also from `latest`. `receive` does it too.
   * @throws RocketMQError when no name server answers, or a broker is away or refuses a filter
   */
  async start(options: CallOptions = {}): Promise<void> {
    const deadline = this.#client.deadline(options)
    this.#client.heartbeats.start()
    for (const place of await this.#places(deadline)) await this.#enter(place, deadline)
  }

  /**
   * Receives messages. Where there are none it waits for them, at all brokers at the same time.
   * @returns at least one; none when none has come in `waitMs`
   * @throws RocketMQError when no broker can be asked, or one refuses a filter; ABORTED by the signal, and then nothing was
   * taken, unless a request was just under way
   */
  async receive(options: ReceiveOptions = {}): Promise<PoppedMessage<Body>[]> {
    checkReceive(options)
    if (this.#telemetry === undefined) return this.#receive(options)
    const [{ topic }, ...others] = this.#subscriptions as [SubscriptionData, ...SubscriptionData[]]
    const one = others.length === 0 ? this.#client.namespace.unwrap(topic) : undefined
    return this.#telemetry.receive(one, () => this.#receive(options))
  }

  async #receive(options: ReceiveOptions): Promise<PoppedMessage<Body>[]> {
    const { invisibleMs = this.#options.invisibleMs ?? defaults.invisibleMs, max = defaults.max } = options
    const { waitMs = this.#options.waitMs ?? defaults.waitMs } = options
    const client = this.#client
    const { clock, random } = client.runtime
    const usualMs = waitMs + client.newDeadline().timeoutMs
    const deadline = client.deadline({ timeoutMs: usualMs, ...defined(options) }, receiveFields)
    client.heartbeats.start()
    const { timeoutMs = Number.POSITIVE_INFINITY } = options
    const endMs = clock.monotonic() + Math.min(waitMs, timeoutMs * waitingShare)
    for (let misses = 0; ; misses++) {
      const places = await this.#places(deadline)
      const { messages, failure } = await this.#look(places, { countMax: max, invisibleMs }, deadline)
      const handedOut = await this.#settling.handedOut(messages)
      if (handedOut.length > 0) return handedOut
      const leftMs = endMs - clock.monotonic()
      if (leftMs <= 0) {
        if (failure !== undefined) throw failure
        return []
      }
      const canBeTold = places.length > 0 && failure === undefined
      // Whatever the reason is, it is not to be asked for again and again.
      if (misses > 0 || !canBeTold) await deadline.pause(Math.min(leftMs, backoffMs(lookAgain, misses + 1, random)))
      if (!canBeTold) continue
      const beginMs = clock.monotonic()
      await this.#arrivals.wait(places, Math.max(0, endMs - beginMs), deadline)
      if (clock.monotonic() - beginMs > lookAgain.mostMs) misses = 0
    }
  }

  /**
   * Acknowledges messages: they are done, and do not come again. Doing it twice does no harm. Messages of a batch that was
   * stored whole are noted here, and acknowledged with the last of them: they have to be acknowledged by the same consumer.
   * @throws RocketMQError when one cannot be acknowledged, for example since it is visible again: then it comes again. Others
   * of the same call are acknowledged all the same
   */
  async ack(messages: Receipted | readonly Receipted[], options: CallOptions = {}): Promise<void> {
    const deadline = this.#client.deadline(options)
    const list = isList(messages) ? messages : [messages]
    list.forEach(checkReceipted)
    await this.#settling.acknowledge(list, deadline)
  }

  /**
   * Lets a message become visible to the group again so long from now: later than it was said, while it is still worked on;
   * or earlier, when it is to be tried again soon. `receipt` and `visibleTimestamp` of the message are new then, and count
   * alone. What is asked for meanwhile waits for it, such as `ack`.
   *
   * The messages of a batch that was stored whole become visible together, at the time that was said last for any of them:
   * all of them come again then, those that were acknowledged too. The receipts of the others stay good.
   * @param invisibleMs milliseconds, at least 1000
   * @throws RocketMQError when it is visible again already, or acknowledged
   */
  async changeInvisible(message: Receipted, invisibleMs: number, options: CallOptions = {}): Promise<void> {
    const deadline = this.#client.deadline(options)
    checkReceipted(message)
    checkInvisible(invisibleMs)
    await this.#settling.changeInvisible(message, invisibleMs, deadline)
  }

  /**
   * Puts a message among the group's dead letters, and acknowledges it. Of a batch that was stored whole it is this message
   * alone; brokers of RocketMQ refuse that one with SYSTEM_ERROR, those of this project take it.
   * @throws RocketMQError; then it may be among the dead letters, and come again all the same
   */
  async deadLetter(
    message: Pick<PoppedMessage<unknown>, 'receipt' | 'queue' | 'physicalOffset' | 'messageId' | 'topic'>,
    options: CallOptions = {},
  ): Promise<void> {
    const deadline = this.#client.deadline(options)
    checkReceipted(message)
    await this.#settling.deadLetter(message, deadline)
  }

  /** Leaves the group. What was received and is not acknowledged comes again when its time is over. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #isOrdered(): boolean {
    return this.#options.order === true
  }

  /** The brokers that have messages of the topics; none for topics that do not exist yet. */
  async #places(deadline: Deadline): Promise<SubscribedPlace[]> {
    const { routes } = this.#client
    const places: SubscribedPlace[] = []
    for (const subscription of this.#subscriptions) {
      const { topic } = subscription
      try {
        const { readBrokers, brokers } = await routes.find(topic, deadline)
        const names = new Set(readBrokers)
        this.#starts.saw(topic, names)
        for (const name of names) {
          const address = brokers.get(name)?.brokerAddrs.get(masterId)
          if (address !== undefined) places.push({ topic, broker: { name, address }, queueId: -1, subscription })
        }
      } catch (error) {
        if ((error as RocketMQError).code !== 'TOPIC_NOT_EXIST') throw error
        this.#starts.saw(topic, undefined)
      }
    }
    return places
  }

  /** Asks the places in turn, until one has messages. */
  async #look(
    places: readonly SubscribedPlace[],
    wanted: Pick<Pop, 'countMax' | 'invisibleMs'>,
    deadline: Deadline,
  ): Promise<{ messages: RawPopped[]; failure: RocketMQError | undefined }> {
    const healthy = places.filter(({ broker }) => !this.#health.isAvoided(broker.name))
    const asked = healthy.length === 0 ? places : healthy
    const first = this.#turn++
    let failure: RocketMQError | undefined
    for (let step = 0; step < asked.length; step++) {
      const place = asked[(first + step) % asked.length]!
      try {
        const messages = await this.#take(place, wanted, deadline)
        if (messages.length > 0) return { messages, failure: undefined }
      } catch (error) {
        failure = error as RocketMQError
        if (!(failure instanceof RocketMQError) || !isPassedBy(failure)) throw failure
        this.#health.failed(place.broker.name)
        this.#client.learnFrom(failure, place.topic)
      }
    }
    return { messages: [], failure }
  }

  /** Asks one place as often as it gives as many as it can. */
  async #take(
    place: SubscribedPlace,
    { countMax, invisibleMs }: Pick<Pop, 'countMax' | 'invisibleMs'>,
    deadline: Deadline,
  ): Promise<RawPopped[]> {
    await this.#enter(place, deadline)
    const client = this.#client
    const { subscription } = place
    const messages: RawPopped[] = []
    for (;;) {
      const asked = Math.min(popCountMax, countMax - messages.length)
      const request = { place, group: this.#group, subscription, countMax: asked, invisibleMs, waitMs: 0 }
      const key = JSON.stringify([place.topic, place.broker.name])
      const attemptId = this.#unanswered.get(key) ?? randomHex(client.runtime.random, 8)
      this.#unanswered.delete(key)
      let popped: Popped
      try {
        popped = await pop(client, { ...request, order: this.#isOrdered ? { attemptId } : undefined }, deadline)
      } catch (error) {
        if (this.#isOrdered && (error as RocketMQError).outcome === 'unknown') this.#unanswered.set(key, attemptId)
        if (messages.length === 0) throw error
        return messages
      }
      messages.push(...popped.messages)
      this.#passBy(popped.unwanted)
      if (popped.count < popCountMax || messages.length >= countMax) return messages
    }
  }

  /** A broker has to know the member, take its filter, and know where a new group begins, before it gives it anything. */
  async #enter(place: SubscribedPlace, deadline: Deadline): Promise<void> {
    try {
      await this.#filters.at(place.subscription, place.broker, deadline)
      await deadline.within(this.#client.heartbeats.known(place.broker.address))
      await this.#starts.settled(place, deadline)
    } catch (error) {
      this.#starts.missed(place)
      throw error
    }
  }

  /** What their tags only make look wanted would come again and again. */
  #passBy(unwanted: readonly RawPopped[]): void {
    if (unwanted.length === 0) return
    acknowledge(this.#client, this.#group, unwanted, this.#client.newDeadline()).catch((error: RocketMQError) => {
      this.#client.log.info({ err: error }, 'messages that nobody wants could not be acknowledged: they come again')
    })
  }

  #memberData(): ConsumerData {
    return {
      groupName: this.#group,
      consumeType: 'CONSUME_POP',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
      subscriptionDataSet: [...this.#subscriptions],
      unitMode: false,
    }
  }

  async #close(): Promise<void> {
    const client = this.#client
    client.stopTaking()
    this.#abort.abort()
    await this.#traces?.close(leaveTimeoutMs)
    await client.leave({ consumerGroup: this.#group }, leaveTimeoutMs)
    await client.close()
  }
}

/** Another broker may do, or the same one later. */
function isPassedBy({ retryable, code }: RocketMQError): boolean {
  return retryable || code === 'TOPIC_NOT_EXIST'
}

function isList(messages: Receipted | readonly Receipted[]): messages is readonly Receipted[] {
  return Array.isArray(messages)
}

/** Without the fields that are undefined. */
function defined(options: ReceiveOptions): ReceiveOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
