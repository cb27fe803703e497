import { type LoadMessage, type ObservedRecord, observedRecords } from '@rocketmq-ts/dev-env/checkers'
import { type Connection, createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  type BatchedMessage,
  type ConsumerOffsets,
  commands,
  consumerOffsetsBody,
  encodeBatchBody,
  encodeMessageProperties,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  responseCodeName,
  responseCodes,
  type SubscriptionGroupTable,
  subscriptionGroupTableBody,
  type TopicConfigTable,
  topicConfigAndMappingTableBody,
} from '@rocketmq-ts/protocol'
import { Peer, parseAddress, type RemotingConnection, ResponseError } from '@rocketmq-ts/remoting'

/** A message before it is sent. */
export type NewMessage = LoadMessage

export interface PullRequest {
  readonly group: string
  readonly topic: string
  readonly queueId: number
  readonly offset: number
  readonly countMax: number
  /** Tag expression, `*` without. */
  readonly expression?: string
  /** How long the broker may hold the pull when there is nothing. */
  readonly waitMs?: number
  /** Committed with the pull when given. */
  readonly commitOffset?: number
}

export interface PullAnswer {
  readonly code: number
  readonly records: ObservedRecord[]
  /** The records as they came, back to back. */
  readonly bytes: Buffer
  readonly nextOffset: number
  readonly minOffset: number
  readonly maxOffset: number
}

export interface SendAnswer {
  readonly queueId: number
  readonly queueOffset: number
  /** One for each message, separated by commas. */
  readonly messageIds: string[]
  /** Of a message that waits for its time. */
  readonly recallHandle?: string
}

const { network, clock } = createNodePlatform()
const pullFlags = { commitOffset: 1, suspend: 2, subscription: 4 }
const emptyBody = Buffer.alloc(0)

/** One connection to a broker, with what tests ask of it: the same requests whoever made the broker. */
export class BrokerClient {
  readonly connection: RemotingConnection
  readonly #timeoutMs: number

  /**
   * @param address host:port
   * @param timeoutMs for connecting and for each answer
   */
  static async connect(address: string, timeoutMs = 15_000): Promise<BrokerClient> {
    return new BrokerClient(await network.connect(parseAddress(address), timeoutMs), timeoutMs)
  }

  private constructor(connection: Connection, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    // Brokers notify members of groups; nothing here depends on it.
    this.connection = new Peer<'client'>({ clock, log: silentLog }).open(connection)
  }

  /** The answer whatever its code. */
  call<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
    timeoutMs = this.#timeoutMs,
  ): Promise<RemotingCommand> {
    return this.connection.invoke(command, header, { body, timeoutMs })
  }

  /** @throws ResponseError when the answer is not SUCCESS */
  async ask<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
  ): Promise<{ header: ResponseOf<C>; body: Buffer }> {
    const answer = await this.call(command, header, body)
    if (answer.code !== responseCodes.SUCCESS.code) throw this.#responseError(command, answer)
    return {
      header: command.responseCodec.decode(answer.extFields) as ResponseOf<C>,
      body: answer.body ?? emptyBody,
    }
  }

  /** @throws ResponseError when it was refused */
  async send(message: NewMessage, version: 1 | 2 = 2): Promise<SendAnswer> {
    const command = version === 1 ? commands.sendMessage : commands.sendMessageV2
    const header = sendHeader(
      message.topic,
      message.queueId,
      encodeMessageProperties(Object.entries(message.properties)),
    )
    return sendAnswer((await this.ask(command, header, message.body)).header)
  }

  /** Messages of one topic and queue in one request. @throws ResponseError when it was refused */
  async sendBatch(messages: readonly NewMessage[]): Promise<SendAnswer> {
    const { topic, queueId } = messages[0]!
    const batch = messages.map(
      ({ body, properties }): BatchedMessage => ({
        flag: 0,
        body,
        propertiesBytes: Buffer.from(encodeMessageProperties(Object.entries(properties))),
      }),
    )
    const header = { ...sendHeader(topic, queueId, ''), batch: true }
    return sendAnswer((await this.ask(commands.sendBatchMessage, header, encodeBatchBody(batch))).header)
  }

  /** @throws ResponseError for every code but found, not found, nothing that matches, and offset moved */
  async pull(request: PullRequest): Promise<PullAnswer> {
    const { group, topic, queueId, offset, countMax, expression = '*', waitMs = 0, commitOffset } = request
    const command = commands.pullMessage
    const header = {
      consumerGroup: group,
      topic,
      queueId,
      queueOffset: offset,
      maxMsgNums: countMax,
      sysFlag:
        pullFlags.subscription |
        (waitMs > 0 ? pullFlags.suspend : 0) |
        (commitOffset === undefined ? 0 : pullFlags.commitOffset),
      commitOffset: commitOffset ?? 0,
      suspendTimeoutMillis: waitMs,
      subscription: expression,
      subVersion: 0,
      expressionType: 'TAG',
    }
    const answer = await this.call(command, header, undefined, this.#timeoutMs + waitMs)
    const name = responseCodeName(answer.code)
    const expected = ['SUCCESS', 'PULL_NOT_FOUND', 'PULL_RETRY_IMMEDIATELY', 'PULL_OFFSET_MOVED']
    if (name === undefined || !expected.includes(name)) throw this.#responseError(command, answer)
    const { nextBeginOffset, minOffset, maxOffset } = command.responseCodec.decode(answer.extFields)
    const bytes = name === 'SUCCESS' ? (answer.body ?? emptyBody) : emptyBody
    return {
      code: answer.code,
      bytes,
      records: observedRecords(bytes),
      nextOffset: nextBeginOffset,
      minOffset,
      maxOffset,
    }
  }

  async commitOffset(group: string, topic: string, queueId: number, commitOffset: number): Promise<void> {
    await this.ask(commands.updateConsumerOffset, { consumerGroup: group, topic, queueId, commitOffset })
  }

  /** Undefined when the broker knows none. */
  async committedOffset(group: string, topic: string, queueId: number): Promise<number | undefined> {
    const command = commands.queryConsumerOffset
    const answer = await this.call(command, { consumerGroup: group, topic, queueId })
    if (answer.code === responseCodes.QUERY_NOT_FOUND.code) return undefined
    if (answer.code !== responseCodes.SUCCESS.code) throw this.#responseError(command, answer)
    return command.responseCodec.decode(answer.extFields).offset
  }

  async maxOffset(topic: string, queueId: number): Promise<number> {
    return (await this.ask(commands.getMaxOffset, { topic, queueId, committed: true })).header.offset
  }

  async minOffset(topic: string, queueId: number): Promise<number> {
    return (await this.ask(commands.getMinOffset, { topic, queueId })).header.offset
  }

  async offsetByTime(
    topic: string,
    queueId: number,
    timestamp: number,
    boundaryType: 'lower' | 'upper',
  ): Promise<number> {
    return (await this.ask(commands.searchOffsetByTimestamp, { topic, queueId, timestamp, boundaryType })).header.offset
  }

  /** Messages that the index names for a key; a hash may name others too. */
  async findByKey(topic: string, key: string, isUniqueKey = false): Promise<ObservedRecord[]> {
    const command = commands.queryMessage
    const answer = await this.call(command, {
      topic,
      key,
      maxNum: 32,
      beginTimestamp: 0,
      endTimestamp: Date.now() + 3_600_000,
      ...(isUniqueKey ? { _UNIQUE_KEY_QUERY: true } : {}),
    })
    if (answer.code === responseCodes.QUERY_NOT_FOUND.code) return []
    if (answer.code !== responseCodes.SUCCESS.code) throw this.#responseError(command, answer)
    return observedRecords(answer.body ?? emptyBody)
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

  async createTopic(topic: string, queues: number): Promise<void> {
    await this.ask(commands.updateAndCreateTopic, {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: 6,
      topicFilterType: 'SINGLE_TAG',
      order: false,
      force: false,
    })
  }

  async topics(): Promise<TopicConfigTable> {
    return topicConfigAndMappingTableBody.decode((await this.ask(commands.getAllTopicConfig, {})).body)
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

  #responseError(command: AnyCommand, answer: RemotingCommand): ResponseError {
    return new ResponseError(command.name, this.connection.remoteAddress, answer.code, answer.remark)
  }
}

function sendHeader(topic: string, queueId: number, properties: string): RequestOf<typeof commands.sendMessage> {
  return {
    producerGroup: 'load-producers',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties,
    reconsumeTimes: 0,
    unitMode: false,
    maxReconsumeTimes: 16,
  }
}

function sendAnswer(header: ResponseOf<typeof commands.sendMessage>): SendAnswer {
  const { queueId, queueOffset, msgId, recallHandle } = header
  return { queueId, queueOffset, messageIds: msgId.split(','), ...(recallHandle !== undefined && { recallHandle }) }
}
