import type { Cluster } from '@rocketmq-ts/dev-env'
import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { Consumer, type Order, Producer, Reader } from '../src/index.ts'
import { type ClientMachine, clientMachine, type Scene, startScene } from './client-kit.ts'

/** How many runs; `SDK_SOAK_RUNS` for a longer search, `SDK_SOAK_SEED` to repeat one. */
const runs = Number(process.env.SDK_SOAK_RUNS ?? 2)
const firstSeed = Number(process.env.SDK_SOAK_SEED ?? 1)

const topic = 'T'
const keys = 5
const faultsPerRun = 20
const failuresMax = 3

interface Handled {
  readonly key: string
  readonly number: number
}

/** A member of a group that notes what it is given, and fails now and then. */
interface Group {
  readonly order: Order
  readonly handled: Handled[]
  readonly consumers: Consumer[]
}

/** Producers, groups and a reader, while servers are killed and the network fails. */
class Soak {
  readonly scene: Scene
  readonly #random: SeededRandom
  readonly #groups: Group[] = []
  readonly #machines: ClientMachine[] = []
  /** Acknowledged, by key. */
  readonly acknowledged: Handled[] = []
  #sends: Promise<void>[] = []
  #isOver = false

  constructor(scene: Scene) {
    this.scene = scene
    this.#random = scene.cluster.simulation.fork()
  }

  get groups(): readonly Group[] {
    return this.#groups
  }

  async join(order: Order, members: number): Promise<void> {
    const group: Group = { order, handled: [], consumers: [] }
    this.#groups.push(group)
    for (let member = 0; member < members; member++) {
      const consumer = new Consumer({
        ...this.scene.client(this.#machine()),
        group: `group-${order}`,
        topics: topic,
        from: 'earliest',
        order,
        handler: async ({ body, attempt }) => {
          await this.#sleep(this.#random.below(30))
          // What fails more often comes again after more minutes than the test waits.
          if (attempt <= failuresMax && this.#random.oneIn(20)) throw new Error('a handler fails now and then')
          const [key, number] = String(body).split(' ')
          group.handled.push({ key: key!, number: Number(number) })
        },
      })
      group.consumers.push(consumer)
      await this.scene.settle(consumer.start())
    }
  }

  /** Sends the messages of a key one after the other, each until it is acknowledged. */
  produce(): void {
    const producer = new Producer({ ...this.scene.client(this.#machine()), group: 'producers' })
    this.#sends = Array.from({ length: keys }, async (_, key) => {
      for (let number = 0; !this.#isOver; number++) {
        const message = {
          topic,
          body: `key-${key} ${number}`,
          shardingKey: `key-${key}`,
          // A key alone moves to another queue while a broker is gone, and with it goes its order.
          queue: { topic, broker: `broker-${1 + (key % 2)}`, queueId: key % 2 },
        }
        await producer.send(message, { timeoutMs: 300_000 })
        this.acknowledged.push({ key: `key-${key}`, number })
        await this.#sleep(50 + this.#random.below(300))
      }
    })
    this.#sends.push(Promise.all(this.#sends).then(() => producer.close()))
  }

  async stopProducing(): Promise<void> {
    this.#isOver = true
    await this.scene.settle(Promise.all(this.#sends))
  }

  async disturb(): Promise<void> {
    const { cluster } = this.scene
    const { network } = cluster
    const random = this.#random
    const servers = [...cluster.brokers, ...cluster.nameServers]
    const server = random.pick(servers)
    const client = random.pick(this.#machines)
    switch (random.below(7)) {
      case 0:
        if (server.isAlive) server.kill()
        await cluster.sleep(random.below(8000))
        if (!server.isAlive) await server.start()
        break
      case 1:
        if (server.isRunning) await server.restart()
        break
      case 2:
        if (server.isAlive) server.pause()
        await cluster.sleep(random.below(8000))
        server.resume()
        break
      case 3:
        network.partition(server.host, client.host)
        await cluster.sleep(random.below(10_000))
        network.heal()
        break
      case 4:
        for (const connection of network.connections()) if (random.oneIn(3)) network.reset(connection)
        break
      case 5:
        for (const connection of network.connections()) if (random.oneIn(3)) network.silence(connection)
        break
      case 6:
        client.jumpClock(random.between(-3_600_000, 3_600_000))
        break
    }
    await cluster.sleep(random.below(4000))
  }

  async close(): Promise<void> {
    const { scene } = this
    for (const { consumers } of this.#groups) {
      for (const consumer of consumers) {
        const startMs = scene.cluster.simulation.monotonic()
        await scene.settle(consumer.close())
        expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(20_000)
      }
    }
  }

  #machine(): ClientMachine {
    const machine = clientMachine(this.scene.cluster)
    this.#machines.push(machine)
    return machine
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.scene.cluster.simulation.after(ms, resolve))
  }
}

async function heal(cluster: Cluster): Promise<void> {
  cluster.network.heal()
  for (const server of [...cluster.nameServers, ...cluster.brokers]) {
    server.resume()
    if (!server.isAlive) await server.start()
  }
}

/** Waits until both name servers have both brokers: those that were started last know nobody for a while. */
async function routed({ cluster }: Scene): Promise<void> {
  for (const machine of cluster.nameServers) {
    const nameServer = cluster.newClient().nameServer(machine)
    await cluster.until('the route is whole', async () => (await nameServer.route(topic))?.queueDatas.length === 2)
  }
}

async function readAll(scene: Scene): Promise<string[]> {
  const reader = new Reader({ ...scene.client(), topic, to: 'latest' })
  const bodies: string[] = []
  const reading = (async () => {
    for await (const { body } of reader) bodies.push(String(body))
  })()
  await scene.settle(reading)
  await scene.settle(reader.close())
  return bodies
}

describe('clients, while servers are killed, connections fail and clocks jump,', () => {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    test(`lose nothing that was acknowledged, and keep the order of keys (seed ${seed})`, async () => {
      const scene = await startScene({ seed, brokers: 2, nameServers: 2 })
      await scene.createTopic(topic, 2)
      const soak = new Soak(scene)
      await soak.join('none', 2)
      await soak.join('queue', 2)
      await soak.join('shardingKey', 2)
      soak.produce()
      for (let fault = 0; fault < faultsPerRun; fault++) await soak.disturb()
      await heal(scene.cluster)
      await soak.stopProducing()
      const wanted = soak.acknowledged.map(({ key, number }) => `${key} ${number}`)
      expect(wanted.length).toBeGreaterThan(100)
      for (const group of soak.groups) {
        await scene.cluster.until(
          `${group.order}: everything is handled`,
          () => {
            const seen = new Set(group.handled.map(({ key, number }) => `${key} ${number}`))
            return wanted.every((body) => seen.has(body))
          },
          300_000,
        )
        if (group.order === 'none') continue
        for (let key = 0; key < keys; key++) {
          const numbers = group.handled.filter((one) => one.key === `key-${key}`).map(({ number }) => number)
          const firsts = numbers.filter((number, index) => numbers.indexOf(number) === index)
          expect(firsts, `${group.order}: key ${key}`).toEqual(firsts.toSorted((one, other) => one - other))
        }
      }
      await routed(scene)
      const read = new Set(await readAll(scene))
      expect(wanted.filter((body) => !read.has(body)).length).toBe(0)
      await soak.close()
    })
  }
})
