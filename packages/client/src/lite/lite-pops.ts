import {
  commands,
  type DecodedMessage,
  decodeMessages,
  EncodedProperties,
  formatPopReceipt,
  lightPlacesIn,
  lightQueueId,
  liteTopicOf,
  type ResponseOf,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { randomHex } from '../connection/client-id.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { FoundQueue, receivedMessages } from '../messages/received-message.ts'
import { nothing, type Popped, type RawPopped } from '../pop/pop.ts'
import { answerError, type RocketMQError, unreadableAnswer } from '../rocketmq-error.ts'

export interface LitePop {
  /** The broker that is asked. */
  readonly broker: { readonly name: string; readonly address: string }
  /** Messages at the most; brokers give up to 32. */
  readonly countMax: number
  /** Milliseconds for which nobody else of the group gets them. */
  readonly invisibleMs: number
  /** Milliseconds for which the broker may hold the request when there is nothing. */
  readonly waitMs: number
}

/**
 * Asks brokers for messages of the lite topics that a client subscribes to (POP_LITE_MESSAGE). Those of a lite topic come in
 * their order, and no more of it before all that was given is acknowledged, or visible again.
 */
export class LitePops {
  readonly #client: ClusterClient
  readonly #group: string
  /** The parent topic, as the servers know it. */
  readonly #topic: string
  /** Of requests whose answers were lost, by the broker's name: asked again with its id, it gives the same messages. */
  readonly #unanswered = new Map<string, string>()

  constructor(client: ClusterClient, group: string, topic: string) {
    this.#client = client
    this.#group = group
    this.#topic = topic
  }

  /** @throws RocketMQError */
  async pop({ broker, countMax, invisibleMs, waitMs }: LitePop, deadline: Deadline): Promise<Popped> {
    const client = this.#client
    const topic = this.#topic
    const command = commands.popLiteMessage
    const attemptId = this.#unanswered.get(broker.name) ?? randomHex(client.runtime.random, 8)
    this.#unanswered.delete(broker.name)
    const header = {
      clientId: client.clientId,
      consumerGroup: this.#group,
      topic,
      maxMsgNum: countMax,
      invisibleTime: invisibleMs,
      pollTime: waitMs,
      bornTime: 0,
      attemptId,
      bname: broker.name,
    }
    const timeoutMs = waitMs + client.attemptTimeoutMs
    const answer = await client.ask(broker, { command, header, timeoutMs }, deadline).catch((error: RocketMQError) => {
      if (error.outcome === 'unknown') this.#unanswered.set(broker.name, attemptId)
      throw error
    })
    const code = responseCodeName(answer.code)
    if (code === 'POLLING_FULL') return nothing('full')
    if (code === 'POLLING_TIMEOUT' || code === 'PULL_NOT_FOUND') return nothing('nothing')
    const place = { topic, broker: broker.name }
    if (code !== 'SUCCESS') throw answerError(command.name, answer, place)
    try {
      return this.#found(command.responseCodec.decode(answer.extFields), answer.body ?? Buffer.alloc(0), broker.name)
    } catch (cause) {
      throw unreadableAnswer(command.name, place, cause)
    }
  }

  #found(told: ResponseOf<typeof commands.popLiteMessage>, body: Buffer, brokerName: string): Popped {
    const { namespace, log } = this.#client
    const records = decodeMessages(body)
    const before = deliveriesBefore(told.orderCountInfo, records.length)
    const messages = records.flatMap((record, index): RawPopped[] =>
      receivedMessages(record, brokerName, namespace).flatMap((message) => {
        const place = this.#placeOf(record, message.liteTopic)
        if (place === undefined) {
          const { topic, messageId } = message
          log.error({ topic, messageId, broker: brokerName }, 'a message does not tell its place in a lite topic')
          return []
        }
        const { liteTopic, queueOffset } = place
        // A message of another topic that names the light queue stands in the lite topic too.
        const queue = new FoundQueue(namespace.unwrap(this.#topic), brokerName, record.queueId)
        const receipt = formatPopReceipt({
          startOffset: queueOffset,
          popTime: told.popTime,
          invisibleTime: told.invisibleTime,
          reviveQueueId: told.reviveQid,
          source: '0',
          brokerName,
          queueId: lightQueueId,
          queueOffset,
        })
        const attempt = before[index]! + 1
        return [{ ...message, liteTopic, queue, attempt, receipt, batch: undefined, ofLiteTopic: liteTopic }]
      }),
    )
    const { length: count } = records
    return { kind: count > 0 ? 'found' : 'nothing', messages, unwanted: [], count }
  }

  /**
   * The message tells its place in the light queue: its own is that in the queue of its topic.
   * @param told the lite topic that it tells itself
   */
  #placeOf(
    { properties }: DecodedMessage,
    told: string | undefined,
  ): { liteTopic: string; queueOffset: number } | undefined {
    const places = lightPlacesIn(EncodedProperties.ofText(properties)).flatMap(({ name, queueOffset }) => {
      const { parentTopic, liteTopic } = liteTopicOf(name) ?? {}
      return parentTopic === this.#topic && liteTopic !== undefined ? [{ liteTopic, queueOffset }] : []
    })
    return places.find(({ liteTopic }) => liteTopic === told) ?? places[0]
  }
}

/**
 * How often each message was delivered before: `0;2`, one for each, or `0;0 qo0%7 2`, with its place before it, as official brokers
 * write those that are not 0. One that is not told is delivered for the first time.
 */
export function deliveriesBefore(text: string | undefined, count: number): number[] {
  const told = (text ?? '').split(';')
  return Array.from({ length: count }, (_, index) => {
    const times = Number((told.length === 1 ? told[0] : told[index])?.split(' ').at(-1))
    return Number.isSafeInteger(times) && times >= 0 ? times : 0
  })
}
