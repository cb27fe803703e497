import type { Recorder } from '@rocketmq-ts/dev-env/checkers'
import { MessageFactory } from '@rocketmq-ts/dev-env/checkers'
import type { BrokerClient } from '../crash/broker-client.ts'
import type { SeededRandom } from '../crash/seeded-random.ts'

/** A topic and how many queues it has. */
export interface BulkTopic {
  readonly topic: string
  readonly queues: number
}

export const bulkGroups = ['bulk-consumers', 'bulk-others'] as const
/** Its queue has exactly full files whenever a part of the load ends. */
const fullTopic: BulkTopic = { topic: 'bulk-full', queues: 1 }
const requestsAtOnce = 16

/**
 * A set amount of everything that leaves traces in a store: messages with tags and keys over several topics and queues,
 * batches, delayed ones, consumers' offsets, send-backs.
 */
export class BulkLoad {
  readonly topics: BulkTopic[] = []
  readonly #recorder: Recorder
  readonly #random: SeededRandom
  readonly #messages: MessageFactory
  readonly #unitsOfQueueFile: number

  /** @param unitsOfQueueFile how many messages a file of a consume queue is made for */
  constructor(recorder: Recorder, random: SeededRandom, unitsOfQueueFile: number) {
    this.#unitsOfQueueFile = unitsOfQueueFile
    this.#recorder = recorder
    this.#random = random
    this.#messages = new MessageFactory(`B${random.seed.toString(36)}`)
  }

  /**
   * @param part numbers the part of the load: each makes a topic of its own, and loads the earlier ones too
   * @param requests how many sends
   */
  async add(client: BrokerClient, part: number, requests: number): Promise<void> {
    for (const queues of [1, 3]) {
      const topic = `bulk-${part}-${queues}`
      await this.#recorder.createTopic(topic, queues, () => client.createTopic(topic, queues))
      this.topics.push({ topic, queues })
    }
    for (let sent = 0; sent < requests; sent += requestsAtOnce) {
      await Promise.all(Array.from({ length: requestsAtOnce }, () => this.#send(client)))
    }
    await this.#fillFile(client)
    await this.#consume(client, part)
  }

  /** A few messages that wait for some seconds. */
  async addDelayed(client: BrokerClient): Promise<void> {
    for (let count = 0; count < 5; count++) await this.#sendOne(client, 2)
  }

  async #fillFile(client: BrokerClient): Promise<void> {
    const { topic, queues } = fullTopic
    if (!this.topics.includes(fullTopic)) {
      await this.#recorder.createTopic(topic, queues, () => client.createTopic(topic, queues))
      this.topics.push(fullTopic)
    }
    for (let sent = 0; sent < this.#unitsOfQueueFile; sent += requestsAtOnce) {
      const count = Math.min(requestsAtOnce, this.#unitsOfQueueFile - sent)
      await Promise.all(Array.from({ length: count }, () => this.#sendOne(client, 0, { topic, queueId: 0 })))
    }
  }

  async #send(client: BrokerClient): Promise<void> {
    if (!this.#random.chance(0.15)) return this.#sendOne(client, this.#random.chance(0.04) ? 1 : 0)
    const place = this.#place()
    const batch = Array.from({ length: this.#random.between(2, 10) }, () => this.#messages.create(this.#random, place))
    return this.#recorder.send(batch, () => client.sendBatch(batch))
  }

  async #sendOne(client: BrokerClient, delayLevel: number, place = this.#place()): Promise<void> {
    const message = this.#messages.create(this.#random, place, delayLevel)
    await this.#recorder.send([message], () => client.send(message))
  }

  #place(): { topic: string; queueId: number } {
    const { topic, queues } = this.#random.pick(this.topics.filter((one) => one !== fullTopic))
    return { topic, queueId: this.#random.between(0, queues - 1) }
  }

  async #consume(client: BrokerClient, run: number): Promise<void> {
    for (const group of bulkGroups) {
      for (const { topic, queues } of this.topics) {
        for (let queueId = 0; queueId < queues; queueId++) {
          const start = (await client.committedOffset(group, topic, queueId)) ?? 0
          const pull = { group, topic, queueId, offset: start, countMax: this.#random.between(1, 32) }
          const { records, nextOffset } = await client.pull(pull)
          this.#recorder.see(records)
          await this.#recorder.commit({ group, topic, queueId, offset: nextOffset, run }, () =>
            client.commitOffset(group, topic, queueId, nextOffset),
          )
          const [first] = records
          if (first === undefined || group !== bulkGroups[0]) continue
          await this.#recorder.sendBack(first, group, 1, () => client.sendBack(first, group, 1))
        }
      }
    }
  }
}
