import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { LastValue, MessageFactory, type Violation } from '../checkers/index.ts'
import type { BrokerCalls } from '../client/broker-calls.ts'
import type { ClusterClient } from '../client/cluster-client.ts'
import type { NameServerCalls } from '../client/name-server-calls.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type BrokerUnderLoad, topicSafeMs } from './broker-under-load.ts'

const namespace = 'simulation'
const keys = ['first', 'second']
/** One that takes effect at once, and disturbs nobody. */
const setting = 'maxTransferCountOnMessageInMemory'
const settingDefault = '32'
const timeoutMs = 3000
const pauseMsMax = 1500

/**
 * What an administrator does while messages go on: he keeps values at the name server, changes settings of brokers, and
 * makes topics that he deletes again. What was acknowledged has to be so in the end.
 */
export class Administration {
  readonly client: ClusterClient
  readonly #cluster: Cluster
  readonly #brokers: readonly BrokerUnderLoad[]
  readonly #random: SeededRandom
  readonly #values = new Map(
    keys.map((key) => [key, new LastValue<string | undefined>(key, 'acknowledged key value lost', undefined)]),
  )
  readonly #settings = new Map<BrokerUnderLoad, LastValue<string | undefined>>()
  /** By broker: topics whose deletion was acknowledged, and when. */
  readonly #deleted = new Map<BrokerUnderLoad, { topic: string; atMs: number }[]>()
  #isOver = false

  constructor(cluster: Cluster, brokers: readonly BrokerUnderLoad[], random: SeededRandom) {
    this.#cluster = cluster
    this.#brokers = brokers
    this.#random = random
    this.client = cluster.newClient({ timeoutMs })
    for (const broker of brokers) {
      this.#settings.set(
        broker,
        new LastValue(`${setting} of ${broker.name}`, 'acknowledged setting lost', settingDefault),
      )
      this.#deleted.set(broker, [])
      broker.onShortened((atMs) => this.#excuseDeletions(broker, atMs))
    }
  }

  /** Resolves after `stop`, when everything is answered or given up. */
  async run(): Promise<void> {
    const nameServer = this.client.nameServer(this.#cluster.nameServers[0]!)
    await Promise.all([
      ...[...this.#values].map(([key, value]) =>
        this.#repeat((random) => this.#setKeyValue(nameServer, key, value, random)),
      ),
      ...this.#brokers.flatMap((broker) => {
        const calls = this.client.broker(broker.machine)
        return [
          this.#repeat((random) => this.#changeSetting(calls, this.#settings.get(broker)!, random)),
          this.#repeat((random, count) => this.#useTopicOnce(calls, broker, random, count)),
        ]
      }),
    ])
  }

  stop(): void {
    this.#isOver = true
  }

  /** All faults are over, and everything runs. */
  async check(): Promise<Violation[]> {
    const violations: Violation[] = []
    const client = this.#cluster.newClient()
    const nameServer = client.nameServer(this.#cluster.nameServers[0]!)
    for (const [key, value] of this.#values) violations.push(...value.check(await nameServer.keyValue(namespace, key)))
    for (const broker of this.#brokers) {
      const { settings, topics } = await broker.observed(async (_, calls) => ({
        settings: await calls.settings(),
        topics: (await calls.topics()).topicConfigTable,
      }))
      violations.push(...this.#settings.get(broker)!.check(settings.get(setting)))
      for (const { topic } of this.#deleted.get(broker)!) {
        if (topics.has(topic)) violations.push({ rule: 'deleted topic is there', detail: `${topic} on ${broker.name}` })
      }
    }
    return violations
  }

  async #repeat(action: (random: SeededRandom, count: number) => Promise<void>): Promise<void> {
    const random = this.#random.fork()
    for (let count = 1; !this.#isOver; count++) {
      await this.#cluster.sleep(random.between(50, pauseMsMax))
      if (!this.#isOver) await action(random, count)
    }
  }

  async #setKeyValue(
    calls: NameServerCalls,
    key: string,
    last: LastValue<string | undefined>,
    random: SeededRandom,
  ): Promise<void> {
    const value = last.known !== undefined && random.oneIn(4) ? undefined : `value ${random.below(1_000_000)}`
    await last.change(value, () => calls.setKeyValue(namespace, key, value))
  }

  async #changeSetting(calls: BrokerCalls, last: LastValue<string | undefined>, random: SeededRandom): Promise<void> {
    const value = String(random.between(32, 1000))
    await last.change(value, () => calls.changeSettings({ [setting]: value }))
  }

  /** Makes a topic, sends some messages to it, and deletes it. Where an answer is missing, nothing is known of it. */
  async #useTopicOnce(calls: BrokerCalls, broker: BrokerUnderLoad, random: SeededRandom, count: number): Promise<void> {
    const topic = `${broker.name}-passing-${count}`
    const messages = new MessageFactory(`P${count}`)
    try {
      await calls.createTopic(topic, 2)
      for (let sends = random.between(0, 4); sends > 0; sends--) {
        await calls.send(messages.create(random, { topic, queueId: random.below(2) }))
      }
      await calls.deleteTopic(topic)
    } catch {
      return
    }
    this.#deleted.get(broker)!.push({ topic, atMs: this.#cluster.simulation.monotonic() })
  }

  /** With ASYNC_FLUSH a failure of the power may take back a change that came soon after another one. */
  #excuseDeletions(broker: BrokerUnderLoad, failedAtMs: number): void {
    if (broker.isSyncFlush) return
    const safeMs = failedAtMs - topicSafeMs
    const deleted = this.#deleted.get(broker)!
    this.#deleted.set(
      broker,
      deleted.filter(({ atMs }) => atMs <= safeMs),
    )
  }
}
