import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { type LoadMessage, MessageFactory, observedRecords, queueKey } from '../checkers/index.ts'
import type { BrokerCalls } from '../client/broker-calls.ts'
import type { ClusterClient } from '../client/cluster-client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type BrokerUnderLoad, tailGroup, topicSafeMs } from './broker-under-load.ts'

const windowMax = 12
const topicsMax = 8
const timeoutMs = 3000
/** What a producer of the load asks for, and default topics have at least. */
const autoCreatedQueues = 4
/** What comes back at once is not asked for again at once. */
const restMs = 50

/**
 * What clients ask of one broker: several requests in flight of single messages, batches and delayed ones, pulls that
 * wait at the ends of queues and commit, and topics that come into being. Everything is noted in the broker's history.
 */
export class Load {
  readonly #cluster: Cluster
  readonly #broker: BrokerUnderLoad
  readonly #random: SeededRandom
  readonly #messages: MessageFactory
  readonly clients: ClusterClient[] = []
  #topicCount = 0
  #isOver = false

  constructor(cluster: Cluster, broker: BrokerUnderLoad, random: SeededRandom) {
    this.#cluster = cluster
    this.#broker = broker
    this.#random = random
    this.#messages = new MessageFactory(broker.name.replace('broker-', 'B'))
  }

  /** Makes topics that are there before the load begins. @throws Error when there are none */
  async prepare(): Promise<void> {
    const calls = this.#newCalls()
    await Promise.all([1, 2, 3].map((queues) => this.#createTopic(calls, queues, queues === 2)))
    if (this.#broker.topics.length === 0) throw new Error(`${this.#broker.name} makes no topic`)
  }

  /** Resolves after `stop`, when everything is answered or given up. */
  async run(): Promise<void> {
    await Promise.all([
      this.#produce(this.#newCalls(), this.#random.fork()),
      this.#produce(this.#newCalls(), this.#random.fork()),
      this.#waitAtTails(this.#newCalls(), this.#random.fork()),
      this.#createTopics(this.#newCalls(), this.#random.fork()),
    ])
  }

  stop(): void {
    this.#isOver = true
  }

  #newCalls(): BrokerCalls {
    const client = this.#cluster.newClient({ timeoutMs })
    this.clients.push(client)
    return client.broker(this.#broker.machine)
  }

  async #produce(calls: BrokerCalls, random: SeededRandom): Promise<void> {
    const inFlight = new Set<Promise<void>>()
    while (!this.#isOver) {
      for (let count = random.between(1, 5); count > 0 && inFlight.size < windowMax; count--) {
        const sending = this.#sendSomething(calls, random).finally(() => inFlight.delete(sending))
        inFlight.add(sending)
      }
      await this.#cluster.sleep(random.between(0, random.oneIn(10) ? 500 : 100))
      if (inFlight.size >= windowMax) await Promise.race(inFlight)
    }
    await Promise.all(inFlight)
  }

  async #sendSomething(calls: BrokerCalls, random: SeededRandom): Promise<void> {
    const { recorder } = this.#broker
    const { topic, queues, isOfBatches = false } = random.pick(this.#broker.topics)
    const place = { topic, queueId: random.between(0, queues - 1) }
    let messages: LoadMessage[]
    let isAcknowledged = false
    const sent = async <Answer>(sending: Promise<Answer>): Promise<Answer> => {
      const answer = await sending
      isAcknowledged = true
      return answer
    }
    if (random.chance(isOfBatches ? 0.5 : 0.15)) {
      messages = Array.from({ length: random.between(2, 8) }, () => this.#messages.create(random, place))
      // Without an id of its own it is taken apart in any topic.
      const batchId = isOfBatches && random.chance(0.8) ? `batch-of-${messages[0]!.properties.UNIQ_KEY}` : undefined
      await recorder.send(messages, () => sent(calls.sendBatch(messages, batchId)), batchId !== undefined)
    } else {
      const delayLevel = random.chance(0.06) ? random.between(1, 2) : 0
      const isTimed = delayLevel === 0 && random.chance(0.08)
      const timedForMs = isTimed ? this.#broker.machine.wallMs + random.between(1, 8000) : 0
      messages = [this.#messages.create(random, place, delayLevel, timedForMs)]
      await recorder.send(messages, () => sent(calls.send(messages[0]!, random.chance(0.1) ? 1 : 2)))
    }
    if (!isAcknowledged) await this.#cluster.sleep(restMs)
  }

  /** Waits in the broker at the end of a queue, and commits with its pulls. */
  async #waitAtTails(calls: BrokerCalls, random: SeededRandom): Promise<void> {
    const { recorder } = this.#broker
    const next = new Map<string, number>()
    this.#broker.onShortened(() => next.clear())
    while (!this.#isOver) {
      const { topic, queues } = random.pick(this.#broker.topics)
      const queue = { topic, queueId: random.between(0, queues - 1) }
      await this.#cluster.sleep(restMs)
      await this.#broker.consume(async () => {
        const offset =
          next.get(queueKey(queue)) ??
          (await unlessLost(calls.committedOffset(tailGroup, queue.topic, queue.queueId))) ??
          0
        const commit = { group: tailGroup, ...queue, offset, run: this.#broker.run }
        await recorder.commit(commit, async () => {
          const pulled = await calls.pull({ group: tailGroup, ...queue, offset, waitMs: 100, commitOffset: offset })
          recorder.see(observedRecords(pulled.bytes))
          next.set(queueKey(queue), pulled.nextOffset)
        })
      })
    }
  }

  async #createTopics(calls: BrokerCalls, random: SeededRandom): Promise<void> {
    while (!this.#isOver) {
      await this.#cluster.sleep(random.between(20, 3000))
      if (this.#broker.topics.length >= topicsMax) continue
      if (this.#broker.isSyncFlush && random.oneIn(3)) await this.#sendToNewTopic(calls, random)
      else await this.#createTopic(calls, random.between(1, 4), random.oneIn(4))
    }
  }

  async #createTopic(calls: BrokerCalls, queues: number, isOfBatches: boolean): Promise<void> {
    const topic = `${this.#broker.name}-topic-${++this.#topicCount}`
    const attributes = isOfBatches ? '+queue.type=BatchCQ' : undefined
    const create = () => calls.createTopic(topic, queues, undefined, attributes)
    const created = await this.#broker.recorder.createTopic(topic, queues, create)
    const what = `${topic} of ${queues} queues${isOfBatches ? ' of batches' : ''} is ${created ? '' : 'not '}made`
    this.#cluster.simulation.trace.tell(`${calls.client.id}: ${what}`)
    if (!created) return
    if (!this.#broker.isSyncFlush) await this.#cluster.sleep(topicSafeMs)
    const { outcome } = this.#broker.recorder.history.topicCreations.find((creation) => creation.topic === topic)!
    if (outcome.kind === 'acknowledged') this.#broker.topics.push({ topic, queues, isOfBatches })
  }

  /** With SYNC_FLUSH, a message that is confirmed has a topic, although it was made for it. */
  async #sendToNewTopic(calls: BrokerCalls, random: SeededRandom): Promise<void> {
    const { recorder, topics } = this.#broker
    const topic = `${this.#broker.name}-topic-${++this.#topicCount}`
    const queues = autoCreatedQueues
    const message = this.#messages.create(random, { topic, queueId: random.between(0, queues - 1) })
    await recorder.send([message], () => calls.send(message))
    const { outcome } = recorder.history.sends.find(({ id }) => id === message.properties.UNIQ_KEY)!
    if (outcome.kind !== 'acknowledged') return
    recorder.history.topicCreations.push({ topic, queues, outcome })
    topics.push({ topic, queues })
  }
}

/** Undefined when no answer came. */
export function unlessLost<Answer>(asking: Promise<Answer>): Promise<Answer | undefined> {
  return asking.catch(() => undefined)
}
