import {
  commands,
  formatPopReceipt,
  type LiteSubscriptionChange,
  liteSubscriptionsBody,
  newSubscriptionGroupConfig,
  type RequestOf,
  responseCodeName,
  subscriptionGroupConfigBody,
} from '@rocketmq-ts/protocol'
import { type BrokerCalls, type ReadMessage, readMessages, type SendAnswer } from './broker-calls.ts'

/** A message of a lite topic that was given out. */
export interface LiteMessage extends ReadMessage {
  /** Deliveries before this one. */
  readonly count: number
  readonly liteTopic: string
  /** In the lite topic. */
  readonly offset: number
  /** The receipt. */
  readonly extraInfo: string
}

/** A client that consumes lite topics of one topic of a broker, as the official proxy speaks for it. */
export class LiteConsumer {
  readonly broker: BrokerCalls
  readonly #brokerName: string
  readonly group: string
  /** The parent topic. */
  readonly topic: string

  constructor(broker: BrokerCalls, brokerName: string, group: string, topic: string) {
    this.broker = broker
    this.#brokerName = brokerName
    this.group = group
    this.topic = topic
  }

  /** @returns the name of the code */
  async change(change: Partial<LiteSubscriptionChange>): Promise<string | undefined> {
    const { group, topic } = this
    const entry = { clientId: this.broker.client.id, group, topic, liteTopicSet: [], version: 1, ...change }
    const body = liteSubscriptionsBody.encode({ subscriptionSet: [entry] })
    return responseCodeName((await this.broker.call(commands.liteSubscriptionCtl, {}, body)).code)
  }

  subscribe(...liteTopicSet: string[]): Promise<string | undefined> {
    return this.change({ action: 'PARTIAL_ADD', liteTopicSet })
  }

  /** Without fields: up to 32 messages for 10 s, and no wait. */
  async pop(fields: Partial<RequestOf<typeof commands.popLiteMessage>> = {}) {
    const header = {
      clientId: this.broker.client.id,
      consumerGroup: this.group,
      topic: this.topic,
      maxMsgNum: 32,
      invisibleTime: 10_000,
      pollTime: 0,
      bornTime: 0,
      ...fields,
    }
    const command = commands.popLiteMessage
    const timeoutMs = this.broker.client.timeoutMs + header.pollTime
    const answer = await this.broker.call(command, header, undefined, timeoutMs)
    const code = responseCodeName(answer.code)
    if (code !== 'SUCCESS') return { code, remark: answer.remark, messages: [], counts: '' }
    const told = command.responseCodec.decode(answer.extFields)
    const counts = told.orderCountInfo!.split(';').map((text) => Number(text.split(' ').at(-1)))
    const messages = readMessages(answer.body!).map((message, index): LiteMessage => {
      const liteTopic = message.properties.get('__LITE_TOPIC')!
      const offset = Number(message.properties.get('INNER_MULTI_QUEUE_OFFSET'))
      const extraInfo = formatPopReceipt({
        startOffset: offset,
        popTime: told.popTime,
        invisibleTime: told.invisibleTime,
        reviveQueueId: told.reviveQid,
        source: '0',
        brokerName: this.#brokerName,
        queueId: 0,
        queueOffset: offset,
      })
      return { ...message, count: counts[index]!, liteTopic, offset, extraInfo }
    })
    return { code, remark: answer.remark, messages, counts: told.orderCountInfo! }
  }

  async bodies(fields: Parameters<LiteConsumer['pop']>[0] = {}): Promise<string[]> {
    return (await this.pop(fields)).messages.map(({ body }) => String(body))
  }

  /** @returns the name of the code */
  async ack(message: LiteMessage, fields: Partial<RequestOf<typeof commands.ackMessage>> = {}) {
    const answer = await this.broker.call(commands.ackMessage, { ...this.named(message), ...fields })
    return responseCodeName(answer.code)
  }

  /** The fields that name a message. */
  named({ liteTopic, offset, extraInfo }: LiteMessage) {
    return { consumerGroup: this.group, topic: this.topic, liteTopic, queueId: 0, offset, extraInfo }
  }
}

/** Makes a topic with lite topics. @param minutes after which unused ones go; -1 for never */
export function createParent(broker: BrokerCalls, topic: string, minutes = -1): Promise<void> {
  return broker.createTopic(topic, 1, 6, `+message.type=LITE,+lite.topic.expiration=${minutes}`)
}

/** Makes a group that consumes lite topics, or changes it. @param attributes beside that */
export async function createLiteGroup(
  broker: BrokerCalls,
  group: string,
  topic: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const given = Object.entries({ 'lite.bind.topic': topic, ...attributes })
  const config = newSubscriptionGroupConfig(group, {
    attributes: new Map(given.map(([key, value]) => [`+${key}`, value])),
  })
  await broker.ask(commands.updateAndCreateSubscriptiongroup, {}, subscriptionGroupConfigBody.encode(config))
}

export function sendToLite(broker: BrokerCalls, topic: string, liteTopic: string, body: string): Promise<SendAnswer> {
  return broker.send({ topic, body, properties: { __LITE_TOPIC: liteTopic } })
}
