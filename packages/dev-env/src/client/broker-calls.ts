import {
  type BatchedMessage,
  type ConsumerData,
  commands,
  type DecodedMessage,
  decodeMessageProperties,
  decodeMessages,
  encodeBatchBody,
  encodeMessageProperties,
  heartbeatBody,
  newTagSubscription,
  parseJavaProperties,
  propertyName,
  type RequestOf,
  type ResponseOf,
  responseCodeName,
  responseCodes,
  type TopicConfigTable,
  topicConfigAndMappingTableBody,
} from '@rocketmq-ts/protocol'
import { Calls, emptyBody } from './calls.ts'

/** A message before it is sent. What is left out is queue 0, an empty body and no properties. */
export interface NewMessage {
  readonly topic: string
  readonly queueId?: number
  readonly body?: Buffer | string
  readonly properties?: Readonly<Record<string, string>>
}

export interface SendAnswer {
  readonly queueId: number
  readonly queueOffset: number
  /** One for each message. */
  readonly messageIds: string[]
  /** Of a message that waits for its time. */
  readonly recallHandle?: string
}

/** A message as it stands in a queue, with its properties read. */
export type ReadMessage = Omit<DecodedMessage, 'properties'> & { properties: ReadonlyMap<string, string> }

export interface PullRequest {
  readonly topic: string
  readonly queueId?: number
  readonly offset?: number
  readonly group?: string
  readonly countMax?: number
  /** Tag expression; all without it. */
  readonly expression?: string
  readonly expressionType?: 'TAG' | 'SQL92'
  /** How long the broker may hold the pull when there is nothing. */
  readonly waitMs?: number
  /** Committed with the pull when given. */
  readonly commitOffset?: number
}

export interface PullAnswer {
  readonly code: number
  readonly messages: ReadMessage[]
  /** The messages as they came, back to back. */
  readonly bytes: Buffer
  readonly nextOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  /** To be added to the offset of each message: the queues of a static topic have offsets of their own. */
  readonly offsetDelta: number
}

/** A consumer group as a heartbeat tells of it. */
export interface Subscribing {
  readonly group: string
  /** Tag expressions by topic. */
  readonly topics: Readonly<Record<string, string>>
  readonly consumer?: Partial<ConsumerData>
}

const pullFlags = { commitOffset: 1, suspend: 2, subscription: 4 }
const pullCodes = ['SUCCESS', 'PULL_NOT_FOUND', 'PULL_RETRY_IMMEDIATELY', 'PULL_OFFSET_MOVED']
const defaultGroup = 'consumers'

/** What tests ask of a broker. Everything else goes by `ask` and `call`. */
export class BrokerCalls extends Calls {
  /** @throws ResponseError when it was refused */
  async send(message: NewMessage, version: 1 | 2 = 2): Promise<SendAnswer> {
    const command = version === 1 ? commands.sendMessage : commands.sendMessageV2
    const answer = await this.ask(command, this.#sendHeader(message, propertiesOf(message)), bodyOf(message))
    return sendAnswerOf(answer.header)
  }

  /**
   * Messages of one topic and queue in one request.
   * @param batchId with it, a topic with queues of batches stores them as one record
   * @param batchTag the tag of that record
   * @throws ResponseError when it was refused
   */
  async sendBatch(messages: readonly NewMessage[], batchId?: string, batchTag?: string): Promise<SendAnswer> {
    const batch = messages.map(
      (message): BatchedMessage => ({
        flag: 0,
        body: bodyOf(message),
        propertiesBytes: Buffer.from(propertiesOf(message)),
      }),
    )
    const ofBatch = { [propertyName.uniqueKey]: batchId, [propertyName.tags]: batchTag }
    const properties = encodeMessageProperties(
      Object.entries(ofBatch).filter((entry): entry is [string, string] => entry[1] !== undefined),
    )
    const header = { ...this.#sendHeader(messages[0]!, properties), batch: true }
    const answer = await this.ask(commands.sendBatchMessage, header, encodeBatchBody(batch))
    const sent = sendAnswerOf(answer.header)
    // All messages of the one record.
    if (answer.header.batchUniqId === undefined) return sent
    return { ...sent, messageIds: messages.map(() => sent.messageIds[0]!) }
  }

  /** @throws ResponseError for every code but found, not found, nothing that matches, and offset moved */
  async pull(request: PullRequest): Promise<PullAnswer> {
    const { topic, queueId = 0, offset = 0, group = defaultGroup, countMax = 32, expression = '*' } = request
    const { waitMs = 0, commitOffset, expressionType = 'TAG' } = request
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
      expressionType,
    }
    const answer = await this.call(command, header, undefined, this.client.timeoutMs + waitMs)
    const name = responseCodeName(answer.code)
    if (name === undefined || !pullCodes.includes(name)) throw this.responseError(command, answer)
    const { nextBeginOffset, minOffset, maxOffset, offsetDelta = 0 } = command.responseCodec.decode(answer.extFields)
    const bytes = name === 'SUCCESS' ? (answer.body ?? emptyBody) : emptyBody
    return {
      code: answer.code,
      messages: readMessages(bytes),
      bytes,
      nextOffset: nextBeginOffset,
      minOffset,
      maxOffset,
      offsetDelta,
    }
  }

  /** All messages of a queue from an offset to its end. */
  async readQueue(topic: string, queueId = 0, fromOffset = 0): Promise<ReadMessage[]> {
    const messages: ReadMessage[] = []
    for (let offset = fromOffset; ; ) {
      const pulled = await this.pull({ topic, queueId, offset, countMax: 1000 })
      messages.push(...pulled.messages)
      if (pulled.messages.length === 0 && pulled.nextOffset <= offset) return messages
      offset = Math.max(offset, pulled.nextOffset)
    }
  }

  /** Makes the client a member of its groups. */
  async heartbeat(subscribing: readonly Subscribing[], producerGroups: readonly string[] = []): Promise<void> {
    const consumerDataSet = subscribing.map(
      ({ group, topics, consumer }): ConsumerData => ({
        groupName: group,
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
        subscriptionDataSet: Object.entries(topics).map(([topic, expression]) =>
          newTagSubscription(topic, expression, 1),
        ),
        unitMode: false,
        ...consumer,
      }),
    )
    const body = heartbeatBody.encode({
      clientID: this.client.id,
      producerDataSet: producerGroups.map((groupName) => ({ groupName })),
      consumerDataSet,
      heartbeatFingerprint: 0,
      withoutSub: false,
    })
    await this.ask(commands.heartBeat, {}, body)
  }

  async commitOffset(group: string, topic: string, queueId: number, offset: number): Promise<void> {
    await this.ask(commands.updateConsumerOffset, { consumerGroup: group, topic, queueId, commitOffset: offset })
  }

  /** Undefined when the broker knows none. */
  async committedOffset(group: string, topic: string, queueId: number): Promise<number | undefined> {
    const command = commands.queryConsumerOffset
    const answer = await this.call(command, { consumerGroup: group, topic, queueId })
    if (answer.code === responseCodes.QUERY_NOT_FOUND.code) return undefined
    if (answer.code !== responseCodes.SUCCESS.code) throw this.responseError(command, answer)
    return command.responseCodec.decode(answer.extFields).offset
  }

  /** Sends a message back to be consumed again after the time of a delay level. */
  async sendBack(message: ReadMessage, group: string, delayLevel: number): Promise<void> {
    await this.ask(commands.consumerSendMsgBack, {
      offset: message.physicalOffset,
      group,
      delayLevel,
      originMsgId: message.properties.get('UNIQ_KEY') ?? '',
      originTopic: message.topic,
      unitMode: false,
      maxReconsumeTimes: 16,
    })
  }

  /** @param attributes in the form `+name=value` */
  async createTopic(topic: string, queues = 4, perm = 6, attributes?: string): Promise<void> {
    await this.ask(commands.updateAndCreateTopic, {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: queues,
      writeQueueNums: queues,
      perm,
      topicFilterType: 'SINGLE_TAG',
      order: false,
      force: false,
      ...(attributes !== undefined && { attributes }),
    })
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.ask(commands.deleteTopicInBroker, { topic })
  }

  /** Changes settings as an administrator does. */
  async changeSettings(values: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(values).map(([key, value]) => `${key}=${value}`)
    await this.ask(commands.updateBrokerConfig, {}, Buffer.from(lines.join('\n')))
  }

  async settings(): Promise<ReadonlyMap<string, string>> {
    return new Map(parseJavaProperties((await this.ask(commands.getBrokerConfig, {})).body.toString()))
  }

  async topics(): Promise<TopicConfigTable> {
    return topicConfigAndMappingTableBody.decode((await this.ask(commands.getAllTopicConfig, {})).body)
  }

  async maxOffset(topic: string, queueId = 0): Promise<number> {
    return (await this.ask(commands.getMaxOffset, { topic, queueId, committed: true })).header.offset
  }

  async offsetByTime(topic: string, queueId: number, timestamp: number, boundary: 'lower' | 'upper'): Promise<number> {
    const header = { topic, queueId, timestamp, boundaryType: boundary }
    return (await this.ask(commands.searchOffsetByTimestamp, header)).header.offset
  }

  /** The records of messages that the index names for a key, back to back; a hash may name others too. */
  async findByKey(topic: string, key: string, isUniqueKey = false): Promise<Buffer> {
    const command = commands.queryMessage
    const answer = await this.call(command, {
      topic,
      key,
      maxNum: 32,
      beginTimestamp: 0,
      endTimestamp: this.client.wallMs + 86_400_000,
      ...(isUniqueKey ? { _UNIQUE_KEY_QUERY: true } : {}),
    })
    if (answer.code === responseCodes.QUERY_NOT_FOUND.code) return emptyBody
    if (answer.code !== responseCodes.SUCCESS.code) throw this.responseError(command, answer)
    return answer.body ?? emptyBody
  }

  #sendHeader({ topic, queueId = 0 }: NewMessage, properties: string): RequestOf<typeof commands.sendMessage> {
    return {
      producerGroup: 'producers',
      topic,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: 4,
      queueId,
      sysFlag: 0,
      bornTimestamp: this.client.wallMs,
      flag: 0,
      properties,
      reconsumeTimes: 0,
      unitMode: false,
      maxReconsumeTimes: 16,
    }
  }
}

/** Records back to back, as pulls and queries answer them. @throws MessageDecodeError when they are not */
export function readMessages(bytes: Buffer): ReadMessage[] {
  return decodeMessages(bytes).map((message) => ({
    ...message,
    properties: decodeMessageProperties(message.properties),
  }))
}

function propertiesOf({ properties = {} }: NewMessage): string {
  return encodeMessageProperties(Object.entries(properties))
}

function bodyOf({ body = emptyBody }: NewMessage): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body
}

function sendAnswerOf(header: ResponseOf<typeof commands.sendMessage>): SendAnswer {
  const { queueId, queueOffset, msgId, recallHandle } = header
  return { queueId, queueOffset, messageIds: msgId.split(','), ...(recallHandle !== undefined && { recallHandle }) }
}
