import { javaStringHash } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type BrokerMachine, Cluster } from '../../src/index.ts'
import { OrderlyConsumer, orderGroup, orderTopic } from './orderly-consumer.ts'
import { ShardingOrder } from './sharding-order.ts'

const keys = ['anna', 'bert', 'carl', 'dora', 'emil', 'fritz', 'gerd', 'hilde']
const sendingQueues = 4
const queuesMax = 8
const membersMax = 5

interface Member {
  consumer: OrderlyConsumer
  running: Promise<void>
}

/** A topic that producers send to all along, and a group whose members come and go. */
class OrderlyGroup {
  readonly order = new ShardingOrder()
  readonly #cluster: Cluster
  readonly #machine: BrokerMachine
  readonly #isLocking: boolean
  #members: Member[] = []
  #queues = sendingQueues
  #sent = 0
  #isSending = true
  #sending: Promise<void> = Promise.resolve()

  constructor(cluster: Cluster, isLocking: boolean) {
    this.#cluster = cluster
    this.#machine = cluster.brokers[0]!
    this.#isLocking = isLocking
  }

  async start(): Promise<void> {
    await this.#cluster.client.broker(this.#machine).createTopic(orderTopic, sendingQueues)
    this.join()
    this.#sending = this.#send()
  }

  get #random() {
    return this.#cluster.simulation.random
  }

  join(): void {
    const consumer = new OrderlyConsumer(this.#cluster, this.#machine, this.order, () => this.#queues, this.#isLocking)
    this.#members.push({ consumer, running: consumer.run() })
  }

  /** One of the things that make a group divide its queues anew. */
  async change(): Promise<void> {
    const { length } = this.#members
    const kind = this.#random.below(10)
    if (length === 0 || (kind < 4 && length < membersMax)) this.join()
    else if (kind < 7) await this.#leave()
    else if (kind < 9) await this.#kill()
    else await this.#addQueue()
  }

  /** No message is sent any more; those who are there handle all that are left. */
  async finish(): Promise<void> {
    this.#isSending = false
    await this.#sending
    if (this.#members.length === 0) this.join()
    const calls = this.#cluster.client.broker(this.#machine)
    const isDone = async () => {
      for (let queueId = 0; queueId < sendingQueues; queueId++) {
        const end = await calls.maxOffset(orderTopic, queueId)
        if (((await calls.committedOffset(orderGroup, orderTopic, queueId)) ?? 0) < end) return false
      }
      return true
    }
    // A lock of a member that died holds for a minute.
    for (let second = 0; !(await isDone()); second++) {
      if (second === 300) throw new Error('messages are left that nobody handles')
      await this.#cluster.sleep(1000)
    }
    for (const { consumer, running } of this.#members) await consumer.leave(running)
  }

  sentOf(key: string): number {
    return Math.floor(this.#sent / keys.length) + (keys.indexOf(key) < this.#sent % keys.length ? 1 : 0)
  }

  async #send(): Promise<void> {
    const calls = this.#cluster.client.broker(this.#machine)
    while (this.#isSending) {
      const key = keys[this.#sent % keys.length]!
      const number = Math.floor(this.#sent / keys.length)
      const queueId = Math.abs(javaStringHash(key)) % sendingQueues
      await calls.send({ topic: orderTopic, queueId, body: key, properties: { KEYS: key, number: String(number) } })
      this.#sent++
      await this.#cluster.sleep(this.#random.below(400))
    }
  }

  #take(): Member {
    return this.#members.splice(this.#random.below(this.#members.length), 1)[0]!
  }

  async #leave(): Promise<void> {
    const { consumer, running } = this.#take()
    await consumer.leave(running)
  }

  /** Preferably in the middle of its work. */
  async #kill(): Promise<void> {
    const { consumer } = this.#take()
    for (let wait = 0; wait < 100 && this.order.handledInTurn(consumer.client.id) < 2; wait++)
      await this.#cluster.sleep(20)
    consumer.kill()
    this.order.killed(consumer.client.id)
  }

  async #addQueue(): Promise<void> {
    if (this.#queues === queuesMax) return
    await this.#cluster.client.broker(this.#machine).createTopic(orderTopic, this.#queues + 1)
    this.#queues++
  }
}

/** @returns what was sent and handled after so many changes of the group */
async function run(seed: number, changes: number, isLocking = true): Promise<OrderlyGroup> {
  const cluster = new Cluster({ seed })
  await cluster.start()
  const group = new OrderlyGroup(cluster, isLocking)
  await group.start()
  for (let change = 0; change < changes; change++) {
    await group.change()
    await cluster.sleep(cluster.simulation.random.below(6_000))
  }
  await group.finish()
  return group
}

describe('messages of a sharding key', () => {
  test('are handled in their order, by one member at a time, over 100 random changes of their group', async () => {
    const group = await run(7, 100)
    expect(group.order.broken).toEqual([])
    for (const key of keys) expect([key, group.order.countOf(key)]).toEqual([key, group.sentOf(key)])
    expect(group.order.repeated).toBeGreaterThan(0)
  })

  test('are not, when members take queues without locking them', async () => {
    // Not each run has a change in the middle of a member's work.
    for (let seed = 1; seed <= 10; seed++) {
      const group = await run(seed, 30, false)
      if (group.order.broken.length > 0) return
    }
    expect.fail('ten runs without locks kept the order')
  })
})
