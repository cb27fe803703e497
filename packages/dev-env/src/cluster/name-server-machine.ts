import { createNameServer, type NameServer, readNameServerSettings } from '@rocketmq-ts/name-server'
import type { Log, Platform } from '@rocketmq-ts/platform'
import type { SimulatedNetwork, Simulation } from '@rocketmq-ts/platform/test-kit'
import { environmentOf } from './broker-machine.ts'
import { Machine } from './machine.ts'

const nameServerPort = 9876

/** A machine with a name server. */
export class NameServerMachine extends Machine<NameServer> {
  /** Keys of its namesrv.conf. What is changed counts from the next start. */
  readonly settings: Record<string, string>

  constructor(simulation: Simulation, network: SimulatedNetwork, name: string, settings: Record<string, string> = {}) {
    super(simulation, network, name)
    this.settings = { ...settings }
  }

  /** `host:port` for brokers and clients. */
  get address(): string {
    return `${this.host.address}:${nameServerPort}`
  }

  protected override async run(platform: Platform, log: Log): Promise<NameServer> {
    const properties = { listenPort: String(nameServerPort), ...this.settings }
    const options = { source: this.name, environment: environmentOf(this.host) }
    const { values, warnings } = readNameServerSettings(properties, options)
    for (const warning of warnings) log.warn({}, warning)
    return createNameServer({ settings: values, platform, log })
  }
}
