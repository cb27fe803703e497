import { crc32 } from 'node:zlib'
import { readQueue } from '@rocketmq-ts/dev-env/checkers'
import { ResponseError } from '@rocketmq-ts/remoting'
import { BrokerClient } from '../crash/broker-client.ts'

const topic = 'filled'
const queues = 4
const bodyBytes = 24 * 1024

interface Acknowledged {
  readonly id: string
  readonly queueId: number
  readonly queueOffset: number
  readonly bodyCrc: number
}

/** Sends of large messages over several connections, and what was said of each. */
export class Filling {
  readonly acknowledged: Acknowledged[] = []
  readonly refusals: ResponseError[] = []
  #clients: BrokerClient[] = []
  #count = 0

  static async open(address: string): Promise<Filling> {
    const filling = new Filling()
    await filling.connect(address)
    await filling.#clients[0]!.createTopic(topic, queues)
    return filling
  }

  /** Connects anew, after a restart of the broker. */
  async connect(address: string): Promise<void> {
    this.close()
    this.#clients = await Promise.all(Array.from({ length: queues }, () => BrokerClient.connect(address)))
  }

  /** Sends, a few at a time on each connection, until `isEnough` says so or one is refused. */
  async fill(isEnough: () => boolean): Promise<void> {
    const refusedBefore = this.refusals.length
    const isOver = (): boolean => this.refusals.length > refusedBefore || isEnough()
    const loop = async (index: number): Promise<void> => {
      while (!isOver()) await this.#sendOne(index)
    }
    await Promise.all(this.#clients.flatMap((_client, index) => [loop(index), loop(index), loop(index)]))
  }

  /** One message. @returns whether it was taken */
  async sendOne(): Promise<boolean> {
    const before = this.acknowledged.length
    await this.#sendOne(this.#count % queues)
    return this.acknowledged.length > before
  }

  /** What is wrong with what a consumer finds: nothing that was acknowledged may be missing, moved or changed. */
  async findLosses(address: string): Promise<string[]> {
    const client = await BrokerClient.connect(address)
    try {
      const losses: string[] = []
      for (let queueId = 0; queueId < queues; queueId++) {
        const records = (await readQueue(client, topic, queueId))?.records ?? []
        records.forEach(({ queueOffset }, index) => {
          if (queueOffset !== index) losses.push(`${queueId}: offset ${queueOffset} at place ${index}`)
        })
        for (const { id, queueOffset, bodyCrc } of this.acknowledged.filter((one) => one.queueId === queueId)) {
          const record = records[queueOffset]
          if (record?.id === id && record.bodyCrc === bodyCrc) continue
          losses.push(`${queueId}: ${id} was acknowledged at ${queueOffset}, where ${record?.id ?? 'nothing'} is`)
        }
      }
      return losses
    } finally {
      client.close()
    }
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async #sendOne(index: number): Promise<void> {
    const number = this.#count++
    const id = `F1${number.toString(16).toUpperCase().padStart(30, '0')}`
    const body = Buffer.alloc(bodyBytes, `${id} `)
    const message = { topic, queueId: index, body, properties: { UNIQ_KEY: id, KEYS: `key-${number}` } }
    try {
      const { queueId, queueOffset } = await this.#clients[index]!.send(message)
      this.acknowledged.push({ id, queueId, queueOffset, bodyCrc: crc32(body) })
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error
      this.refusals.push(error)
    }
  }
}
