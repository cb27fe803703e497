import type { Address, Listener, Log, Platform } from '@rocketmq-ts/platform'
import { HeaderPatterns, type Role } from '@rocketmq-ts/protocol'
import type { CommandTable } from './command-table.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Guard } from './guard.ts'
import { HeldBytes } from './held-bytes.ts'
import { RemotingConnection } from './remoting-connection.ts'

export interface RemotingServerOptions<To extends Role> extends Address {
  platform: Pick<Platform, 'network' | 'clock'>
  table: CommandTable<To>
  log: Log
  backlog?: number
  idleTimeoutMs?: number
  /** Bytes of frames that have begun and not ended, of all connections together. */
  unfinishedBytesMax?: number
  /** Bytes of answers for peers that read too slowly, of all of them together. */
  unsentBytesMax?: number
  /** Asked before each request that a command of the table serves; without one every request is allowed. */
  guard?: Guard
  onDisconnect?(connection: RemotingConnection): void
}

const heldBytesMax = 128 * 1024 * 1024
/** Each takes up to 4 KB. */
const headerPatternsMax = 1024

/** A listening port whose requests are answered from a command table. */
export class RemotingServer<To extends Role> {
  readonly #options: RemotingServerOptions<To>
  readonly #connections = new Set<RemotingConnection>()
  readonly #dispatcher: Dispatcher<To>
  readonly #listeners: Listener[] = []
  readonly #unfinished: HeldBytes<RemotingConnection>
  readonly #unsent: HeldBytes<RemotingConnection>
  readonly #headerPatterns = new HeaderPatterns(headerPatternsMax)

  constructor(options: RemotingServerOptions<To>) {
    const { table, log, unfinishedBytesMax = heldBytesMax, unsentBytesMax = heldBytesMax } = options
    this.#options = options
    this.#dispatcher = new Dispatcher(table, log, options.guard)
    this.#unfinished = new HeldBytes(unfinishedBytesMax, (connection, bytes) => {
      const reason = `all frames that have begun and not ended come to more than ${unfinishedBytesMax} bytes`
      this.#closeHolder(connection, bytes, `${reason}: the connection with the oldest of them is closed`)
    })
    this.#unsent = new HeldBytes(
      unsentBytesMax,
      (connection, bytes) => {
        const reason = `all answers that wait for slow peers come to more than ${unsentBytesMax} bytes`
        this.#closeHolder(connection, bytes, `${reason}: the connection that has waited longest is closed`)
      },
      ({ unsentMemoryBytes }) => unsentMemoryBytes,
    )
  }

  get connections(): ReadonlySet<RemotingConnection> {
    return this.#connections
  }

  waitingIn(laneName: string): number {
    return this.#dispatcher.waitingIn(laneName)
  }

  /**
   * Opens the port; can be called again for a further one.
   * @throws Node's error with code EADDRINUSE when the port is taken
   */
  async listen(address: Address = this.#options): Promise<Address> {
    const { platform, backlog } = this.#options
    const { host, port } = address
    const listener = await platform.network.listen({
      host,
      port,
      ...(backlog === undefined ? {} : { backlog }),
      onConnection: (connection) => {
        const remoting = new RemotingConnection(connection, {
          clock: platform.clock,
          idleTimeoutMs: this.#options.idleTimeoutMs ?? 120_000,
          onRequests: (requests, peer) => this.#dispatcher.dispatchAll(peer, requests),
          onClose: (peer) => this.#forget(peer),
          unfinished: this.#unfinished,
          unsent: this.#unsent,
          headerPatterns: this.#headerPatterns,
        })
        this.#connections.add(remoting)
      },
    })
    this.#listeners.push(listener)
    return listener.address
  }

  /** Takes no more connections and ends those that are open, after what was written is sent. */
  async close(): Promise<void> {
    const closing = this.#listeners.map((listener) => listener.close())
    for (const connection of this.#connections) connection.end()
    // A peer that does not take part in the closing would keep the port's owner waiting.
    const cancel = this.#options.platform.clock.after(1000, () => {
      for (const connection of this.#connections) connection.destroy()
    })
    await Promise.all(closing)
    cancel()
  }

  #closeHolder(connection: RemotingConnection, bytes: number, why: string): void {
    this.#options.log.warn({ peer: connection.remoteAddress, bytes }, why)
    connection.destroy()
  }

  #forget(connection: RemotingConnection): void {
    this.#connections.delete(connection)
    this.#options.onDisconnect?.(connection)
  }
}
