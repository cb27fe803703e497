import { setTimeout as pause } from 'node:timers/promises'
import { commands, createTopicListBody, newTopicConfig } from '@rocketmq-ts/protocol'
import { ConnectionLostError, RequestTimeoutError, ResponseError } from '@rocketmq-ts/remoting'
import { BrokerClient } from '../crash/broker-client.ts'
import { pollUntil } from '../targets/deadline.ts'
import { AcknowledgedMessages, numberedMessage } from './acknowledged.ts'

export interface RecoveryLoadOptions {
  /** host:port of the broker. */
  address: string
  /** Queues in all; topics have `queuesOfTopic` of them. */
  queues: number
  /** Of each message; 1024 when undefined. */
  bodyBytes?: number
}

const queuesOfTopic = 4
const topicsOfRequest = 5_000
const defaultBodyBytes = 1024
const batchMessages = 32
const connections = 4
const requestsOfConnection = 8
/** Every so manieth request holds one message instead of a batch. */
const singleEvery = 16

/** Sends messages over many queues as fast as they are answered, and keeps which were acknowledged. */
export class RecoveryLoad {
  readonly acknowledged = new AcknowledgedMessages()
  readonly #options: RecoveryLoadOptions
  #requests = 0
  #messages = 0
  #refused = 0
  #isOver = false

  constructor(options: RecoveryLoadOptions) {
    this.#options = options
  }

  /** Of the bodies that were acknowledged. */
  get acknowledgedBytes(): number {
    return this.acknowledged.count * this.#bodyBytes
  }

  get #bodyBytes(): number {
    return this.#options.bodyBytes ?? defaultBodyBytes
  }

  /** Makes the topics. */
  async prepare(): Promise<void> {
    const client = await BrokerClient.connect(this.#options.address)
    const topics = Math.ceil(this.#options.queues / queuesOfTopic)
    for (let first = 0; first < topics; first += topicsOfRequest) {
      const topicConfigList = Array.from({ length: Math.min(topicsOfRequest, topics - first) }, (_, index) =>
        newTopicConfig(topicOf(first + index), { readQueueNums: queuesOfTopic, writeQueueNums: queuesOfTopic }),
      )
      await client.ask(commands.updateAndCreateTopicList, {}, createTopicListBody.encode({ topicConfigList }))
    }
    client.close()
  }

  /**
   * Sends until so many bytes of bodies were acknowledged, then calls `crash` while sending goes on, which has to end
   * the broker.
   */
  async run(bytes: number, timeoutMs: number, crash: () => Promise<void>): Promise<void> {
    this.#isOver = false
    const clients = await Promise.all(
      Array.from({ length: connections }, () => BrokerClient.connect(this.#options.address)),
    )
    const sending = clients.flatMap((client) =>
      Array.from({ length: requestsOfConnection }, () => this.#keepSending(client)),
    )
    const ended = Promise.all(sending)
    try {
      const isEnough = async (): Promise<true | { notYet: string }> => {
        const sent = this.acknowledgedBytes
        return sent >= bytes || { notYet: `${sent} of ${bytes} bytes, ${this.#refused} requests were refused` }
      }
      // A defect of the load is not waited for.
      await Promise.race([pollUntil('enough messages', isEnough, { timeoutMs }), ended])
      await crash()
    } finally {
      this.#isOver = true
      for (const client of clients) client.close()
      await ended
    }
  }

  /** Sends one message on a connection of its own, for {@link timedRestart}. */
  async tryOnce(): Promise<true | { notYet: string }> {
    try {
      const client = await BrokerClient.connect(this.#options.address)
      try {
        await this.#sendOne(client)
        return true
      } finally {
        client.close()
      }
    } catch (error) {
      return { notYet: String(error) }
    }
  }

  async #keepSending(client: BrokerClient): Promise<void> {
    while (!this.#isOver && !client.connection.isClosed) {
      try {
        if (++this.#requests % singleEvery === 0) await this.#sendOne(client)
        else await this.#sendBatch(client)
      } catch (error) {
        if (error instanceof ResponseError) {
          // A broker that has too much to do says so; what it refuses it has not stored.
          this.#refused++
          await pause(10)
        } else if (!(error instanceof ConnectionLostError || error instanceof RequestTimeoutError)) throw error
      }
    }
  }

  async #sendOne(client: BrokerClient): Promise<void> {
    const number = this.#messages++
    const { topic, queueId } = this.#nextQueue()
    const { queueOffset } = await client.send(numberedMessage(number, topic, queueId, this.#bodyBytes))
    this.acknowledged.add(number, topic, queueId, queueOffset)
  }

  async #sendBatch(client: BrokerClient): Promise<void> {
    const first = this.#messages
    this.#messages += batchMessages
    const { topic, queueId } = this.#nextQueue()
    const messages = Array.from({ length: batchMessages }, (_, index) =>
      numberedMessage(first + index, topic, queueId, this.#bodyBytes),
    )
    const { queueOffset } = await client.sendBatch(messages)
    for (let index = 0; index < batchMessages; index++) {
      this.acknowledged.add(first + index, topic, queueId, queueOffset + index)
    }
  }

  #nextQueue(): { topic: string; queueId: number } {
    const queue = this.#requests % this.#options.queues
    return { topic: topicOf(Math.floor(queue / queuesOfTopic)), queueId: queue % queuesOfTopic }
  }
}

function topicOf(index: number): string {
  return `recovery-${index}`
}
