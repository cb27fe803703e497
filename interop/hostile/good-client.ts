import { BrokerClient } from '../crash/broker-client.ts'
import { pollUntil } from '../targets/deadline.ts'

const group = 'good-consumers'

/**
 * A client that does nothing wrong: it sends numbered messages and pulls each of them back, again and again, over
 * connections that it keeps. Any wrong or missing answer ends it with an error.
 */
export class GoodClient {
  readonly #topic: string
  readonly #producer: BrokerClient
  readonly #consumer: BrokerClient
  #running: Promise<void>
  #isOver = false
  #count = 0
  #slowestMs = 0
  #error: unknown

  /** @param topic of its own, made here */
  static async start(address: string, topic: string): Promise<GoodClient> {
    const producer = await BrokerClient.connect(address)
    const consumer = await BrokerClient.connect(address)
    await producer.createTopic(topic, 1)
    return new GoodClient(topic, producer, consumer)
  }

  private constructor(topic: string, producer: BrokerClient, consumer: BrokerClient) {
    this.#topic = topic
    this.#producer = producer
    this.#consumer = consumer
    this.#running = this.#run().catch((error: unknown) => {
      this.#error = error ?? new Error('the good client ended')
    })
  }

  /** Messages that went there and back, and the longest time that one took. */
  get progress(): { count: number; slowestMs: number } {
    return { count: this.#count, slowestMs: this.#slowestMs }
  }

  /**
   * Waits until so many more messages have gone there and back.
   * @throws what went wrong with it
   */
  async isServed(messages = 20): Promise<void> {
    const goal = this.#count + messages
    await pollUntil(`the good client, served ${messages} times more`, async () => {
      if (this.#error !== undefined) throw this.#error
      return this.#count >= goal || { notYet: `${goal - this.#count} are missing` }
    })
  }

  /** @throws what went wrong with it */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
    this.#producer.close()
    this.#consumer.close()
    if (this.#error !== undefined) throw this.#error
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const startMs = performance.now()
      await this.#goThereAndBack(this.#count)
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startMs)
      this.#count++
    }
  }

  async #goThereAndBack(number: number): Promise<void> {
    const id = `good-${number}`
    const body = Buffer.from(`${id} ${'+'.repeat(number % 500)}`)
    const topic = this.#topic
    const sent = await this.#producer.send({ topic, queueId: 0, body, properties: { UNIQ_KEY: id } })
    if (sent.queueOffset !== number) throw new Error(`${id} was put at ${sent.queueOffset}, not at ${number}`)
    const { records } = await this.#consumer.pull({ group, topic, queueId: 0, offset: number, countMax: 8 })
    const [record] = records
    if (records.length !== 1 || record?.id !== id || record.bodyBytes !== body.length) {
      throw new Error(`${id} was pulled as ${JSON.stringify(records)}`)
    }
    await this.#consumer.commitOffset(group, topic, 0, number + 1)
    const committed = await this.#consumer.committedOffset(group, topic, 0)
    if (committed !== number + 1) throw new Error(`${number + 1} was committed, ${committed} is known`)
  }
}
