import { type Address, BoundedLog, type Listener, type Platform } from '@rocketmq-ts/platform'
import type { Role } from '@rocketmq-ts/protocol'
import type { CommandTable } from './command-table.ts'
import { Peer, type PeerOptions } from './peer.ts'
import type { RemotingConnection } from './remoting-connection.ts'

export interface RemotingServerOptions<As extends Role> extends Address, Omit<PeerOptions<As>, 'clock'> {
  platform: Pick<Platform, 'network' | 'clock'>
  table: CommandTable<As>
  /** Connections that the system keeps waiting before they are accepted. */
  backlog?: number
}

const idleTimeoutMs = 120_000
/** Milliseconds between two log lines that connections cannot be accepted. */
const acceptLogIntervalMs = 5000

const unserved = 'connections are closed unserved: no file descriptor is left'
/** By Node's codes. */
const acceptFailures: Readonly<Record<string, string>> = {
  EMFILE: `${unserved}. Let the process have more (ulimit -n), or have fewer clients`,
  ENFILE: `${unserved} in the whole system. Let it have more (fs.file-max)`,
}

/**
 * Serves the requests of a command table on one or more ports. It stops in phases: `stopTaking`, `drained`, `close`.
 */
export class RemotingServer<As extends Role> {
  readonly #options: RemotingServerOptions<As>
  readonly #peer: Peer<As>
  readonly #acceptLog: BoundedLog
  readonly #listeners: Listener[] = []
  /** Listeners that are being closed. */
  readonly #closing: Promise<void>[] = []

  constructor(options: RemotingServerOptions<As>) {
    this.#options = options
    this.#peer = new Peer({ idleTimeoutMs, ...options, clock: options.platform.clock })
    this.#acceptLog = new BoundedLog(options.log, options.platform.clock, 1, acceptLogIntervalMs)
  }

  get connections(): ReadonlySet<RemotingConnection> {
    return this.#peer.connections
  }

  /** Requests of a lane that have no answer yet. */
  waitingIn(laneName: string): number {
    return this.#peer.waitingIn(laneName)
  }

  /**
   * Opens a port; can be called again for a further one.
   * @throws Node's error with code EADDRINUSE when the port is taken
   */
  async listen(address: Address = this.#options): Promise<Address> {
    const { platform, backlog } = this.#options
    const { host, port } = address
    const listener = await platform.network.listen({
      host,
      port,
      ...(backlog === undefined ? {} : { backlog }),
      onConnection: (connection) => void this.#peer.open(connection),
      onError: (error) => this.#sayNotTaken(address, error),
    })
    this.#listeners.push(listener)
    return listener.address
  }

  /**
   * The first phase of stopping. New connections are not accepted any more. New requests are answered with GO_AWAY, or
   * with SERVICE_NOT_AVAILABLE when the client is too old for it; with either, clients ask another server. Requests
   * taken before are still answered.
   */
  stopTaking(): void {
    this.#peer.stopTaking()
    for (const listener of this.#listeners.splice(0)) this.#closing.push(listener.close())
  }

  /**
   * The second phase: waits until every request that was taken has its answer.
   * @param timeoutMs milliseconds to wait at most
   * @returns how many requests have no answer
   */
  drained(timeoutMs: number): Promise<number> {
    return this.#peer.drained(timeoutMs)
  }

  /** The last phase: sends the answers given so far, then ends all connections. Later answers are lost. */
  async close(): Promise<void> {
    this.stopTaking()
    await this.#peer.close()
    await Promise.all(this.#closing)
    this.#acceptLog.close()
  }

  #sayNotTaken({ host, port }: Address, error: Error): void {
    const { code } = error as NodeJS.ErrnoException
    const why = acceptFailures[code ?? ''] ?? 'a connection could not be taken'
    this.#acceptLog.error('accept', { host, port, err: error }, why)
  }
}
