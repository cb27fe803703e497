import { type Broker, createBroker, keptSettingsPath, readBrokerSettings } from '@rocketmq-ts/broker'
import type { Log, Platform } from '@rocketmq-ts/platform'
import type { SimulatedNetwork, Simulation } from '@rocketmq-ts/platform/test-kit'
import { parseJavaProperties } from '@rocketmq-ts/protocol'
import { Machine } from './machine.ts'

export const brokerPort = 10_911

/** Small files: a short run crosses many borders of files, and a start is quick. */
const smallFiles = {
  mappedFileSizeCommitLog: String(256 * 1024),
  mappedFileSizeConsumeQueue: '2000',
  maxHashSlotNum: '100',
  maxIndexNum: '400',
}

export interface BrokerOptions {
  name: string
  /** `host:port` of name servers. */
  nameServers: readonly string[]
  /** Keys of a broker.conf; files are small when they do not say otherwise. */
  settings?: Record<string, string>
}

/** A machine with a broker. */
export class BrokerMachine extends Machine<Broker> {
  /** Keys of its broker.conf. What is changed counts from the next start, unless a request changed it too. */
  readonly settings: Record<string, string>
  /** Whether it is started with --accept-lost-messages. */
  acceptsLostMessages = false
  readonly #options: BrokerOptions
  #processId = 1000

  constructor(simulation: Simulation, network: SimulatedNetwork, options: BrokerOptions) {
    super(simulation, network, options.name)
    this.#options = options
    this.settings = { ...smallFiles, ...options.settings }
  }

  /** `host:port` for clients. */
  get address(): string {
    return `${this.host.address}:${brokerPort}`
  }

  protected override async run(platform: Platform, log: Log): Promise<Broker> {
    const { name, nameServers } = this.#options
    const properties = {
      brokerName: name,
      listenPort: String(brokerPort),
      storePathRootDir: '/data/store',
      namesrvAddr: nameServers.join(';'),
      ...this.settings,
    }
    const options = { source: name, environment: environmentOf(this.host) }
    const written = readBrokerSettings(properties, options).values
    const kept = platform.fileSystem.readFile(keptSettingsPath(written, undefined))
    const changed = kept === undefined ? {} : Object.fromEntries(parseJavaProperties(kept.toString('utf8')))
    const { values, warnings } = readBrokerSettings({ ...properties, ...changed }, options)
    for (const warning of warnings) log.warn({}, warning)
    return createBroker({
      settings: values,
      platform,
      log,
      processId: ++this.#processId,
      acceptLostMessages: this.acceptsLostMessages,
      checksMemoryUse: true,
    })
  }
}

/** What the defaults of settings may depend on, on a simulated machine. */
export function environmentOf(host: { name: string; address: string }) {
  return { hostName: host.name, localAddress: host.address, homeFolder: '/data', variables: {}, processors: 1 }
}
