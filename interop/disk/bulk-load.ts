import type { Recorder } from '@rocketmq-ts/dev-env/checkers'
import { MessageFactory } from '@rocketmq-ts/dev-env/checkers'
import type { BrokerClient } from '../crash/broker-client.ts'
import type { SeededRandom } from '../crash/seeded-random.ts'

/** How many units the files of the load's queues are made for. */
export interface UnitsOfFiles {
  readonly queue: number
  readonly batchQueue: number
}

/** A topic and how many queues it has. */
export interface BulkTopic {
  readonly topic: string
  readonly queues: number
}

export const bulkGroups = ['bulk-consumers', 'bulk-others'] as const
/** Its queue has exactly full files whenever a part of the load ends. */
const fullTopic: BulkTopic = { topic: 'bulk-full', queues: 1 }
/** The same, with queues of batches. */
export const batchTopic: BulkTopic = { topic: 'bulk-batches', queues: 1 }
const fullTopics: readonly BulkTopic[] = [fullTopic, batchTopic]
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
  readonly #unitsOfFiles: UnitsOfFiles

  constructor(recorder: Recorder, random: SeededRandom, unitsOfFiles: UnitsOfFiles) {
    this.#unitsOfFiles = unitsOfFiles
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
    await this.#fillBatchFile(client)
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
    for (let sent = 0; sent < this.#unitsOfFiles.queue; sent += requestsAtOnce) {
      const count = Math.min(requestsAtOnce, this.#unitsOfFiles.queue - sent)
      await Promise.all(Array.from({ length: count }, () => this.#sendOne(client, 0, { topic, queueId: 0 })))
    }
  }

  /** Whole batches, and single messages among them: each takes one unit. */
  async #fillBatchFile(client: BrokerClient): Promise<void> {
    const { topic, queues } = batchTopic
    if (!this.topics.includes(batchTopic)) {
      await this.#recorder.createTopic(topic, queues, () => client.createTopic(topic, queues, '+queue.type=BatchCQ'))
      this.topics.push(batchTopic)
    }
    const place = { topic, queueId: 0 }
    for (let unit = 0; unit < this.#unitsOfFiles.batchQueue; unit++) {
      if (this.#random.chance(0.2)) {
        await this.#sendOne(client, 0, place)
        continue
      }
      const batch = Array.from({ length: this.#random.between(1, 8) }, () => this.#messages.create(this.#random, place))
      const batchId = `batch-of-${batch[0]!.properties.UNIQ_KEY}`
      await this.#recorder.send(batch, () => client.sendBatch(batch, batchId), true)
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
    const { topic, queues } = this.#random.pick(this.topics.filter((one) => !fullTopics.includes(one)))
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
          // A broker takes no batch back as a whole.
          if (first === undefined || first.isOfBatch || group !== bulkGroups[0]) continue
          await this.#recorder.sendBack(first, group, 1, () => client.sendBack(first, group, 1))
        }
      }
    }
  }
}
