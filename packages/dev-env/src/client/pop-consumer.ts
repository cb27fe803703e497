import {
  type BatchAck,
  batchAckRequestBody,
  commands,
  formatPopReceipt,
  type PopReceipt,
  parsePopReceipt,
  popSourceOf,
  popTopicOf,
  type RequestOf,
  type ResponseOf,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import { type BrokerCalls, type ReadMessage, readMessages } from './broker-calls.ts'

type PopHeader = RequestOf<typeof commands.popMessage>

/** A message that POP gave out. */
export interface PoppedMessage extends ReadMessage {
  /** What acknowledges it. */
  readonly receipt: PopReceipt
}

export interface PopAnswer {
  readonly code: string | undefined
  readonly remark: string | undefined
  readonly header: ResponseOf<typeof commands.popMessage>
  readonly messages: PoppedMessage[]
}

/** A member of a group that consumes a topic of one broker by POP, as official clients do. */
export class PopConsumer {
  readonly #broker: BrokerCalls
  readonly #brokerName: string
  readonly group: string
  readonly topic: string

  constructor(broker: BrokerCalls, brokerName: string, group: string, topic: string) {
    this.#broker = broker
    this.#brokerName = brokerName
    this.group = group
    this.topic = topic
  }

  /** Without fields: one message at most of any queue from the first one on, for 10 s, and no wait. */
  async pop(fields: Partial<PopHeader> = {}): Promise<PopAnswer> {
    const { group, topic } = this
    const header: PopHeader = {
      consumerGroup: group,
      topic,
      queueId: -1,
      maxMsgNums: 1,
      invisibleTime: 10_000,
      pollTime: 0,
      bornTime: 0,
      initMode: 0,
      order: false,
      ...fields,
    }
    const command = commands.popMessage
    const timeoutMs = this.#broker.client.timeoutMs + header.pollTime
    const answer = await this.#broker.call(command, header, undefined, timeoutMs)
    const code = responseCodeName(answer.code)
    const { remark, body } = answer
    const isTold = code === 'SUCCESS' || code === 'POLLING_TIMEOUT' || code === 'POLLING_FULL'
    const told = isTold ? command.responseCodec.decode(answer.extFields) : noAnswer
    const messages = code === 'SUCCESS' ? readMessages(body!) : []
    return { code, remark, header: told, messages: messages.map((one) => this.#withReceipt(one, told)) }
  }

  /** @returns the name of the code */
  async ack(message: PoppedMessage, fields: Partial<RequestOf<typeof commands.ackMessage>> = {}) {
    const answer = await this.#broker.call(commands.ackMessage, { ...this.#named(message), ...fields })
    return responseCodeName(answer.code)
  }

  /** Acknowledges messages together. @returns the name of the code */
  async ackAll(messages: readonly PoppedMessage[], fields: Partial<BatchAck> = {}) {
    const acks = messages.map(({ receipt }): BatchAck => {
      const bits = Buffer.alloc(16)
      const bit = receipt.queueOffset! - receipt.startOffset
      bits[bit >> 3]! |= 1 << (bit & 7)
      return {
        b: bits.toString('base64'),
        c: this.group,
        it: receipt.invisibleTime,
        pt: receipt.popTime,
        q: receipt.queueId,
        r: receipt.source,
        rq: receipt.reviveQueueId,
        so: receipt.startOffset,
        t: this.topic,
        ...fields,
      }
    })
    const body = batchAckRequestBody.encode({ brokerName: this.#brokerName, acks })
    return responseCodeName((await this.#broker.call(commands.batchAckMessage, {}, body)).code)
  }

  /** @returns the message with its new receipt; undefined when it was refused */
  async changeInvisible(
    message: PoppedMessage,
    invisibleTime: number,
    fields: Partial<RequestOf<typeof commands.changeMessageInvisibletime>> = {},
  ): Promise<PoppedMessage | undefined> {
    const command = commands.changeMessageInvisibletime
    const header = { ...this.#named(message), invisibleTime, suspend: false, ...fields }
    const answer = await this.#broker.call(command, header)
    if (answer.code !== 0) return undefined
    const told = command.responseCodec.decode(answer.extFields)
    const receipt = {
      ...message.receipt,
      startOffset: message.receipt.queueOffset!,
      popTime: told.popTime,
      invisibleTime: told.invisibleTime,
      reviveQueueId: told.reviveQid,
    }
    return { ...message, receipt }
  }

  #named({ receipt }: PoppedMessage) {
    return {
      consumerGroup: this.group,
      topic: popTopicOf(this.group, this.topic, receipt.source),
      queueId: receipt.queueId,
      extraInfo: formatPopReceipt(receipt),
      offset: receipt.queueOffset!,
    }
  }

  /** Messages of a retry topic have their receipts with them; those of others follow from the answer. */
  #withReceipt(message: ReadMessage, header: ResponseOf<typeof commands.popMessage>): PoppedMessage {
    const carried = message.properties.get('POP_CK')
    if (carried !== undefined) return { ...message, receipt: parsePopReceipt(carried) }
    const source = popSourceOf(message.topic)
    const starts = header.startOffsetInfo!.split(';').map((one) => one.split(' '))
    const start = starts.find(([flag, queueId]) => flag === source && Number(queueId) === message.queueId)!
    const { popTime, invisibleTime, reviveQid } = header
    return {
      ...message,
      receipt: {
        startOffset: Number(start[2]),
        popTime,
        invisibleTime,
        reviveQueueId: reviveQid,
        source,
        brokerName: this.#brokerName,
        queueId: message.queueId,
        queueOffset: message.queueOffset,
      },
    }
  }
}

const noAnswer = { popTime: 0, invisibleTime: 0, reviveQid: 0, restNum: 0 }
