import type { Platform } from '@rocketmq-ts/platform'
import {
  CrashableFileSystem,
  FaultyFileSystem,
  type SimulatedHost,
  type SimulatedNetwork,
  SimulatedProcess,
  type Simulation,
} from '@rocketmq-ts/platform/test-kit'
import { NodeLog } from './node-log.ts'

/** A machine ended the process in which something was awaited. */
export class ProcessGoneError extends Error {
  override readonly name = 'ProcessGoneError'
}

/** A server that a machine runs. */
interface Server {
  close(): Promise<void>
}

/** Where time begins: 2023-11-14T22:13:20Z. */
const startMs = 1_700_000_000_000
/** Milliseconds that a read, a write in the background or a sync takes. */
const diskMsLeast = 0.02
const diskMsMost = 3
/** One in so many takes long. */
const slowDiskOneIn = 100
const slowDiskMsMost = 60

/**
 * A machine of a simulated network with a disk and a clock, on which one process at a time runs. What the process does
 * ends with it; disk and clock stay.
 */
export abstract class Machine<Running extends Server> {
  readonly simulation: Simulation
  readonly host: SimulatedHost
  readonly name: string
  /** What is on the disk, whatever becomes of the process. */
  readonly disk: CrashableFileSystem
  /** Between the process and the disk: here it can be made to fail. */
  readonly faults: FaultyFileSystem
  readonly #log: NodeLog
  /** What processes to come see of the machine: here a defect can be planted. */
  tamper: (platform: Platform) => Platform = (platform) => platform
  #clockOffsetMs = startMs
  #process: SimulatedProcess | undefined
  #server: Running | undefined
  #endedAtMs = 0

  constructor(simulation: Simulation, network: SimulatedNetwork, name: string) {
    this.simulation = simulation
    this.name = name
    this.host = network.addHost(name)
    this.#log = new NodeLog(name, simulation.trace)
    const random = simulation.fork()
    this.disk = new CrashableFileSystem(() => this.wallMs, {
      random,
      background: () => {
        const isSlow = random.oneIn(slowDiskOneIn)
        const mostMs = isSlow ? slowDiskMsMost : diskMsMost
        return this.#process!.later(diskMsLeast + random.below(mostMs * 1000) / 1000)
      },
      onChange: (operation, path, data) => simulation.trace.note(`${name} ${operation} ${path}`, data),
      onPowerFailure: () => this.#powerFailed(),
    })
    this.disk.makeFolder('/data')
    this.disk.syncFolder('/')
    this.faults = new FaultyFileSystem(this.disk)
  }

  /** The server that runs. @throws Error when none does */
  get server(): Running {
    if (this.#server === undefined) throw new Error(`${this.name} does not run`)
    return this.#server
  }

  get isRunning(): boolean {
    return this.#process?.isAlive === true && this.#server !== undefined
  }

  /** Whether a process is there: it may be starting, stopping or standing still. */
  get isAlive(): boolean {
    return this.#process?.isAlive === true
  }

  get isPaused(): boolean {
    return this.#process?.isPaused === true
  }

  /** What the processes of this machine logged, from the first one on. */
  get logged(): NodeLog['lines'] {
    return this.#log.lines
  }

  /** When the last process ended, in milliseconds since the start of the simulation. */
  get endedAtMs(): number {
    return this.#endedAtMs
  }

  /** Milliseconds since 1970 on this machine's clock. */
  get wallMs(): number {
    return Math.floor(this.simulation.monotonic() + this.#clockOffsetMs)
  }

  /** Sets the machine's clock forward or, with a negative number, back. */
  jumpClock(byMs: number): void {
    this.simulation.trace.tell(`${this.name}: the clock jumps by ${byMs} ms`)
    this.#clockOffsetMs += byMs
  }

  /**
   * Starts a process with the server.
   * @throws ProcessGoneError when the process is killed meanwhile, and what the server throws
   */
  async start(): Promise<void> {
    if (this.isAlive) throw new Error(`${this.name} runs already`)
    this.simulation.trace.tell(`${this.name}: starts`)
    const process = new SimulatedProcess(this.simulation, this.name, () => this.#clockOffsetMs)
    this.#process = process
    const platform = this.tamper({
      fileSystem: this.faults,
      network: this.host.open(process),
      clock: process.clock,
      random: process.random,
    })
    const starting = Promise.withResolvers<Running>()
    this.simulation.after(0, () =>
      process.enter(() => {
        this.run(platform, this.#log.log).then(starting.resolve, starting.reject)
      }),
    )
    try {
      this.#server = await this.#inThisLife(process, starting.promise)
    } catch (error) {
      // A process whose server does not start ends.
      if (process.isAlive) this.#endProcess(`could not start: ${(error as Error).message}`)
      throw error
    }
    this.simulation.trace.tell(`${this.name}: is up`)
  }

  /** Starts processes until the server of one runs: a crash may come while it starts. @throws what the server throws */
  async startUntilUp(): Promise<void> {
    while (!this.isRunning) {
      try {
        await this.start()
      } catch (error) {
        if (!(error instanceof ProcessGoneError)) throw error
      }
    }
  }

  /** Stops the server in order; then the process ends. @throws ProcessGoneError when it is killed meanwhile */
  async stop(): Promise<void> {
    const { server } = this
    const process = this.#process!
    this.simulation.trace.tell(`${this.name}: stops`)
    const stopping = Promise.withResolvers<void>()
    this.simulation.after(0, () =>
      process.enter(() => {
        server.close().then(stopping.resolve, stopping.reject)
      }),
    )
    await this.#inThisLife(process, stopping.promise)
    this.#endProcess('has stopped')
  }

  /** The process dies: what it had written stays, and its system ends its connections. */
  kill(): void {
    if (this.isAlive) this.#endProcess('is killed')
  }

  /** The power fails and comes back: what was not synced may be gone, and peers are told nothing. */
  powerLoss(): void {
    this.simulation.trace.tell(`${this.name}: the power fails`)
    this.#forgetProcess()
    this.host.losePower()
    this.disk.crash(this.simulation.random.below(2 ** 31))
    this.host.regainPower()
  }

  /** The power fails in the middle of the nth change of the disk from now on, counted from 1, and comes back. */
  losePowerAt(change: number): void {
    this.disk.failPowerAt(change)
  }

  /** The process stands still until `resume`, as by SIGSTOP. */
  pause(): void {
    this.simulation.trace.tell(`${this.name}: stands still`)
    this.#process?.pause()
  }

  resume(): void {
    this.simulation.trace.tell(`${this.name}: goes on`)
    this.#process?.resume()
  }

  /** Kills the process when one runs, and starts one. */
  async restart(): Promise<void> {
    this.kill()
    await this.start()
  }

  /** Starts the server in a process. */
  protected abstract run(platform: Platform, log: NodeLog['log']): Promise<Running>

  #endProcess(how: string): void {
    this.simulation.trace.tell(`${this.name}: ${how}`)
    this.#forgetProcess()
    this.host.endProcess()
    this.disk.kill()
  }

  /** In the middle of a change of the disk: nothing that the process still does may have an effect. */
  #powerFailed(): void {
    this.#forgetProcess()
    this.host.losePower()
    this.simulation.after(0, () => this.powerLoss())
  }

  #forgetProcess(): void {
    if (this.isAlive) this.#endedAtMs = this.simulation.monotonic()
    this.#process?.die()
    this.#server = undefined
  }

  #inThisLife<Result>(process: SimulatedProcess, work: Promise<Result>): Promise<Result> {
    const gone = Promise.withResolvers<never>()
    process.onDeath(() => gone.reject(new ProcessGoneError(`the process of ${this.name} is gone`)))
    gone.promise.catch(() => {})
    return this.simulation.settle(Promise.race([work, gone.promise]))
  }
}
