import { commands, responseCodeName } from '@rocketmq-ts/protocol'
import { type BrokerCalls, type BrokerMachine, Cluster } from '../../src/index.ts'

/** A change of the broker's disk. */
interface DiskChange {
  readonly what: string
  readonly atMs: number
}

/** A running broker, and what is seen of it from outside. */
export class Scene {
  readonly cluster: Cluster
  readonly machine: BrokerMachine
  readonly broker: BrokerCalls
  /** What the broker sent to the name server, as text. */
  registered = ''
  readonly diskChanges: DiskChange[] = []

  private constructor(brokerSettings: Record<string, string>, seed: number) {
    this.cluster = new Cluster({ seed, brokerSettings })
    this.machine = this.cluster.brokers[0]!
    this.broker = this.cluster.client.broker(this.machine)
    this.#watch()
  }

  /** @param brokerSettings of the start, beside the one that is changed while it runs */
  static async start(brokerSettings: Record<string, string> = {}, seed = 1): Promise<Scene> {
    const scene = new Scene(brokerSettings, seed)
    await scene.cluster.start()
    return scene
  }

  get nowMs(): number {
    return this.cluster.simulation.monotonic()
  }

  /** Changes settings by a request. @throws ResponseError when it is refused */
  async change(settings: Record<string, string>): Promise<void> {
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`)
    await this.broker.ask(commands.updateBrokerConfig, {}, Buffer.from(lines.join('')))
  }

  /** The name of the code that a request is answered with. */
  async codeOf(work: Promise<unknown>): Promise<string> {
    try {
      await work
      return 'SUCCESS'
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (typeof code !== 'number') throw error
      return responseCodeName(code) ?? String(code)
    }
  }

  /** How long something takes, in milliseconds. */
  async durationMs(work: Promise<unknown>): Promise<number> {
    const startMs = this.nowMs
    await work
    return this.nowMs - startMs
  }

  /** Milliseconds from now until the disk is changed so: `sync /data/store/commitlog/`. */
  async untilChange(what: string, msMax: number): Promise<number> {
    const startMs = this.nowMs
    const from = this.diskChanges.length
    const found = () => this.diskChanges.slice(from).find((change) => change.what.includes(what))
    await this.cluster.until(what, () => found() !== undefined, msMax)
    return found()!.atMs - startMs
  }

  #watch(): void {
    const { trace } = this.cluster.simulation
    const nameServer = this.cluster.nameServers[0]!.address
    const note = trace.note.bind(trace)
    trace.note = (what, bytes) => {
      note(what, bytes)
      if (what.startsWith(`${this.machine.name} `)) this.diskChanges.push({ what, atMs: this.nowMs })
      if (what.endsWith(`>${nameServer} data`)) this.registered += Buffer.from(bytes!).toString('latin1')
    }
  }
}
