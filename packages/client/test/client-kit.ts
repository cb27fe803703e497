import { type Cluster, type ClusterOptions, startCluster } from '@rocketmq-ts/dev-env'
import { type SimulatedHost, SimulatedProcess } from '@rocketmq-ts/platform/test-kit'
import { Producer, type RocketMQError, type Runtime, type SendReceipt } from '../src/index.ts'

/** Where time begins on a simulated machine. */
const startMs = 1_700_000_000_000

/** A machine of a simulated cluster on which a client runs. */
export interface ClientMachine {
  readonly runtime: Runtime
  readonly host: SimulatedHost
  readonly process: SimulatedProcess
  /** Sets the machine's clock forward or, with a negative number, back. */
  jumpClock(byMs: number): void
  /** The process is gone, and its connections with it. */
  kill(): void
}

let machineCount = 0

export function clientMachine(cluster: Cluster): ClientMachine {
  const name = `sdk-${++machineCount}`
  const host = cluster.network.addHost(name)
  let offsetMs = startMs
  const process = new SimulatedProcess(cluster.simulation, name, () => offsetMs)
  const { clock, random } = process
  return {
    runtime: { network: host.open(process), clock, random, processId: machineCount },
    host,
    process,
    jumpClock(byMs) {
      offsetMs += byMs
    },
    kill() {
      process.die()
      host.endProcess()
    },
  }
}

/** A cluster, what its clients need to find it, and how to wait in its time. */
export interface Scene {
  readonly cluster: Cluster
  readonly nameServers: string[]
  /** Options of a client on a machine of its own. */
  client(machine?: ClientMachine): { nameServers: string[]; runtime: Runtime }
  /** What a promise gives, in simulated time. */
  settle<Result>(promise: Promise<Result>, msMax?: number): Promise<Result>
  /** The error that a promise ends with. */
  failure(promise: Promise<unknown>, msMax?: number): Promise<RocketMQError>
  createTopic(topic: string, queues?: number): Promise<void>
  /** Bodies in a queue, as text. */
  bodies(topic: string, options?: { broker?: number; queueId?: number }): Promise<string[]>
}

export async function startScene(options: ClusterOptions = {}): Promise<Scene> {
  const cluster = await startCluster(options)
  const nameServers = cluster.nameServers.map(({ address }) => address)
  const settle = <Result>(promise: Promise<Result>, msMax?: number): Promise<Result> =>
    cluster.simulation.settle(promise, msMax)
  const scene: Scene = {
    cluster,
    nameServers,
    client: (machine = clientMachine(cluster)) => ({ nameServers, runtime: machine.runtime }),
    settle,
    failure: async (promise, msMax) => {
      const outcome = await settle(
        promise.then(
          () => undefined,
          (error: RocketMQError) => error,
        ),
        msMax,
      )
      if (outcome === undefined) throw new Error('it succeeded')
      return outcome
    },
    async createTopic(topic, queues = 4) {
      for (const machine of cluster.brokers) await cluster.client.broker(machine).createTopic(topic, queues)
      const nameServer = cluster.client.nameServer(cluster.nameServers[0]!)
      await cluster.until(`${topic} has a route`, async () => {
        const route = await nameServer.route(topic)
        return route?.queueDatas.length === cluster.brokers.length
      })
    },
    async bodies(topic, { broker = 0, queueId = 0 } = {}) {
      const messages = await cluster.newClient().broker(cluster.brokers[broker]!).readQueue(topic, queueId)
      return messages.map(({ body }) => String(body))
    },
  }
  return scene
}

/** Sends bodies one after the other. @param extra further fields of each message */
export async function send(
  scene: Scene,
  topic: string,
  bodies: readonly string[],
  extra: object = {},
): Promise<SendReceipt[]> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  const receipts: SendReceipt[] = []
  for (const body of bodies) receipts.push(await scene.settle(producer.send({ topic, body, ...extra })))
  await scene.settle(producer.close())
  return receipts
}

export function numbered(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}
