import type { SubscriptionData } from '@rocketmq-ts/protocol'
import type { CallOptions, Deadline } from '../calls/deadline.ts'
import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { bytes, type Codec, checkCodec } from '../messages/codec.ts'
import { checkedTopic } from '../messages/outgoing-message.ts'
import { type RawMessage, type ReceivedMessage, withoutInternals } from '../messages/received-message.ts'
import { closedError, invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { masterId, type QueueRef, queueKey } from '../routing/topic-route.ts'
import { FilterChecks } from './filter-check.ts'
import { checkPosition, clockSkewMs, offsetOfPosition, type StartPosition } from './queue-positions.ts'
import { QueueReading, readerGroup } from './queue-reading.ts'
import { type Filter, subscriptionOf } from './subscriptions.ts'

export interface ReaderOptions<Body = Buffer> extends ClientOptions {
  readonly topic: string
  /**
   * Where to begin in each queue. Default `earliest`. `latest` is where a queue ends when reading begins, or, of a broker that cannot be
   * asked then, what is stored from up to a minute before: clocks of brokers and clients may differ by so much.
   */
  readonly from?: StartPosition | undefined
  /**
   * Where to end: `latest` with what is there when reading begins, or before the first message that was stored at a time or
   * later. Without it reading goes on with what comes.
   */
  readonly to?: Exclude<StartPosition, 'earliest'> | undefined
  /** The queues to read; all of the topic without them, those that it gets later too. */
  readonly queues?: readonly Pick<QueueRef, 'broker' | 'queueId'>[] | undefined
  readonly filter?: Filter | undefined
  /** How bytes become bodies; they stay bytes without one. */
  readonly codec?: Codec<never, Body> | undefined
  /** A message that cannot be decoded ends reading with UNDECODABLE, or is passed over. Default `fail`. */
  readonly undecodable?: 'fail' | 'skip' | undefined
}

const optionFields = knownFields<ReaderOptions>({
  ...clientFields,
  topic: true,
  from: true,
  to: true,
  queues: true,
  filter: true,
  codec: true,
  undecodable: true,
})

/** How far a reader is in a queue. */
export interface QueueLag {
  readonly queue: QueueRef
  /** Of the next message that it gives. */
  readonly nextOffset: number
  /** Of the next message that is stored. */
  readonly endOffset: number
  /** Messages between the two. */
  readonly lag: number
}

/**
 * Reads a topic without being a member of a group: nothing is committed. Messages of a queue come in their order. A topic
 * that does not exist yet is waited for as long as a call may take (`timeoutMs`).
 *
 *     await using reader = new Reader({ nameServers: 'localhost:9876', topic: 'orders', to: 'latest' })
 *     for await (const message of reader) console.log(message.queueOffset, String(message.body))
 */
export class Reader<Body = Buffer> implements AsyncIterable<ReceivedMessage<Body>>, AsyncDisposable {
  readonly #options: ReaderOptions<Body>
  readonly #client: ClusterClient
  readonly #codec: Codec<never, Body>
  readonly #topic: string
  readonly #subscription: SubscriptionData
  readonly #filters: FilterChecks
  readonly #readings = new Map<string, QueueReading>()
  readonly #abort = new AbortController()
  #assigned: readonly Pick<QueueRef, 'broker' | 'queueId'>[] | undefined
  #opening: Promise<void> | undefined
  #isOpen = false
  #openedMs = 0
  #turn = 0
  #isIterated = false
  readonly #endLag: (() => void) | undefined
  #wake: (() => void) | undefined

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: ReaderOptions<Body>) {
    refuseUnknownFields('a reader', options, optionFields)
    checkCodec(options.codec)
    this.#options = options
    this.#client = new ClusterClient(options, { name: 'reader' })
    // Without a codec, `Body` is what the default one gives.
    this.#codec = options.codec ?? (bytes as Codec<never, unknown> as Codec<never, Body>)
    this.#topic = checkedTopic(options.topic, this.#client.namespace)
    checkPosition('from', options.from)
    checkPosition('to', options.to)
    this.#subscription = subscriptionOf(this.#topic, options.filter ?? '*', 0)
    this.#filters = new FilterChecks(this.#client, readerGroup)
    this.#assigned = options.queues
    this.#endLag = this.#client.telemetry()?.observeLag(() => this.#lags())
    this.#client.routes.onRoute(({ topic, readQueues }) => {
      const isFollowing = this.#isOpen && this.#assigned === undefined && options.to === undefined
      if (topic === this.#topic && isFollowing) this.#follow(readQueues)
    })
  }

  /** The topic's queues that give messages. @throws RocketMQError TOPIC_NOT_EXIST when there is no such topic by the deadline */
  async queues(options: CallOptions = {}): Promise<readonly QueueRef[]> {
    const route = await this.#client.routes.findInTime(this.#topic, this.#client.deadline(options))
    return route.readQueues.map((queue) => this.#shown(queue))
  }

  /** From now on these queues are read, and no others. Those that are new begin at `from`. */
  assign(queues: readonly Pick<QueueRef, 'broker' | 'queueId'>[]): void {
    if (this.#abort.signal.aborted) throw closedError('reader')
    this.#assigned = queues
    this.#assign(queues.map(({ broker, queueId }) => ({ topic: this.#topic, broker, queueId })))
    this.#wake?.()
  }

  /**
   * Goes on elsewhere: in one queue, or in all of them.
   * @param position as `from`, or an offset
   * @throws RocketMQError INVALID_ARGUMENT when the queue is not read, or the position is none
   */
  async seek(
    position: StartPosition | { readonly offset: number },
    queue?: Pick<QueueRef, 'broker' | 'queueId'>,
    options: CallOptions = {},
  ): Promise<void> {
    if (!(typeof position === 'object' && 'offset' in position)) checkPosition('position', position)
    await this.#open(this.#client.deadline(options))
    const readings =
      queue === undefined ? [...this.#readings.values()] : [this.#readings.get(queueKey(this.#queue(queue)))]
    for (const reading of readings) {
      if (reading === undefined) throw invalidArgument(`the queue ${queue!.queueId} of ${queue!.broker} is not read`)
      reading.seek(position)
    }
    this.#wake?.()
  }

  /** How far it is in each queue. @throws RocketMQError */
  async lag(options: CallOptions = {}): Promise<QueueLag[]> {
    const deadline = this.#client.deadline(options)
    await this.#open(deadline)
    return Promise.all(
      [...this.#readings.values()].map(async (reading) => {
        const { queue } = reading
        const nextOffset = await reading.position(deadline)
        const address = this.#client.routes.known(queue.topic)?.brokers.get(queue.broker)?.brokerAddrs.get(masterId)
        if (address === undefined) throw new RocketMQError('NO_ROUTE', `${queue.broker} has no master now`, queue)
        const endOffset = await offsetOfPosition(this.#client, queue, address, 'latest', deadline)
        return { queue: this.#shown(queue), nextOffset, endOffset, lag: Math.max(0, endOffset - nextOffset) }
      }),
    )
  }

  [Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage<Body>, void, void> {
    return this.messages()
  }

  /**
   * The messages. One loop at a time reads them; a later one goes on where it ended.
   * @throws RocketMQError when a queue cannot be read and trying again does not help; ABORTED by the signal
   */
  async *messages({
    signal,
  }: {
    readonly signal?: AbortSignal
  } = {}): AsyncGenerator<ReceivedMessage<Body>, void, void> {
    if (this.#isIterated) throw invalidArgument('the reader is being read already: use one more reader')
    this.#isIterated = true
    const wake = (): void => this.#wake?.()
    signal?.addEventListener('abort', wake)
    try {
      await this.#open(this.#client.deadline({ signal }))
      while (!this.#abort.signal.aborted) {
        if (signal?.aborted)
          throw new RocketMQError('ABORTED', 'reading was ended by its signal', { cause: signal.reason })
        const raw = this.#next()
        if (raw === 'ended') return
        if (raw === 'waiting') {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
          continue
        }
        const message = await this.#decoded(raw)
        if (message !== undefined) yield message
      }
    } finally {
      this.#isIterated = false
      signal?.removeEventListener('abort', wake)
    }
  }

  /** A loop that reads ends; later calls fail with CLOSED. */
  async close(): Promise<void> {
    this.#abort.abort()
    this.#endLag?.()
    this.#wake?.()
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A topic that its first message has just made is waited for. @throws RocketMQError when the topic has no route */
  async #open(deadline: Deadline): Promise<void> {
    this.#opening ??= this.#begin(deadline).catch((error) => {
      this.#opening = undefined
      throw error
    })
    await this.#opening
  }

  async #begin(deadline: Deadline): Promise<void> {
    const { readQueues } = await this.#client.routes.findInTime(this.#topic, deadline)
    await this.#filters.everywhere(this.#subscription, deadline)
    this.#assign(this.#assigned?.map((queue) => this.#queue(queue)) ?? readQueues)
    this.#openedMs = this.#client.runtime.clock.now()
    this.#isOpen = true
  }

  #assign(queues: readonly QueueRef[]): void {
    const wanted = new Map(queues.map((queue) => [queueKey(queue), queue]))
    for (const key of this.#readings.keys()) if (!wanted.has(key)) this.#readings.delete(key)
    for (const [key, queue] of wanted) {
      if (!this.#readings.has(key)) this.#readings.set(key, this.#reading(queue, this.#options.from ?? 'earliest'))
    }
  }

  /** Queues that the topic has got, or whose broker was away when reading began. */
  #follow(queues: readonly QueueRef[]): void {
    const { from = 'earliest' } = this.#options
    const position = from === 'latest' ? this.#openedMs - clockSkewMs : from
    for (const queue of queues) {
      const key = queueKey(queue)
      if (!this.#readings.has(key)) this.#readings.set(key, this.#reading(queue, position))
    }
    this.#wake?.()
  }

  #reading(queue: QueueRef, position: StartPosition): QueueReading {
    return new QueueReading(queue, position, {
      client: this.#client,
      subscription: this.#subscription,
      filters: this.#filters,
      to: this.#options.to,
      signal: this.#abort.signal,
      onChange: () => this.#wake?.(),
    })
  }

  /** The next message, of queues in turn. @throws RocketMQError when a queue cannot be read */
  #next(): RawMessage | 'waiting' | 'ended' {
    const readings = [...this.#readings.values()]
    for (let step = 0; step < readings.length; step++) {
      const index = (this.#turn + step) % readings.length
      const reading = readings[index]!
      if (!reading.hasFound) {
        if (reading.failure !== undefined) throw reading.failure
        reading.pullAhead()
        continue
      }
      this.#turn = index + 1
      const message = reading.take()
      if (!reading.hasFound) reading.pullAhead()
      return message
    }
    return readings.every(({ isEnded }) => isEnded) ? 'ended' : 'waiting'
  }

  async #decoded(raw: RawMessage): Promise<ReceivedMessage<Body> | undefined> {
    try {
      if (raw.body instanceof RocketMQError) throw raw.body
      return { ...withoutInternals(raw), body: await this.#codec.decode(raw.body) }
    } catch (cause) {
      if (this.#options.undecodable === 'skip') return undefined
      const { messageId, queue } = raw
      throw new RocketMQError('UNDECODABLE', `the body of message ${messageId} cannot be decoded`, { ...queue, cause })
    }
  }

  *#lags(): Generator<{ queue: QueueRef; lag: number }, void, void> {
    for (const { queue, lag } of this.#readings.values())
      if (lag !== undefined) yield { queue: this.#shown(queue), lag }
  }

  #shown(queue: QueueRef): QueueRef {
    return { ...queue, topic: this.#client.namespace.unwrap(queue.topic) }
  }

  #queue({ broker, queueId }: Pick<QueueRef, 'broker' | 'queueId'>): QueueRef {
    return { topic: this.#topic, broker, queueId }
  }
}
