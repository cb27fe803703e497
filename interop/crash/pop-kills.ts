import { setTimeout as pause } from 'node:timers/promises'
import { PopConsumer, type PoppedMessage } from '@rocketmq-ts/dev-env/client'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { BrokerClient } from './broker-client.ts'
import type { SeededRandom } from './seeded-random.ts'

const topic = 'popped'
const group = 'poppers'
const brokerName = 'broker-a'
const consumersAtOnce = 4
const queueCount = 4
/** A life that has less says little. */
export const acknowledgedOfLifeMin = 20

interface Known {
  isSent: boolean
  /** Somebody asked for it to be acknowledged, and may have got no answer. */
  isAsked: boolean
  isAcknowledged: boolean
}

export interface PopKillsReport {
  readonly kills: number
  readonly acknowledgedCount: number
  /** Messages that are lost, or came again although they were acknowledged. */
  readonly wrong: string[]
  readonly logTail: string
}

/** Kills our broker (-9) again and again while messages are sent, given out by POP, acknowledged, and left to come again. */
export async function killUnderPops(label: string, random: SeededRandom, kills: number): Promise<PopKillsReport> {
  const cluster = await startCluster({ label, target: 'ours' })
  try {
    const run = new KillRun(cluster, random)
    const client = await BrokerClient.connect(cluster.brokers[0]!.address)
    await client.createTopic(topic, queueCount)
    client.close()
    for (let kill = 0; kill < kills; kill++) await run.live()
    await run.end()
    return { kills, acknowledgedCount: run.acknowledgedCount, wrong: run.wrong, logTail: cluster.logTails() }
  } finally {
    await cluster.dispose()
  }
}

class KillRun {
  readonly wrong: string[] = []
  readonly #cluster: Cluster
  readonly #random: SeededRandom
  readonly #messages: Known[] = []

  constructor(cluster: Cluster, random: SeededRandom) {
    this.#cluster = cluster
    this.#random = random
  }

  get acknowledgedCount(): number {
    return this.#messages.filter(({ isAcknowledged }) => isAcknowledged).length
  }

  async live(): Promise<void> {
    const broker = this.#cluster.brokers[0]!
    const life = { isOver: false }
    const work = Array.from({ length: consumersAtOnce }, () => this.#work(life))
    work.push(this.#produce(life))
    const before = this.acknowledgedCount
    await pause(this.#random.between(300, 3000))
    // A slow machine gets its messages too.
    await pollUntil('acknowledged messages before a kill', async () => {
      const acknowledged = this.acknowledgedCount - before
      return acknowledged > acknowledgedOfLifeMin || { notYet: `${acknowledged}` }
    })
    await broker.kill()
    life.isOver = true
    await Promise.all(work)
    await broker.restart()
  }

  /** Takes and acknowledges all that comes, until nothing is missing. */
  async end(): Promise<void> {
    const client = await this.#connect()
    const consumer = this.#consumer(client)
    try {
      await pollUntil('the last messages', async () => {
        for (;;) {
          const { messages } = await consumer.pop({ maxMsgNums: 32, invisibleTime: 30_000, pollTime: 2000 })
          if (messages.length === 0) break
          for (const message of messages) await this.#acknowledge(consumer, message)
        }
        const missing = this.#missing()
        return missing.length === 0 || { notYet: `${missing.length} are missing, such as ${missing[0]}` }
      }).catch(() => {})
      for (const number of this.#missing()) this.wrong.push(`${number} is lost`)
    } finally {
      client.close()
    }
  }

  #missing(): number[] {
    return this.#messages.flatMap(({ isSent, isAsked, isAcknowledged }, number) =>
      isSent && !isAsked && !isAcknowledged ? [number] : [],
    )
  }

  #connect(): Promise<BrokerClient> {
    return BrokerClient.connect(this.#cluster.brokers[0]!.address)
  }

  #consumer(client: BrokerClient): PopConsumer {
    return new PopConsumer(client.calls, brokerName, group, topic)
  }

  async #produce(life: { isOver: boolean }): Promise<void> {
    try {
      const client = await this.#connect()
      while (!life.isOver) {
        const known: Known = { isSent: false, isAsked: false, isAcknowledged: false }
        const number = this.#messages.push(known) - 1
        await client.send({ topic, queueId: number % queueCount, body: String(number) })
        known.isSent = true
      }
    } catch {
      // The broker is gone, or is going.
    }
  }

  async #work(life: { isOver: boolean }): Promise<void> {
    try {
      const consumer = this.#consumer(await this.#connect())
      while (!life.isOver) {
        const invisibleTime = this.#random.chance(0.3) ? 1000 : 5000
        const { messages } = await consumer.pop({
          maxMsgNums: this.#random.between(1, 16),
          invisibleTime,
          pollTime: 500,
        })
        for (const message of messages) {
          this.#checkNew(message)
          if (this.#random.chance(0.9)) await this.#acknowledge(consumer, message)
        }
      }
    } catch {
      // The broker is gone, or is going.
    }
  }

  #checkNew({ body }: PoppedMessage): void {
    if (this.#messages[Number(String(body))]!.isAcknowledged) this.wrong.push(`${body} came again`)
  }

  async #acknowledge(consumer: PopConsumer, message: PoppedMessage): Promise<void> {
    this.#checkNew(message)
    const known = this.#messages[Number(String(message.body))]!
    const wasAsked = known.isAsked
    known.isAsked = true
    const code = await consumer.ack(message)
    known.isAsked = wasAsked
    if (code === 'SUCCESS') known.isAcknowledged = true
  }
}
