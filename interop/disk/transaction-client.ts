import { createNodePlatform } from '@rocketmq-ts/platform'
import {
  commands,
  decodeMessages,
  encodeMessageProperties,
  heartbeatBody,
  parseOffsetMessageId,
  type RequestOf,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { answeredLater, publish, RemotingClient, serve, topic, unsupported } from '@rocketmq-ts/remoting'
import type { BrokerClient } from '../crash/broker-client.ts'
import { patienceMs } from '../targets/deadline.ts'

/** Where a half message stands, as the broker says. */
export interface Half {
  readonly queueOffset: number
  readonly physicalOffset: number
}

const group = 'transaction-producers'
const lane = { name: 'broker', waitingMax: 100_000 }
const timeoutMs = patienceMs
const nothing = unsupported('this client is a producer of transactions')

/** How often each message of a transactions' topic is there, by its unique key. */
export async function countUniqueKeys(reader: BrokerClient, topicName: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { properties } of await reader.readQueue(topicName)) {
    const key = properties.get('UNIQ_KEY') ?? ''
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** A producer of transactions over one connection, which tells what a broker asks of it. */
export class TransactionClient {
  readonly #remoting: RemotingClient
  readonly #address: string
  readonly #topic: string

  /** @param onCheck told the body of a half message that the broker asks about, and where that stands now */
  constructor(address: string, topicName: string, onCheck: (body: string, half: Half) => void) {
    this.#address = address
    this.#topic = topicName
    this.#remoting = new RemotingClient(createNodePlatform(), {
      table: {
        checkTransactionState: serve(lane, publish(topic('topic')), (header, call) => {
          const body = String(decodeMessages(Buffer.from(call.body))[0]!.body)
          onCheck(body, { queueOffset: header.tranStateTableOffset, physicalOffset: header.commitLogOffset })
          return answeredLater
        }),
        notifyConsumerIdsChanged: nothing,
        resetConsumerClientOffset: nothing,
        getConsumerStatusFromClient: nothing,
        getConsumerRunningInfo: nothing,
        consumeMessageDirectly: nothing,
        pushReplyMessageToClient: nothing,
        notifyUnsubscribeLite: nothing,
      },
    })
  }

  async join(): Promise<void> {
    const body = heartbeatBody.encode({
      clientID: 'transaction-client',
      producerDataSet: [{ groupName: group }],
      consumerDataSet: [],
      heartbeatFingerprint: 0,
      withoutSub: false,
    })
    await this.#ask(commands.heartBeat, {}, body)
  }

  async prepare(body: string): Promise<Half> {
    const properties = { TRAN_MSG: 'true', PGROUP: group, UNIQ_KEY: `transaction-${body}`, KEYS: body }
    const extFields = await this.#ask(
      commands.sendMessage,
      {
        producerGroup: group,
        topic: this.#topic,
        defaultTopic: 'TBW102',
        defaultTopicQueueNums: 4,
        queueId: 0,
        sysFlag: 4,
        bornTimestamp: Date.now(),
        flag: 0,
        properties: encodeMessageProperties(Object.entries(properties)),
        reconsumeTimes: 0,
        unitMode: false,
      },
      Buffer.from(body),
    )
    return {
      queueOffset: Number(extFields.queueOffset),
      physicalOffset: parseOffsetMessageId(String(extFields.msgId)).physicalOffset,
    }
  }

  async end(half: Half, isCommit: boolean, fromTransactionCheck = false): Promise<void> {
    await this.#ask(commands.endTransaction, {
      topic: this.#topic,
      producerGroup: group,
      tranStateTableOffset: half.queueOffset,
      commitLogOffset: half.physicalOffset,
      commitOrRollback: isCommit ? 8 : 12,
      fromTransactionCheck,
      msgId: '',
      transactionId: '',
    })
  }

  close(): Promise<void> {
    return this.#remoting.close()
  }

  /** @throws Error when it is refused */
  async #ask<C extends (typeof commands)['heartBeat' | 'sendMessage' | 'endTransaction']>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
  ): Promise<Readonly<Record<string, string>>> {
    const answer = await this.#remoting.call(this.#address, command, {
      header,
      ...(body === undefined ? {} : { body }),
      timeoutMs,
    })
    if (answer.code !== responseCodes.SUCCESS.code) throw new Error(`${command.name}: ${answer.code} ${answer.remark}`)
    return answer.extFields ?? {}
  }
}
