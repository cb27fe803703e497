import type { Address, Listener, Log, Platform } from '@rocketmq-ts/platform'
import type { RemotingCommand, Role } from '@rocketmq-ts/protocol'
import type { CommandTable } from './command-table.ts'
import { Dispatcher } from './dispatcher.ts'
import { RemotingConnection } from './remoting-connection.ts'

export interface RemotingServerOptions<To extends Role> extends Address {
  platform: Pick<Platform, 'network' | 'clock'>
  table: CommandTable<To>
  log: Log
  backlog?: number
  idleTimeoutMs?: number
  onDisconnect?(connection: RemotingConnection): void
}

/** A listening port whose requests are answered from a command table. */
export class RemotingServer<To extends Role> {
  readonly #options: RemotingServerOptions<To>
  readonly #connections = new Set<RemotingConnection>()
  readonly #dispatcher: Dispatcher<To>
  readonly #listeners: Listener[] = []

  constructor(options: RemotingServerOptions<To>) {
    this.#options = options
    this.#dispatcher = new Dispatcher(options.table, options.log)
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
          onRequest: (request: RemotingCommand, peer) => this.#dispatcher.dispatch(peer, request),
          onClose: (peer) => this.#forget(peer),
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

  #forget(connection: RemotingConnection): void {
    this.#connections.delete(connection)
    this.#options.onDisconnect?.(connection)
  }
}
