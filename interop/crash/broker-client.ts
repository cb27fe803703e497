import { type ObservedRecord, observedRecords } from '@rocketmq-ts/dev-env/checkers'
import {
  BrokerCalls,
  type Caller,
  type NewMessage,
  type PullRequest,
  type ReadMessage,
  type SendAnswer,
} from '@rocketmq-ts/dev-env/client'
import { type Connection, createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  type ConsumerOffsets,
  commands,
  consumerOffsetsBody,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  type SubscriptionGroupTable,
  subscriptionGroupTableBody,
  type TopicConfigTable,
} from '@rocketmq-ts/protocol'
import { Peer, parseAddress, type RemotingConnection } from '@rocketmq-ts/remoting'
import { patienceMs } from '../targets/deadline.ts'

export interface PullAnswer {
  readonly code: number
  readonly records: ObservedRecord[]
  /** The records as they came, back to back. */
  readonly bytes: Buffer
  readonly nextOffset: number
  readonly minOffset: number
  readonly maxOffset: number
}

const { network, clock } = createNodePlatform()

/** One connection to a broker, with what tests ask of it: the same requests whoever made the broker. */
export class BrokerClient {
  readonly connection: RemotingConnection
  readonly #calls: BrokerCalls

  /**
   * @param address host:port
   * @param timeoutMs for connecting and for each answer
   */
  static async connect(address: string, timeoutMs = patienceMs): Promise<BrokerClient> {
    return new BrokerClient(await network.connect(parseAddress(address), timeoutMs), timeoutMs)
  }

  private constructor(connection: Connection, timeoutMs: number) {
    // Brokers notify members of groups; nothing here depends on it.
    const opened = new Peer<'client'>({ clock, log: silentLog }).open(connection)
    this.connection = opened
    const caller: Caller = {
      id: 'test',
      get wallMs() {
        return Date.now()
      },
      timeoutMs,
      call: (_address, command, header, options) => opened.invoke(command, header, { timeoutMs, ...options }),
    }
    this.#calls = new BrokerCalls(caller, opened.remoteAddress)
  }

  /** For those who ask as others do. */
  get calls(): BrokerCalls {
    return this.#calls
  }

  /** The answer whatever its code. */
  call<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
    timeoutMs?: number,
  ): Promise<RemotingCommand> {
    return this.#calls.call(command, header, body, timeoutMs)
  }

  /** @throws ResponseError when the answer is not SUCCESS */
  ask<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
  ): Promise<{ header: ResponseOf<C>; body: Buffer }> {
    return this.#calls.ask(command, header, body)
  }

  /** @throws ResponseError when it was refused */
  send(message: NewMessage, version?: 1 | 2): Promise<SendAnswer> {
    return this.#calls.send(message, version)
  }

  /** Messages of one topic and queue in one request. @throws ResponseError when it was refused */
  sendBatch(messages: readonly NewMessage[], batchId?: string): Promise<SendAnswer> {
    return this.#calls.sendBatch(messages, batchId)
  }

  /** @throws ResponseError for every code but found, not found, nothing that matches, and offset moved */
  async pull(request: PullRequest): Promise<PullAnswer> {
    const answer = await this.#calls.pull(request)
    return { ...answer, records: observedRecords(answer.bytes) }
  }

  /** All messages of a queue from an offset on. @throws ResponseError when the broker does not know the topic */
  readQueue(topic: string, queueId = 0, fromOffset = 0): Promise<ReadMessage[]> {
    return this.#calls.readQueue(topic, queueId, fromOffset)
  }

  commitOffset(group: string, topic: string, queueId: number, offset: number): Promise<void> {
    return this.#calls.commitOffset(group, topic, queueId, offset)
  }

  /** Undefined when the broker knows none. */
  committedOffset(group: string, topic: string, queueId: number): Promise<number | undefined> {
    return this.#calls.committedOffset(group, topic, queueId)
  }

  maxOffset(topic: string, queueId: number): Promise<number> {
    return this.#calls.maxOffset(topic, queueId)
  }

  async minOffset(topic: string, queueId: number): Promise<number> {
    return (await this.ask(commands.getMinOffset, { topic, queueId })).header.offset
  }

  offsetByTime(topic: string, queueId: number, timestamp: number, boundary: 'lower' | 'upper'): Promise<number> {
    return this.#calls.offsetByTime(topic, queueId, timestamp, boundary)
  }

  /** Messages that the index names for a key; a hash may name others too. */
  async findByKey(topic: string, key: string, isUniqueKey?: boolean): Promise<ObservedRecord[]> {
    return observedRecords(await this.#calls.findByKey(topic, key, isUniqueKey))
  }

  async sendBack(record: ObservedRecord, group: string, delayLevel: number): Promise<void> {
    await this.ask(commands.consumerSendMsgBack, {
      offset: record.physicalOffset,
      group,
      delayLevel,
      originMsgId: record.id,
      originTopic: record.topic,
      unitMode: false,
      maxReconsumeTimes: 16,
    })
  }

  /** @param attributes in the form `+name=value` */
  createTopic(topic: string, queues: number, attributes?: string): Promise<void> {
    return this.#calls.createTopic(topic, queues, undefined, attributes)
  }

  topics(): Promise<TopicConfigTable> {
    return this.#calls.topics()
  }

  async groups(): Promise<SubscriptionGroupTable> {
    return subscriptionGroupTableBody.decode((await this.ask(commands.getAllSubscriptiongroupConfig, {})).body)
  }

  async committedOffsets(): Promise<ConsumerOffsets> {
    return consumerOffsetsBody.decode((await this.ask(commands.getAllConsumerOffset, {})).body)
  }

  close(): void {
    this.connection.destroy()
  }
}
