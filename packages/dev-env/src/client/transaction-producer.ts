import { commands, parseOffsetMessageId, type RequestOf, responseCodeName } from '@rocketmq-ts/protocol'
import { type BrokerCalls, type ReadMessage, readMessages } from './broker-calls.ts'
import type { ClusterClient } from './cluster-client.ts'

export const halfTopic = 'RMQ_SYS_TRANS_HALF_TOPIC'
export const opTopic = 'RMQ_SYS_TRANS_OP_HALF_TOPIC'
export const checksOverTopic = 'TRANS_CHECK_MAX_TIME_TOPIC'

export type Ending = 'commit' | 'rollback' | 'unknown'

const endings = { commit: 8, rollback: 12, unknown: 0 }

/** A half message, by what the broker says of it: the answer to its send, or a check. */
export interface Half {
  readonly topic: string
  readonly id: string
  readonly queueOffset: number
  readonly physicalOffset: number
}

/** A check of the broker: which half it is about, and the message that it shows. */
export interface Check extends Half {
  readonly message: ReadMessage
}

/** A producer of transactions: what the official ones do, step by step. */
export class TransactionProducer {
  readonly group: string
  readonly client: ClusterClient
  readonly #broker: () => BrokerCalls
  #checksTaken = 0
  #count = 0

  /** @param broker asked anew for each call: after a restart connections are others */
  constructor(client: ClusterClient, broker: () => BrokerCalls, group = 'transactions') {
    this.client = client
    this.#broker = broker
    this.group = group
  }

  /** Makes the client a member of its group, so that it can be asked. */
  join(): Promise<void> {
    return this.#broker().heartbeat([], [this.group])
  }

  /** @throws ResponseError when it was refused */
  async prepare(topic: string, body: string, properties: Record<string, string> = {}, queueId = 0): Promise<Half> {
    const id = `${this.client.id}-${++this.#count}`
    const answer = await this.#broker().send({
      topic,
      queueId,
      body,
      properties: { TRAN_MSG: 'true', PGROUP: this.group, UNIQ_KEY: id, ...properties },
    })
    const { queueOffset, messageIds } = answer
    return { topic, id, queueOffset, physicalOffset: parseOffsetMessageId(messageIds[0]!).physicalOffset }
  }

  /** @returns the name of the code that it is answered with */
  async end(
    half: Half,
    ending: Ending,
    header: Partial<RequestOf<typeof commands.endTransaction>> = {},
  ): Promise<string> {
    const answer = await this.#broker().call(commands.endTransaction, {
      topic: half.topic,
      producerGroup: this.group,
      tranStateTableOffset: half.queueOffset,
      commitLogOffset: half.physicalOffset,
      commitOrRollback: endings[ending],
      fromTransactionCheck: false,
      msgId: half.id,
      transactionId: half.id,
      ...header,
    })
    return responseCodeName(answer.code) ?? String(answer.code)
  }

  /** The checks that came since the last time. */
  takeChecks(): Check[] {
    const { requestCodec, code } = commands.checkTransactionState
    const all = this.client.requests.filter((request) => request.code === code)
    const fresh = all.slice(this.#checksTaken)
    this.#checksTaken = all.length
    return fresh.map(({ extFields, body }) => {
      const header = requestCodec.decode(extFields)
      const message = readMessages(Buffer.from(body!))[0]!
      return {
        topic: message.topic,
        id: header.msgId!,
        queueOffset: header.tranStateTableOffset,
        physicalOffset: header.commitLogOffset,
        message,
      }
    })
  }
}
