import { commands } from '@rocketmq-ts/protocol'
import { type CallOptions, Deadline } from '../calls/deadline.ts'
import { defaultBackoff } from '../calls/retrying.ts'
import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { checkedGroup } from '../connection/group-name.ts'
import { type SendDiagnostics, tracedSend } from '../diagnostics.ts'
import { checkFunctions, knownFields, refuseUnknownFields } from '../known-fields.ts'
import { type MessageTraces, messageTraces } from '../message-traces.ts'
import { bytes, type Codec, checkCodec, type MessageBody, toBuffer } from '../messages/codec.ts'
import type { Message, SendReceipt } from '../messages/message.ts'
import {
  checkedTopic,
  type ExtraProperties,
  type OutgoingMessage,
  outgoingMessage,
} from '../messages/outgoing-message.ts'
import type { ReceivedMessage } from '../messages/received-message.ts'
import { uniqueIds } from '../messages/unique-ids.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'
import type { Carrier, Telemetry } from '../telemetry.ts'
import { Batcher, type BatchingOptions } from './batching.ts'
import { InFlight } from './in-flight.ts'
import { MessageSender } from './message-sender.ts'
import { Numbering } from './numbering.ts'
import { recallMessage } from './recall.ts'
import { PendingReplies } from './replies.ts'
import { receiptsOf, type SendOutcome } from './send-many-error.ts'
import { type SendStreamOptions, sendStream } from './send-stream.ts'
import { sendTogether } from './send-together.ts'
import { answerCheck, halfMessage, openTransaction, type Transaction, type TransactionChecker } from './transactions.ts'

export interface ProducerOptions<Input = MessageBody> extends ClientOptions {
  /** Producers of one group can finish each other's transactions. */
  readonly group: string
  /** How bodies become bytes; text and bytes are sent as they are without one. */
  readonly codec?: Codec<Input, unknown> | undefined
  /** Attempts of one send at the most. By default as many as its time allows. */
  readonly attemptsMax?: number | undefined
  /** Bodies over so many bytes are compressed, unless that makes them larger. Default 4096. */
  readonly compressOverBytes?: number | undefined
  /** Bytes of a body at the most, as it is sent. Default 4 MiB, as brokers have it. */
  readonly messageBytesMax?: number | undefined
  /** Gathers messages that are sent one by one into batches; `true` for the defaults. Off without it. */
  readonly batching?: BatchingOptions | boolean | undefined
  /**
   * Numbers the messages, so that brokers with `idempotentProducerEnable` store each once, also when an answer was lost.
   * A message whose outcome is unknown is then tried at the same broker alone. Default false.
   */
  readonly idempotent?: boolean | undefined
  /**
   * Says what became of a transaction whose end its broker does not know, for example since the producer that began it
   * was killed. Needed for `beginTransaction`. The broker may ask any producer of the group.
   */
  readonly checkTransaction?: TransactionChecker | undefined
}

const optionFields = knownFields<ProducerOptions>({
  ...clientFields,
  group: true,
  codec: true,
  attemptsMax: true,
  compressOverBytes: true,
  messageBytesMax: true,
  batching: true,
  idempotent: true,
  checkTransaction: true,
})

/** Milliseconds that `close` waits for what is under way. */
const closeTimeoutMs = 10_000
const leaveTimeoutMs = 1000

/**
 * Sends messages. It connects at its first use.
 *
 *     await using producer = new Producer({ nameServers: 'localhost:9876', group: 'shop' })
 *     const receipt = await producer.send({ topic: 'orders', body: 'hello', keys: '4711' })
 */
export class Producer<Input = MessageBody> implements AsyncDisposable {
  readonly #client: ClusterClient
  readonly #group: string
  readonly #codec: Codec<Input, unknown>
  readonly #sender: MessageSender
  readonly #batcher: Batcher | undefined
  readonly #inFlight = new InFlight()
  readonly #newId: () => string
  readonly #replies: PendingReplies
  readonly #numbering: Numbering | undefined
  readonly #telemetry: Telemetry | undefined
  readonly #canCheck: boolean
  readonly #traces: MessageTraces | undefined
  readonly #compressOverBytes: number
  readonly #messageBytesMax: number
  #closing: Promise<void> | undefined

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: ProducerOptions<Input>) {
    refuseUnknownFields('a producer', options, optionFields)
    checkCodec(options.codec)
    checkFunctions({ checkTransaction: options.checkTransaction })
    this.#client = new ClusterClient(options, {
      name: 'producer',
      handlers: {
        checkTransactionState: (header, { body, connection }) => {
          const { checkTransaction } = options
          // The body is a part of the receive buffer, and the check may take its time.
          const half = Buffer.from(body)
          if (checkTransaction !== undefined) {
            const parts = { client: this.#client, group: this.#group, traces: this.#traces }
            void answerCheck(parts, header, half, connection.remoteAddress, checkTransaction)
          }
          return {}
        },
        pushReplyMessageToClient: (header, { body }) => this.#replies.arrived(header, Buffer.from(body)),
      },
      membership: () => ({ producerGroups: [this.#group], consumers: [] }),
      heartbeatAddresses: () => this.#client.routes.masterAddresses(),
    })
    const client = this.#client
    this.#group = client.namespace.wrap(checkedGroup(options.group))
    // Without a codec, `Input` is what the default one takes.
    this.#codec = options.codec ?? (bytes as Codec<unknown> as Codec<Input, unknown>)
    this.#newId = uniqueIds(client.runtime)
    this.#replies = new PendingReplies(client)
    this.#numbering = options.idempotent === true ? new Numbering(client.runtime) : undefined
    this.#canCheck = options.checkTransaction !== undefined
    this.#telemetry = client.telemetry(this.#group)
    const { attemptsMax } = options
    const compressOverBytes = options.compressOverBytes ?? 4096
    const messageBytesMax = options.messageBytesMax ?? 4 * 1024 * 1024
    for (const [name, value, least] of [
      ['attemptsMax', attemptsMax ?? 1, 1],
      ['compressOverBytes', compressOverBytes, 0],
      ['messageBytesMax', messageBytesMax, 1],
    ] as const) {
      if (!(value >= least)) throw invalidArgument(`${name} is ${value}: give at least ${least}`)
    }
    this.#compressOverBytes = compressOverBytes
    this.#messageBytesMax = messageBytesMax
    this.#traces = messageTraces(client, this.#group)
    const traces = this.#traces
    this.#sender = new MessageSender({ client, group: this.#group, backoff: defaultBackoff, attemptsMax, traces })
    const batching = options.batching === true ? {} : options.batching || undefined
    if (batching !== undefined) {
      this.#batcher = new Batcher({
        clock: client.runtime.clock,
        options: batching,
        send: (messages) => this.#sender.send(messages, client.newDeadline()),
      })
    }
    client.routes.onRoute(({ brokers }) => {
      client.heartbeats.start()
      for (const { brokerAddrs } of brokers.values()) {
        const address = brokerAddrs.get(masterId)
        if (address !== undefined) client.heartbeats.knownSoon(address)
      }
    })
  }

  /** The producer's name among the clients of its brokers. */
  get clientId(): string {
    return this.#client.clientId
  }

  /** Connects to a name server, so that a wrong address shows at once. @throws RocketMQError */
  async start(options: CallOptions = {}): Promise<void> {
    await this.#client.nameServers.ask(commands.getBrokerClusterInfo, {}, this.#client.deadline(options))
  }

  /**
   * Sends a message, and tries again until its time is over: at another broker first, where no queue is given.
   * @returns where it is stored
   * @throws RocketMQError; its `outcome` is `unknown` when the message may be stored all the same
   */
  send(message: Message<Input>, options?: CallOptions): Promise<SendReceipt>
  /**
   * Sends several messages, as many as possible in one request.
   * @returns receipts in the order of the messages
   * @throws SendManyError, which says of each message where it is stored, or why it is not
   */
  send(messages: readonly Message<Input>[], options?: CallOptions): Promise<SendReceipt[]>
  async send(
    given: Message<Input> | readonly Message<Input>[],
    options: CallOptions = {},
  ): Promise<SendReceipt | SendReceipt[]> {
    const deadline = this.#client.deadline(options)
    const messages = isList(given) ? given : [given]
    const about = (): SendDiagnostics => {
      const { clientId } = this.#client
      return { topic: messages[0]?.topic ?? '', group: this.#group, clientId, count: messages.length }
    }
    const call = (carrier: Carrier = {}): Promise<SendReceipt | SendReceipt[]> =>
      isList(given) ? this.#sendMany(given, deadline, carrier) : this.#sendOne(given, deadline, carrier)
    const telemetry = this.#telemetry
    const send = telemetry === undefined ? call : () => telemetry.send(messages, call)
    return this.#inFlight.track(tracedSend(about, send))
  }

  /**
   * Sends what a source gives, many at a time, and gives receipts in the order of the source. With `batching` they share
   * requests.
   *
   *     for await (const receipt of producer.sendStream(lines)) ...
   *
   * The source is read only as far ahead as `concurrency` allows, and as receipts are taken.
   * @throws as `send`; messages that were read before may be stored all the same
   */
  sendStream(
    source: AsyncIterable<Message<Input>> | Iterable<Message<Input>>,
    options: SendStreamOptions = {},
  ): AsyncGenerator<SendReceipt, void, void> {
    const { concurrency, ...call } = options
    return sendStream(source, (message) => this.send(message, call), concurrency)
  }

  /**
   * Sends a message without waiting for an answer: fast, and lost without a word when anything fails on the way.
   * @throws RocketMQError when it could not even be handed to the system
   */
  async sendOneWay(message: Message<Input>, options: CallOptions = {}): Promise<void> {
    const deadline = this.#client.deadline(options)
    await this.#inFlight.track(this.#outgoing(message).then((outgoing) => this.#sender.sendOneWay(outgoing, deadline)))
  }

  /**
   * Stores a message that is delivered only when its transaction is committed. Several may be open at a time.
   *
   *     await using transaction = await producer.beginTransaction({ topic: 'orders', body: 'paid' })
   *     await database.save(order)
   *     await transaction.commit()
   *
   * One that is left without an end is rolled back by `await using`.
   * @throws RocketMQError
   */
  async beginTransaction(message: Message<Input>, options: CallOptions = {}): Promise<Transaction> {
    if (!this.#canCheck) throw invalidArgument('the producer has no checkTransaction: give it in its options')
    const deadline = this.#client.deadline(options)
    return this.#inFlight.track(this.#begin(message, deadline))
  }

  /**
   * Sends a message to which a consumer replies, and waits for the reply.
   * @throws RocketMQError; TIMEOUT when no reply came in the time of the call
   */
  async request(message: Message<Input>, options: CallOptions = {}): Promise<ReceivedMessage> {
    const deadline = this.#client.deadline(options)
    return this.#inFlight.track(this.#request(message, deadline))
  }

  /**
   * Takes a delayed message back before it is delivered.
   * @param handle of its receipt
   * @throws RocketMQError, also when it was delivered already
   */
  async recall(topic: string, handle: string, options: CallOptions = {}): Promise<void> {
    const deadline = this.#client.deadline(options)
    const wrapped = checkedTopic(topic, this.#client.namespace)
    await this.#inFlight.track(recallMessage(this.#client, this.#group, wrapped, handle, deadline))
  }

  /** Waits for what is under way, at most 10 s, and leaves the cluster. Later calls fail with CLOSED. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #begin(message: Message<Input>, deadline: Deadline): Promise<Transaction> {
    const half = halfMessage(this.#group)
    const topic = checkedTopic(message.topic, this.#client.namespace)
    const parts = { client: this.#client, group: this.#group, traces: this.#traces }
    if (this.#numbering !== undefined) {
      return openTransaction(parts, topic, await this.#sendNumbered(message, deadline, half))
    }
    const [receipt] = await this.#sender.send([await this.#outgoing(message, half)], deadline)
    return openTransaction(parts, topic, receipt!)
  }

  async #sendOne(message: Message<Input>, deadline: Deadline, properties: Carrier): Promise<SendReceipt> {
    if (this.#numbering !== undefined) return this.#sendNumbered(message, deadline, { properties })
    const outgoing = await this.#outgoing(message, { properties })
    const isBatched = outgoing.isBatchable && outgoing.queue === undefined && outgoing.shardingKey === undefined
    if (this.#batcher !== undefined && isBatched) return this.#batcher.add(outgoing, deadline)
    const [receipt] = await this.#sender.send([outgoing], deadline)
    return receipt!
  }

  async #sendNumbered(message: Message<Input>, deadline: Deadline, extra: ExtraProperties): Promise<SendReceipt> {
    const numbered = await this.#numbering!.take(deadline)
    try {
      const properties = { ...extra.properties, ...numbered.properties }
      const outgoing = await this.#outgoing(message, { ...extra, properties })
      const [receipt] = await this.#sender.send([{ ...outgoing, isStoredOnce: true }], deadline)
      return receipt!
    } finally {
      numbered.end()
    }
  }

  async #sendMany(
    messages: readonly Message<Input>[],
    deadline: Deadline,
    properties: Carrier,
  ): Promise<SendReceipt[]> {
    if (messages.length === 0) return []
    if (this.#numbering !== undefined) return receiptsOf(await this.#sendEach(messages, deadline, properties))
    // A message that cannot be sent is the caller's mistake: then none is.
    const outgoing: OutgoingMessage[] = []
    for (const message of messages) outgoing.push(await this.#outgoing(message, { properties }))
    return receiptsOf(await sendTogether(outgoing, this.#sender, deadline))
  }

  /** Numbered messages go one by one: what shares a request with others has no number. */
  async #sendEach(
    messages: readonly Message<Input>[],
    deadline: Deadline,
    properties: Carrier,
  ): Promise<SendOutcome[]> {
    const sending = messages.map((message) => this.#sendNumbered(message, deadline, { properties }))
    return (await Promise.allSettled(sending)).map((outcome) =>
      outcome.status === 'fulfilled' ? { receipt: outcome.value } : { error: outcome.reason as RocketMQError },
    )
  }

  async #request(message: Message<Input>, deadline: Deadline): Promise<ReceivedMessage> {
    const { routes, heartbeats, clientId } = this.#client
    const route = await routes.findToSend(checkedTopic(message.topic, this.#client.namespace), deadline)
    // The broker gives the reply to a client that it knows by a heartbeat.
    const known = [...route.brokers.values()].flatMap(({ brokerAddrs }) => {
      const address = brokerAddrs.get(masterId)
      return address === undefined ? [] : [heartbeats.known(address)]
    })
    await deadline.within(Promise.allSettled(known))
    const reply = this.#replies.expect(clientId, deadline)
    try {
      const outgoing = await this.#outgoing(message, { properties: reply.properties })
      await this.#sender.send([{ ...outgoing, isBatchable: false }], deadline)
      return await deadline.within(reply.arrival)
    } finally {
      reply.end()
    }
  }

  async #outgoing(message: Message<Input>, extra: ExtraProperties = {}): Promise<OutgoingMessage> {
    const { namespace } = this.#client
    let body: Buffer
    try {
      body = toBuffer(await this.#codec.encode(message.body))
    } catch (cause) {
      if (cause instanceof RocketMQError) throw cause
      throw invalidArgument(`the body cannot be encoded: ${(cause as Error).message}`, cause)
    }
    return outgoingMessage(message as Message<unknown>, body, {
      namespace,
      newId: this.#newId,
      compressOverBytes: this.#compressOverBytes,
      messageBytesMax: this.#messageBytesMax,
      ...extra,
    })
  }

  async #close(): Promise<void> {
    const client = this.#client
    client.stopTaking()
    const { clock } = client.runtime
    const drained = Promise.all([this.#batcher?.flush(), this.#inFlight.drained()])
    await new Deadline(clock, {}, closeTimeoutMs).within(drained).catch(() => {})
    await this.#traces?.close(leaveTimeoutMs)
    await client.leave({ producerGroup: this.#group }, leaveTimeoutMs)
    await client.close()
  }
}

function isList<Item>(given: Item | readonly Item[]): given is readonly Item[] {
  return Array.isArray(given)
}
