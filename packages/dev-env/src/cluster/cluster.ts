import { SimulatedNetwork, Simulation } from '@rocketmq-ts/platform/test-kit'
import { ClusterClient } from '../client/cluster-client.ts'
import { BrokerMachine } from './broker-machine.ts'
import { NameServerMachine } from './name-server-machine.ts'

export interface ClusterOptions {
  /** Decides everything that is left to chance. */
  seed?: number
  /** How many; 1 without it. */
  nameServers?: number
  /** How many; 1 without it. */
  brokers?: number
  /** Keys of every broker's broker.conf. */
  brokerSettings?: Record<string, string>
  /** Keys of every name server's namesrv.conf. */
  nameServerSettings?: Record<string, string>
}

/**
 * Name servers and brokers of the product's own code in one process, each on a machine of its own: a simulated network,
 * a clock that is stepped, and a disk that crashes. Time passes only while something is awaited. The same seed, used in
 * the same way, gives the same run to the last byte (`hash`).
 */
export class Cluster {
  readonly simulation: Simulation
  readonly network: SimulatedNetwork
  readonly nameServers: readonly NameServerMachine[]
  readonly brokers: readonly BrokerMachine[]
  #clientCount = 0
  #client: ClusterClient | undefined

  constructor(options: ClusterOptions = {}) {
    const { seed = 1, nameServers = 1, brokers = 1 } = options
    this.simulation = new Simulation(seed)
    const { trace } = this.simulation
    this.network = new SimulatedNetwork({
      clock: this.simulation,
      random: this.simulation.fork(),
      note: (what, bytes) => trace.note(what, bytes),
    })
    this.nameServers = numbered(nameServers).map(
      (number) =>
        new NameServerMachine(this.simulation, this.network, `name-server-${number}`, options.nameServerSettings),
    )
    const addresses = this.nameServers.map(({ address }) => address)
    this.brokers = numbered(brokers).map(
      (number) =>
        new BrokerMachine(this.simulation, this.network, {
          name: `broker-${number}`,
          nameServers: addresses,
          settings: options.brokerSettings ?? {},
        }),
    )
  }

  /** Starts what does not run: name servers first. */
  async start(): Promise<void> {
    for (const machines of [this.nameServers, this.brokers]) {
      await Promise.all(machines.filter((machine) => !machine.isAlive).map((machine) => machine.start()))
    }
  }

  /** A client on a machine of its own. */
  newClient(options: { name?: string; timeoutMs?: number } = {}): ClusterClient {
    const { name = `client-${++this.#clientCount}`, timeoutMs } = options
    return new ClusterClient(this.simulation, this.network, name, timeoutMs)
  }

  /** The client of tests that need one only. */
  get client(): ClusterClient {
    this.#client ??= this.newClient({ name: 'client' })
    return this.#client
  }

  /** Lets time pass. */
  sleep(durationMs: number): Promise<void> {
    return this.simulation.sleep(durationMs)
  }

  /** Lets time pass until a condition holds. @throws Error after `msMax` of simulated time */
  until(what: string, isSo: () => boolean | Promise<boolean>, msMax?: number): Promise<void> {
    return this.simulation.until(what, isSo, msMax)
  }

  /** The hash of everything that happened until now. */
  get hash(): string {
    return this.simulation.trace.hash
  }
}

/** A cluster that runs: one name server and one broker unless the options say otherwise. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(options)
  await cluster.start()
  return cluster
}

function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
