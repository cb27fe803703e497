import { type Broker, createBroker, readBrokerSettings } from '@rocketmq-ts/broker'
import {
  Admin,
  type Log,
  type QueueProgress,
  Reader,
  type ReceivedMessage,
  type ResponseCodeName,
  RocketMQError,
  type TopicSettings,
} from '@rocketmq-ts/client'
import { createNameServer, type NameServer, readNameServerSettings } from '@rocketmq-ts/name-server'
import { type FileSystem, nodeRandom, type Platform, silentLog } from '@rocketmq-ts/platform'
import { retryTopicOf } from '@rocketmq-ts/protocol'
import { AdvancingClock } from './advancing-clock.ts'
import { durationMs } from './duration.ts'
import { PlannedFailures } from './planned-failures.ts'
import { ServerLife } from './server-life.ts'
import { folderDisk, memoryDisk, type TestDisk } from './test-disk.ts'

export interface StartOptions {
  /** Keys of a broker.conf. */
  readonly brokerSettings?: Readonly<Record<string, string>> | undefined
  /** Where the store is: `temporaryFolder` is removed by `close`. Default `memory`. */
  readonly storage?: 'memory' | 'temporaryFolder' | undefined
  /** Where the servers' log lines go; nowhere by default. */
  readonly logger?: Log | undefined
}

/** A name server and a broker in this process. Their store is in memory unless the options say otherwise. */
export interface EmbeddedRocketMQ extends AsyncDisposable {
  /** `host:port` of the name server: what clients are given as `nameServers`. */
  readonly nameServers: string
  /** `host:port` of the broker. */
  readonly brokerAddress: string
  /** Makes a topic, with 4 queues unless the settings say otherwise. @returns its name */
  topic(name: string, settings?: TopicSettings): Promise<string>
  /** All messages of a topic, those of each queue in their order; none when there is no such topic. */
  messages(topic: string): Promise<ReceivedMessage[]>
  /**
   * Resolves when a group has done everything in its topics, those that are delivered again included. Messages whose delay
   * has not passed do not count: `advance` first.
   * @throws Error after `timeoutMs`, 10 s by default
   */
  waitForIdle(group: string, options?: { readonly timeoutMs?: number }): Promise<void>
  /**
   * Sets the servers' clock forward: what falls due on the way happens, such as delayed messages, redeliveries, checks of
   * transactions and expiry. Clocks of clients stay.
   * @param duration milliseconds, or a text such as `90s` or `1h`
   */
  advance(duration: number | string): Promise<void>
  /** The broker dies as by SIGKILL. What it had written stays. */
  kill(): Promise<void>
  /** Starts a broker that was killed, at the same address, with what was written. */
  start(): Promise<void>
  /** Stops the broker in order, or leaves it killed, and starts it again. */
  restart(): Promise<void>
  /** Nothing passes between the broker and its clients any more. @returns what heals it */
  partition(): () => void
  /**
   * Lets the next requests fail.
   * @param options.command RocketMQ's name of the request, such as `PULL_MESSAGE`; any that sends messages without it
   * @param options.count requests; 1 by default
   */
  failNext(code: ResponseCodeName, options?: { readonly command?: string; readonly count?: number }): void
  /** Everything is as at the start: no topics, groups and messages, the clock as it is, the addresses the same. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Starts a name server and a broker on free ports of 127.0.0.1. */
export async function startRocketMQ(options: StartOptions = {}): Promise<EmbeddedRocketMQ> {
  const embedded = new Embedded(options)
  try {
    await embedded.open()
    return embedded
  } catch (error) {
    await embedded.close()
    throw error
  }
}

const host = '127.0.0.1'

/**
 * Files are small, so that a start costs little. Clients' clocks do not advance with the servers': who sent no heartbeat
 * during an hour that passed at once is still there.
 */
const settingsOfTests: Readonly<Record<string, string>> = {
  brokerName: 'broker',
  brokerIP1: host,
  bindAddress: host,
  autoCreateTopicEnable: 'true',
  enablePropertyFilter: 'true',
  recallMessageEnable: 'true',
  mappedFileSizeCommitLog: String(16 * 1024 * 1024),
  mappedFileSizeConsumeQueue: '20000',
  maxHashSlotNum: '1000',
  maxIndexNum: '4000',
  channelExpiredTimeout: String(10 * 365 * 86_400_000),
}

const pollMs = 20

class Embedded implements EmbeddedRocketMQ {
  readonly #options: StartOptions
  readonly #log: Log
  readonly #clock = new AdvancingClock()
  readonly #failures = new PlannedFailures()
  #disk: TestDisk
  #nameServer: { server: NameServer; life: ServerLife; port: number } | undefined
  #broker: { server: Broker; life: ServerLife } | undefined
  /** The same in each life. */
  #brokerPort = 0
  #admin: Admin | undefined
  #processId = 0

  constructor(options: StartOptions) {
    this.#options = options
    this.#log = options.logger ?? silentLog
    this.#disk = this.#newDisk()
  }

  get nameServers(): string {
    return `${host}:${this.#nameServer!.port}`
  }

  get brokerAddress(): string {
    return `${host}:${this.#brokerPort}`
  }

  async open(): Promise<void> {
    await this.#startNameServer(0)
    await this.start()
  }

  async start(): Promise<void> {
    if (this.#broker !== undefined) throw new Error('the broker runs already')
    const { life, platform } = this.#newLife(this.#disk.open())
    const properties = {
      ...settingsOfTests,
      storePathRootDir: `${this.#disk.folder}/store`,
      listenPort: String(this.#brokerPort),
      namesrvAddr: this.nameServers,
      ...this.#options.brokerSettings,
    }
    const { values } = readBrokerSettings(properties, { source: 'startRocketMQ', environment })
    const server = await createBroker({
      settings: values,
      platform,
      log: this.#log,
      processId: ++this.#processId,
      guard: (request) => this.#failures.check(request),
    })
    this.#brokerPort = server.address.port
    this.#broker = { server, life }
  }

  async topic(name: string, settings: TopicSettings = {}): Promise<string> {
    await this.#theAdmin.createTopic(name, settings)
    return name
  }

  async messages(topic: string): Promise<ReceivedMessage[]> {
    const messages: ReceivedMessage[] = []
    // A reader would wait for the topic.
    if (!(await this.#hasTopic(topic))) return messages
    const reader = new Reader({ nameServers: this.nameServers, topic, to: 'latest' })
    try {
      for await (const message of reader) messages.push(message)
      return messages
    } finally {
      await reader.close()
    }
  }

  async #hasTopic(topic: string): Promise<boolean> {
    try {
      return (await this.#theAdmin.topicConfigurations(topic)).length > 0
    } catch (error) {
      if (error instanceof RocketMQError && error.code === 'TOPIC_NOT_EXIST') return false
      throw error
    }
  }

  async waitForIdle(group: string, { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const endMs = performance.now() + timeoutMs
    for (;;) {
      const progress = await this.#progress(group)
      if (progress.length > 0 && progress.every(({ lag }) => lag === 0)) return
      if (performance.now() > endMs) {
        const behind = progress.filter(({ lag }) => lag > 0)
        const queues = behind.map(({ queue, lag }) => `${lag} in queue ${queue.queueId} of ${queue.topic}`)
        const why = progress.length === 0 ? 'it has no offset yet' : `not done: ${queues.join(', ')}`
        throw new Error(`the group ${group} is not idle after ${timeoutMs} ms: ${why}`)
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  advance(duration: number | string): Promise<void> {
    return this.#clock.advance(durationMs(duration))
  }

  async kill(): Promise<void> {
    const { life } = this.#running()
    this.#broker = undefined
    this.#disk.kill()
    await life.end()
  }

  async restart(): Promise<void> {
    await this.#stopBroker()
    await this.start()
  }

  partition(): () => void {
    const { life } = this.#running()
    life.isPartitioned = true
    return () => {
      life.isPartitioned = false
    }
  }

  failNext(code: ResponseCodeName, options: { readonly command?: string; readonly count?: number } = {}): void {
    this.#failures.add(code, options.command, options.count ?? 1)
  }

  async reset(): Promise<void> {
    this.#failures.clear()
    if (this.#broker !== undefined) await this.kill()
    const { port } = this.#nameServer!
    await this.#stopNameServer()
    this.#disk.remove()
    this.#disk = this.#newDisk()
    await this.#startNameServer(port)
    await this.start()
  }

  async close(): Promise<void> {
    // From the last to the first, the next ones also when one fails.
    await using closing = new AsyncDisposableStack()
    closing.defer(() => this.#disk.remove())
    closing.defer(() => this.#stopNameServer())
    closing.defer(() => this.#stopBroker())
    closing.defer(() => this.#admin?.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #theAdmin(): Admin {
    this.#admin ??= new Admin({ nameServers: this.nameServers })
    return this.#admin
  }

  /** With redeliveries that no member of the group has looked for yet. */
  async #progress(group: string): Promise<Pick<QueueProgress, 'queue' | 'lag'>[]> {
    const progress = await this.#theAdmin.progress(group)
    const retryTopic = retryTopicOf(group)
    if (progress.some(({ queue }) => queue.topic === retryTopic)) return progress
    try {
      const { queues } = await this.#theAdmin.describeTopic(retryTopic)
      return [...progress, ...queues.map(({ queue, maxOffset }) => ({ queue, lag: maxOffset }))]
    } catch (error) {
      if (error instanceof RocketMQError && error.code === 'TOPIC_NOT_EXIST') return progress
      throw error
    }
  }

  #running(): { server: Broker; life: ServerLife } {
    if (this.#broker === undefined) throw new Error('the broker does not run: start it first')
    return this.#broker
  }

  #newDisk(): TestDisk {
    const { storage = 'memory' } = this.#options
    if (storage === 'temporaryFolder') return folderDisk()
    if (storage === 'memory') return memoryDisk(this.#clock)
    throw new Error(`storage is ${storage}: use memory or temporaryFolder`)
  }

  #newLife(fileSystem: FileSystem): { life: ServerLife; platform: Platform } {
    const life = new ServerLife(this.#clock)
    return { life, platform: { fileSystem, network: life.network, clock: life.clock, random: nodeRandom } }
  }

  async #startNameServer(port: number): Promise<void> {
    const { life, platform } = this.#newLife(memoryDisk(this.#clock).open())
    const properties = { listenPort: String(port), bindAddress: host }
    const { values } = readNameServerSettings(properties, { source: 'startRocketMQ', environment })
    const server = await createNameServer({ settings: values, platform, log: this.#log })
    this.#nameServer = { server, life, port: server.address.port }
  }

  async #stopBroker(): Promise<void> {
    const broker = this.#broker
    this.#broker = undefined
    try {
      await broker?.server.close()
    } catch (error) {
      // It dies instead, and gives its lock and its files back.
      this.#disk.kill()
      throw error
    } finally {
      await broker?.life.end()
    }
  }

  async #stopNameServer(): Promise<void> {
    const nameServer = this.#nameServer
    this.#nameServer = undefined
    try {
      await nameServer?.server.close()
    } finally {
      await nameServer?.life.end()
    }
  }
}

const environment = { hostName: 'localhost', localAddress: host, homeFolder: '/data', variables: {}, processors: 1 }
