import { SeededRandom, type SimulatedHost } from '@rocketmq-ts/platform/test-kit'
import { scheduleTopic, timerTopic } from '@rocketmq-ts/protocol'
import {
  checkConsumed,
  checkDelays,
  checkHistory,
  checkRoutes,
  type ExpectedRoute,
  type ObservedQueue,
  observe,
  queueKey,
  type Violation,
} from '../checkers/index.ts'
import type { ClusterClient } from '../client/cluster-client.ts'
import { Cluster } from '../cluster/cluster.ts'
import { Administration } from './administration.ts'
import { BrokerUnderLoad, delayLevelsMs, flushIntervalMs, followingGroup } from './broker-under-load.ts'
import { type FaultTargets, healNetwork, randomFault } from './faults.ts'
import { FilteringConsumer } from './filtering-consumer.ts'
import { FollowingConsumer } from './following-consumer.ts'
import { Load } from './load.ts'
import { PoppingLoad } from './popping-load.ts'
import { TransactionLoad, transactionSettings } from './transaction-load.ts'

export interface SimulationOptions {
  seed: number
  /** Changes the cluster before it starts: to plant a defect that is to be found. */
  plant?(cluster: Cluster): void
  /** Events that the report tells, at the most. */
  storyLines?: number
}

export interface SimulationReport {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** The last events, the oldest first. */
  readonly story: readonly string[]
  readonly hash: string
  readonly sends: number
  readonly acknowledged: number
  readonly simulatedMs: number
}

/** Milliseconds after which everything that was delayed or sent back must have been delivered. */
const deliveryMsMax = 120_000
/** Milliseconds after which a broker that runs must be in all routes again. */
const routesMsMax = 90_000
const pollMs = 1000
const queriesOfEach = 20

/** One name server and two brokers, random load and faults from one seed, and what the checkers say of it. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  return new SimulationRun(options).run()
}

/** Queues with what was read behind their ends. */
function extended(queues: readonly ObservedQueue[], news: readonly ObservedQueue[]): ObservedQueue[] {
  const known = new Map(queues.map((queue) => [queueKey(queue), queue]))
  return news.map((queue) => {
    const before = known.get(queueKey(queue))
    if (before === undefined) return queue
    return { ...queue, fromOffset: before.fromOffset, records: [...before.records, ...queue.records] }
  })
}

class SimulationRun {
  readonly #options: SimulationOptions
  readonly #random: SeededRandom
  readonly #cluster: Cluster
  readonly #brokers: BrokerUnderLoad[]
  readonly #loads: Load[]
  readonly #consumers: FollowingConsumer[]
  readonly #filtering: FilteringConsumer[]
  readonly #transactions: TransactionLoad[]
  readonly #popping: PoppingLoad[]
  readonly #consumerClients: ClusterClient[] = []
  readonly #administration: Administration
  readonly #targets: FaultTargets

  constructor(options: SimulationOptions) {
    this.#options = options
    const { seed, plant } = options
    this.#random = new SeededRandom(seed ^ 0x5eed)
    const flushDiskType = this.#random.pick(['SYNC_FLUSH', 'ASYNC_FLUSH'])
    this.#cluster = new Cluster({
      seed,
      brokers: 2,
      brokerSettings: {
        flushDiskType,
        flushConsumerOffsetInterval: String(flushIntervalMs),
        flushDelayOffsetInterval: String(flushIntervalMs),
        flushIntervalCommitLog: String(flushIntervalMs),
        ...transactionSettings,
      },
    })
    this.#cluster.simulation.trace.tell(`seed ${seed}, ${flushDiskType}`)
    plant?.(this.#cluster)
    this.#brokers = this.#cluster.brokers.map((machine) => new BrokerUnderLoad(this.#cluster, machine))
    this.#loads = this.#brokers.map((broker) => new Load(this.#cluster, broker, this.#random.fork()))
    const callsOfConsumer = (broker: BrokerUnderLoad) => {
      const client = this.#cluster.newClient({ timeoutMs: 3000 })
      this.#consumerClients.push(client)
      return client.broker(broker.machine)
    }
    this.#consumers = this.#brokers.map(
      (broker) => new FollowingConsumer(this.#cluster, broker, callsOfConsumer(broker), this.#random.fork()),
    )
    this.#filtering = this.#brokers.map(
      (broker) => new FilteringConsumer(this.#cluster, broker, callsOfConsumer(broker), this.#random.fork()),
    )
    this.#transactions = this.#brokers.map((broker) => new TransactionLoad(this.#cluster, broker, this.#random.fork()))
    this.#popping = this.#brokers.map((broker) => new PoppingLoad(this.#cluster, broker, this.#random.fork()))
    this.#administration = new Administration(this.#cluster, this.#brokers, this.#random.fork())
    this.#targets = {
      cluster: this.#cluster,
      brokers: this.#brokers,
      clientHosts: (): SimulatedHost[] => [
        ...this.#loads.flatMap(({ clients }) => clients.map(({ host }) => host)),
        ...this.#consumerClients.map(({ host }) => host),
        ...this.#transactions.map(({ producer }) => producer.client.host),
        ...this.#popping.map(({ client }) => client.host),
        this.#administration.client.host,
      ],
    }
  }

  async run(): Promise<SimulationReport> {
    const violations: Violation[] = []
    try {
      await this.#cluster.start()
      for (const load of this.#loads) await load.prepare()
      await Promise.all([...this.#transactions, ...this.#popping].map((load) => load.prepare()))
      await this.#loadAndDisturb()
      violations.push(...(await this.#settleAndCheck()))
    } catch (error) {
      violations.push({ rule: 'broker not serving', detail: (error as Error).stack ?? String(error) })
    }
    violations.unshift(...this.#brokers.flatMap((broker) => broker.violations))
    return this.#report(violations)
  }

  async #loadAndDisturb(): Promise<void> {
    const { simulation } = this.#cluster
    const workers = [
      ...this.#loads,
      ...this.#consumers,
      ...this.#filtering,
      ...this.#transactions,
      ...this.#popping,
      this.#administration,
    ]
    const working = Promise.all(workers.map((one) => one.run()))
    working.catch(() => {})
    const untilMs = simulation.monotonic() + this.#random.between(500, 8000)
    const disturbing: Promise<void>[] = []
    while (simulation.monotonic() < untilMs) {
      await simulation.sleep(this.#random.between(1, 800))
      const fault = randomFault(this.#targets, this.#random.fork())
      fault.catch(() => {})
      disturbing.push(fault)
    }
    await Promise.all(disturbing)
    healNetwork(this.#targets)
    for (const one of workers) one.stop()
    await working
  }

  /** All faults are over: what was promised must come true. */
  async #settleAndCheck(): Promise<Violation[]> {
    this.#cluster.simulation.trace.tell('all faults are over')
    await this.#cluster.start()
    // What is kept is read from the disk.
    for (const nameServer of this.#cluster.nameServers) {
      nameServer.powerLoss()
      await nameServer.start()
    }
    for (const broker of this.#brokers) {
      // A store that takes no more writes, after a full disk, does so until it is started again.
      await broker.restart(
        'stopped',
        () => broker.machine.stop(),
        async () => {},
      )
    }
    const violations: Violation[] = []
    for (const [index, broker] of this.#brokers.entries()) {
      await this.#awaitDeliveries(broker)
      // What was sent back without an answer, or twice, comes too.
      await this.#cluster.sleep(2 * delayLevelsMs.at(-1)!)
      await this.#consumers[index]!.finish()
      violations.push(...(await this.#checkBroker(broker, index)))
    }
    violations.push(...(await this.#administration.check()))
    violations.push(...(await this.#checkRoutes()))
    return violations
  }

  /** Waits until everything that was delayed or sent back is there; what never comes is found by the checkers. */
  async #awaitDeliveries(broker: BrokerUnderLoad): Promise<void> {
    const { simulation } = this.#cluster
    const untilMs = simulation.monotonic() + deliveryMsMax
    let queues: ObservedQueue[] = []
    while (simulation.monotonic() < untilMs) {
      queues = extended(
        queues,
        await broker.readQueues(new Map(queues.map((queue) => [queueKey(queue), queue.maxOffset]))),
      )
      const missing = checkDelays(broker.recorder.history, queues, delayLevelsMs)
      if (!missing.some(({ rule }) => rule.endsWith('not delivered'))) return
      await simulation.sleep(pollMs)
    }
  }

  async #checkBroker(broker: BrokerUnderLoad, index: number): Promise<Violation[]> {
    const { history } = broker.recorder
    const topics = broker.observedTopics()
    const random = this.#random.fork()
    const observation = await broker.observed((observed) => observe(observed, history, topics, random, queriesOfEach))
    const consumedTopics = observation.queues.filter(({ topic }) => topic !== scheduleTopic && topic !== timerTopic)
    return [
      ...checkHistory(history, observation, { flushIntervalMs: 0, timerDelayMsMax: 0, delayLevelsMs }),
      ...checkConsumed(followingGroup, consumedTopics, this.#consumers[index]!.consumed),
      ...(await this.#filtering[index]!.check(observation.queues)),
      ...(await this.#transactions[index]!.check()),
      ...(await this.#popping[index]!.check()),
    ]
  }

  async #checkRoutes(): Promise<Violation[]> {
    const expected: ExpectedRoute[] = []
    for (const broker of this.#brokers) {
      const { topicConfigTable } = await broker.observed((_, calls) => calls.topics())
      // One that a failure of the power took back soon after it was made may have come with a message, with other queues.
      for (const { topic, queues } of broker.topics) {
        const { writeQueueNums = queues } = topicConfigTable.get(topic) ?? {}
        expected.push({ topic, queuesOf: new Map([[broker.name, writeQueueNums]]) })
      }
    }
    const nameServer = this.#cluster.newClient().nameServer(this.#cluster.nameServers[0]!)
    const { simulation } = this.#cluster
    const untilMs = simulation.monotonic() + routesMsMax
    for (;;) {
      const routes = new Map<string, Awaited<ReturnType<typeof nameServer.route>>>()
      for (const { topic } of expected) routes.set(topic, await nameServer.route(topic))
      const violations = checkRoutes(expected, routes)
      if (violations.length === 0 || simulation.monotonic() > untilMs) return violations
      await simulation.sleep(pollMs)
    }
  }

  #report(violations: Violation[]): SimulationReport {
    const { simulation } = this.#cluster
    const sends = this.#brokers.flatMap(({ recorder }) => recorder.history.sends)
    return {
      seed: this.#options.seed,
      violations,
      story: simulation.trace.story(this.#options.storyLines),
      hash: simulation.trace.hash,
      sends: sends.length,
      acknowledged: sends.filter(({ outcome }) => outcome.kind === 'acknowledged').length,
      simulatedMs: simulation.monotonic(),
    }
  }
}
