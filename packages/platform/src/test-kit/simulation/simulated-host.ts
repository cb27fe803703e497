import type { Address, Listener, ListenOptions, Network } from '../../network.ts'
import type { Carrier, NetworkHost, NetworkUser, OpenPort, Slowness } from './network-parts.ts'
import { connectTo } from './simulated-connect.ts'
import { SimulatedSocket } from './simulated-socket.ts'

const firstEphemeralPort = 32_768

/** A machine in the network: its address, its ports, and the ends of its connections. */
export class SimulatedHost implements NetworkHost {
  readonly network: Carrier
  readonly name: string
  readonly address: string
  readonly #listeners = new Map<number, SimulatedListener>()
  readonly #sockets = new Set<SimulatedSocket>()
  #nextPort = firstEphemeralPort
  /** Whether it has power: one without it answers nothing. */
  isUp = true
  /** Nobody gets a connection to it. */
  refusesConnections = false
  slowness: Slowness | undefined

  constructor(network: Carrier, name: string, address: string) {
    this.network = network
    this.name = name
    this.address = address
  }

  /** The network as a process on this host sees it. */
  open(user: NetworkUser): Network {
    return {
      listen: (options) => this.#listen(options, user),
      connect: (address, timeoutMs) => connectTo(this, user, address, timeoutMs),
      localAddress: () => this.address,
      hostName: () => this.name,
    }
  }

  /** The process is gone: its system ends its connections and frees its ports. */
  endProcess(): void {
    this.#listeners.clear()
    for (const socket of [...this.#sockets]) socket.abandon()
  }

  /** The power is gone: nobody is told. */
  losePower(): void {
    this.isUp = false
    this.#listeners.clear()
    for (const socket of [...this.#sockets]) socket.vanish()
  }

  regainPower(): void {
    this.isUp = true
  }

  listenerAt(port: number): OpenPort | undefined {
    return this.#listeners.get(port)
  }

  takePort(): number {
    return this.#nextPort++
  }

  add(socket: SimulatedSocket): void {
    this.#sockets.add(socket)
  }

  forget(socket: SimulatedSocket): void {
    this.#sockets.delete(socket)
  }

  #listen(options: ListenOptions, user: NetworkUser): Promise<Listener> {
    return new Promise((resolve, reject) => {
      this.network.clock.after(0, () =>
        user.enter(() => {
          const port = options.port === 0 ? this.takePort() : options.port
          if (this.#listeners.has(port)) {
            const message = `listen EADDRINUSE: address already in use ${options.host}:${port}`
            reject(Object.assign(new Error(message), { code: 'EADDRINUSE' }))
            return
          }
          const listener = new SimulatedListener(this, user, options, port, () => {
            if (this.#listeners.get(port) === listener) this.#listeners.delete(port)
          })
          this.#listeners.set(port, listener)
          resolve(listener)
        }),
      )
    })
  }
}

/** A port that is listened at. */
class SimulatedListener implements Listener, OpenPort {
  readonly address: Address
  readonly #host: NetworkHost
  readonly #user: NetworkUser
  readonly #options: ListenOptions
  readonly #freePort: () => void
  readonly #open = new Set<SimulatedSocket>()
  readonly #closing: (() => void)[] = []
  #isClosed = false

  constructor(host: NetworkHost, user: NetworkUser, options: ListenOptions, port: number, freePort: () => void) {
    this.address = { host: options.host, port }
    this.#host = host
    this.#user = user
    this.#options = options
    this.#freePort = freePort
  }

  /** One that listens at 127.0.0.1 is there for its own host alone. */
  takesFrom(host: NetworkHost): boolean {
    return host === this.#host || !(this.#options.host === 'localhost' || this.#options.host.startsWith('127.'))
  }

  /** The host's system has made a connection. */
  accept(client: SimulatedSocket): SimulatedSocket {
    const local = { host: this.#host.address, port: this.address.port }
    const socket = new SimulatedSocket(this.#host, this.#user, local, client.local)
    socket.onGone = () => {
      this.#open.delete(socket)
      this.#endClosing()
    }
    this.#open.add(socket)
    this.#user.enter(() => {
      if (!socket.isGone) this.#options.onConnection(socket)
    })
    return socket
  }

  /** As in Node, it ends when the last connection does. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#freePort()
    return new Promise((resolve) => {
      this.#closing.push(() => this.#user.enter(resolve))
      this.#endClosing()
    })
  }

  #endClosing(): void {
    if (!this.#isClosed || this.#open.size > 0) return
    for (const resolve of this.#closing.splice(0)) this.#host.network.clock.after(0, resolve)
  }
}
