/**
 * A network in memory. It takes the liberties that TCP over real networks takes, since a system that survives them
 * survives any network:
 *
 * - Bytes arrive in the order in which they were sent, each once, and in pieces that have nothing to do with the writes:
 *   cut anywhere, several writes in one piece. They take time, more for one piece than for another.
 * - A peer that reads slowly, or not at all, makes the writer wait: the writer's system takes a window of bytes, and the
 *   rest stays with the writer (`unsentBytes`) until `onDrain`.
 * - A connection can be reset at any time: both ends learn of it, bytes under way are lost, and nobody knows how many
 *   the peer had read. It can also go silent for good (a box in between forgot it): both ends are left with it.
 * - A process that dies ends its connections: what its system had taken is still delivered, what it had not is lost. A
 *   machine that loses power tells nobody: the peers' connections are half-open until they send something and the
 *   machine, once it is up again, knows nothing of it; or until too long nothing is confirmed.
 * - Two machines may not reach each other for a time, in both directions or in one alone. Nothing is lost by that: what
 *   was sent arrives later, unless a side gives up before. Connecting takes until its deadline.
 * - Nobody listens, or something refuses in between: ECONNREFUSED.
 * - A process that stands still accepts and takes nothing, while its system goes on doing both.
 *
 * Not played, since TCP excludes it: bytes that are changed, lost in the middle, repeated or in another order.
 */
import type { SeededRandom } from '../seeded-random.ts'
import type { Carrier, NetworkHost, OpenConnection } from './network-parts.ts'
import { SimulatedHost } from './simulated-host.ts'
import { giveUpMs } from './simulated-wire.ts'

export interface NetworkOptions {
  clock: Carrier['clock']
  random: SeededRandom
  /** Told of everything that arrives. */
  note?(what: string, bytes?: Uint8Array): void
}

/** How long a piece is under way, in microseconds. */
export interface Latency {
  leastUs: number
  mostUs: number
}

const firstRetryMs = 200
const retryMsMax = 5000

export class SimulatedNetwork implements Carrier {
  readonly #options: NetworkOptions
  readonly #hosts = new Map<string, SimulatedHost>()
  /** `from>to` of directions in which nothing arrives. */
  readonly #blocked = new Set<string>()
  readonly #connections = new Set<OpenConnection>()
  latency: Latency = { leastUs: 50, mostUs: 1000 }

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  get clock(): NetworkOptions['clock'] {
    return this.#options.clock
  }

  get random(): SeededRandom {
    return this.#options.random
  }

  note(what: string, bytes?: Uint8Array): void {
    this.#options.note?.(what, bytes)
  }

  /** @param address an IPv4 address; the next free one of 10.0.0.0/16 without it */
  addHost(name: string, address = addressOf(this.#hosts.size + 1)): SimulatedHost {
    const host = new SimulatedHost(this, name, address)
    this.#hosts.set(name, host)
    return host
  }

  /** By its name or address. */
  hostAt(nameOrAddress: string): SimulatedHost | undefined {
    const named = this.#hosts.get(nameOrAddress)
    if (named !== undefined) return named
    for (const host of this.#hosts.values()) if (host.address === nameOrAddress) return host
    return undefined
  }

  /** Nothing that one host sends arrives at the other; what the other sends does. */
  block(from: SimulatedHost, to: SimulatedHost): void {
    this.#blocked.add(`${from.name}>${to.name}`)
  }

  unblock(from: SimulatedHost, to: SimulatedHost): void {
    this.#blocked.delete(`${from.name}>${to.name}`)
  }

  /** Nothing passes between two hosts. */
  partition(one: SimulatedHost, other: SimulatedHost): void {
    this.block(one, other)
    this.block(other, one)
  }

  /** Every host reaches every other one, refuses nothing and reads as fast as it can. */
  heal(): void {
    this.#blocked.clear()
    for (const host of this.#hosts.values()) {
      host.refusesConnections = false
      host.slowness = undefined
    }
  }

  /** Connections that are open at both ends, the oldest first. */
  connections(): OpenConnection[] {
    for (const connection of this.#connections) {
      if (connection.client.isGone || connection.server.isGone) this.#connections.delete(connection)
    }
    return [...this.#connections]
  }

  /** Both ends are told that the connection was reset. */
  reset({ client, server }: OpenConnection): void {
    this.note(`reset ${client.name}`)
    client.fail('ECONNRESET')
    server.fail('ECONNRESET')
  }

  /** Nothing of the connection arrives any more, and nobody is told. */
  silence({ client, server }: OpenConnection): void {
    this.note(`silence ${client.name}`)
    client.silence()
    server.silence()
  }

  opened(connection: OpenConnection): void {
    this.#connections.add(connection)
  }

  isOpen(from: NetworkHost, to: NetworkHost): boolean {
    return to.isUp && !this.#blocked.has(`${from.name}>${to.name}`)
  }

  latencyMs(): number {
    const { leastUs, mostUs } = this.latency
    return (leastUs + this.random.below(mostUs - leastUs + 1)) / 1000
  }

  carry(
    from: NetworkHost,
    to: NetworkHost,
    isWanted: () => boolean,
    arrived: () => void,
    gaveUp: () => void = () => {},
    delayMs = this.latencyMs(),
  ): void {
    const { clock } = this
    const startMs = clock.monotonic()
    let retryMs = firstRetryMs
    const attempt = (): void => {
      if (!isWanted()) return
      if (this.isOpen(from, to)) arrived()
      else if (clock.monotonic() - startMs > giveUpMs) gaveUp()
      else {
        clock.after(retryMs, () => attempt())
        retryMs = Math.min(2 * retryMs, retryMsMax)
      }
    }
    clock.after(delayMs, () => attempt())
  }
}

function addressOf(index: number): string {
  return `10.0.${index >> 8}.${index & 0xff}`
}
