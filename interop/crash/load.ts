import { setTimeout as pause } from 'node:timers/promises'
import type { Recorder } from '@rocketmq-ts/dev-env/checkers'
import { MessageFactory, queueKey } from '@rocketmq-ts/dev-env/checkers'
import { responseCodes } from '@rocketmq-ts/protocol'
import { ConnectionLostError, RequestTimeoutError, ResponseError } from '@rocketmq-ts/remoting'
import { BrokerClient } from './broker-client.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface LoadTopic {
  readonly topic: string
  readonly queues: number
}

export interface LoadOptions {
  /** host:port of the broker. */
  readonly address: string
  readonly recorder: Recorder
  readonly random: SeededRandom
  /** Connections that send. */
  readonly producers?: number
  readonly topicsMax?: number
}

export const consumerGroup = 'load-consumers'
export const tailGroup = 'load-tail'

const windowMax = 16
const sendBacksOfRunMax = 40

/**
 * A mixed load: connections that send with several requests in flight (single, batch, delayed), consumers that pull,
 * commit and send back, one that waits at the tails, and topics that come into being. It lives as long as the history;
 * each run of the broker is one `run`.
 */
export class Load {
  readonly topics: LoadTopic[] = []
  readonly #options: LoadOptions
  readonly #messages: MessageFactory
  #topicCount = 0
  #isOver = false

  constructor(options: LoadOptions) {
    this.#options = options
    this.#messages = new MessageFactory(`S${options.random.seed.toString(36)}`)
  }

  /** Topics that are there before the load begins. */
  async prepare(): Promise<void> {
    const client = await BrokerClient.connect(this.#options.address)
    for (const queues of [1, 2, 4]) await this.#createTopic(client, queues)
    client.close()
  }

  /**
   * Loads the broker until `stop` is called or the connections are lost.
   * @param number of the broker's run
   */
  async run(number: number): Promise<void> {
    this.#isOver = false
    const { address, random, producers = 3 } = this.#options
    const clients: BrokerClient[] = []
    const act = async (action: (client: BrokerClient, random: SeededRandom) => Promise<void>): Promise<void> => {
      const own = random.fork()
      const client = await connectUnlessGone(address)
      if (client === undefined) return
      clients.push(client)
      await action(client, own)
    }
    try {
      await Promise.all([
        ...Array.from({ length: producers }, () => act((client, own) => this.#produce(client, own))),
        act((client, own) => this.#consume(client, own, number)),
        act((client, own) => this.#waitAtTails(client, own, number)),
        act((client, own) => this.#createTopics(client, own)),
      ])
    } finally {
      for (const client of clients) client.close()
    }
  }

  /** Sends nothing more; what is in flight is awaited by `run`. */
  stop(): void {
    this.#isOver = true
  }

  #goesOn(client: BrokerClient): boolean {
    return !this.#isOver && !client.connection.isClosed
  }

  async #produce(client: BrokerClient, random: SeededRandom): Promise<void> {
    const inFlight = new Set<Promise<void>>()
    while (this.#goesOn(client)) {
      for (let count = random.between(1, 8); count > 0 && inFlight.size < windowMax; count--) {
        const sending = this.#sendSomething(client, random).finally(() => inFlight.delete(sending))
        inFlight.add(sending)
      }
      await pause(random.between(0, 15))
      if (inFlight.size >= windowMax) await Promise.race(inFlight)
    }
    await Promise.all(inFlight)
  }

  #sendSomething(client: BrokerClient, random: SeededRandom): Promise<void> {
    const { recorder } = this.#options
    const { topic, queues } = random.pick(this.topics)
    const place = { topic, queueId: random.between(0, queues - 1) }
    if (random.chance(0.15)) {
      const batch = Array.from({ length: random.between(2, 12) }, () => this.#messages.create(random, place))
      return recorder.send(batch, () => client.sendBatch(batch))
    }
    const delayLevel = random.chance(0.04) ? random.between(1, 2) : 0
    const timedForMs = delayLevel === 0 && random.chance(0.04) ? Date.now() + random.between(1, 6000) : 0
    const message = this.#messages.create(random, place, delayLevel, timedForMs)
    const version = random.chance(0.1) ? 1 : 2
    return recorder.send([message], () => client.send(message, version))
  }

  async #consume(client: BrokerClient, random: SeededRandom, run: number): Promise<void> {
    const { recorder } = this.#options
    const next = new Map<string, number>()
    let sendBacks = 0
    while (this.#goesOn(client)) {
      const { topic, queues } = random.pick(this.topics)
      const queue = { topic, queueId: random.between(0, queues - 1) }
      const offset = await this.#startOffset(client, next, consumerGroup, queue)
      if (offset === undefined) continue
      const pulled = await answerUnlessGone(client.pull({ group: consumerGroup, ...queue, offset, countMax: 32 }))
      if (pulled === undefined) continue
      recorder.see(pulled.records)
      next.set(queueKey(queue), pulled.nextOffset)
      if (random.chance(0.6)) {
        const commit = { group: consumerGroup, ...queue, offset: pulled.nextOffset, run }
        await recorder.commit(commit, () =>
          client.commitOffset(consumerGroup, queue.topic, queue.queueId, pulled.nextOffset),
        )
      }
      for (const record of pulled.records) {
        if (sendBacks >= sendBacksOfRunMax || !random.chance(0.02)) continue
        sendBacks++
        const level = random.between(1, 2)
        await recorder.sendBack(record, consumerGroup, level, () => client.sendBack(record, consumerGroup, level))
      }
      await pause(random.between(0, 10))
    }
  }

  /** Waits in the broker at the end of a queue, and commits with its pulls. */
  async #waitAtTails(client: BrokerClient, random: SeededRandom, run: number): Promise<void> {
    const { recorder } = this.#options
    const next = new Map<string, number>()
    while (this.#goesOn(client)) {
      const { topic, queues } = random.pick(this.topics)
      const queue = { topic, queueId: random.between(0, queues - 1) }
      for (let pulls = random.between(2, 5); pulls > 0 && this.#goesOn(client); pulls--) {
        const offset = await this.#startOffset(client, next, tailGroup, queue)
        if (offset === undefined) break
        const pull = { group: tailGroup, ...queue, offset, countMax: 32, waitMs: 100, commitOffset: offset }
        await recorder.commit({ group: tailGroup, ...queue, offset, run }, async () => {
          const pulled = await client.pull(pull)
          recorder.see(pulled.records)
          next.set(queueKey(queue), pulled.nextOffset)
        })
        if (!next.has(queueKey(queue))) break
      }
    }
  }

  /** Where a consumer goes on: behind what it pulled in this run, else at what its group committed. */
  async #startOffset(
    client: BrokerClient,
    next: ReadonlyMap<string, number>,
    group: string,
    { topic, queueId }: { topic: string; queueId: number },
  ): Promise<number | undefined> {
    const known = next.get(queueKey({ topic, queueId }))
    if (known !== undefined) return known
    const asked = await answerUnlessGone(
      client.committedOffset(group, topic, queueId).then((offset) => ({ offset: offset ?? 0 })),
    )
    return asked?.offset
  }

  async #createTopics(client: BrokerClient, random: SeededRandom): Promise<void> {
    while (this.#goesOn(client) && this.topics.length < (this.#options.topicsMax ?? 40)) {
      await pause(random.between(20, 300))
      if (!this.#goesOn(client)) return
      if (random.chance(0.5)) await this.#createTopic(client, random.between(1, 4))
      else await this.#createTopicBySending(client, random)
    }
  }

  async #createTopic(client: BrokerClient, queues: number): Promise<void> {
    const topic = `created-${++this.#topicCount}`
    const created = await this.#options.recorder.createTopic(topic, queues, () => client.createTopic(topic, queues))
    if (created) this.topics.push({ topic, queues })
  }

  async #createTopicBySending(client: BrokerClient, random: SeededRandom): Promise<void> {
    const { recorder } = this.#options
    const topic = `sent-to-${++this.#topicCount}`
    const message = this.#messages.create(random, { topic, queueId: 0 })
    const created = await recorder.createTopic(topic, 4, async () => {
      await recorder.send([message], () => client.send(message))
      const { outcome } = recorder.history.sends.findLast(({ id }) => id === message.properties.UNIQ_KEY)!
      if (outcome.kind !== 'acknowledged') throw new Error(`the first message of ${topic} was not acknowledged`)
    })
    if (created) this.topics.push({ topic, queues: 4 })
  }
}

/** The broker may be gone before a connection of the load is made, or while an answer is awaited. */
async function connectUnlessGone(address: string): Promise<BrokerClient | undefined> {
  try {
    return await BrokerClient.connect(address)
  } catch {
    return undefined
  }
}

async function answerUnlessGone<Answer>(answering: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answering
  } catch (error) {
    if (error instanceof ConnectionLostError || error instanceof RequestTimeoutError || isStopping(error))
      return undefined
    throw error
  }
}

/** Some lives end by a stop in order, which answers requests that wait. */
function isStopping(error: unknown): boolean {
  return error instanceof ResponseError && error.code === responseCodes.GO_AWAY.code
}
