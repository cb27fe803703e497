import type { CancelTimer } from '../../clock.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimulatedSocket } from './simulated-socket.ts'

/** How a host that reads slowly reads: so many bytes at a time, each confirmed after so long. */
export interface Slowness {
  windowBytes: number
  delayMs: number
}

/** What a host's network needs of the process that uses it. */
export interface NetworkUser {
  readonly isAlive: boolean
  /** Runs a callback in the process's loop. */
  enter(callback: () => void): void
}

/** Two ends of a connection that both know of it. */
export interface OpenConnection {
  readonly client: SimulatedSocket
  readonly server: SimulatedSocket
}

/** What brings things from one host to another. */
export interface Carrier {
  readonly clock: { monotonic(): number; after(delayMs: number, callback: () => void): CancelTimer }
  readonly random: SeededRandom
  /** How long the next piece is under way. */
  latencyMs(): number
  hostAt(nameOrAddress: string): NetworkHost | undefined
  /**
   * Brings something from one host to another, trying again while the way is blocked.
   * @param isWanted asked before each try
   * @param gaveUp called instead of `arrived` when that takes too long
   */
  carry(
    from: NetworkHost,
    to: NetworkHost,
    isWanted: () => boolean,
    arrived: () => void,
    gaveUp?: () => void,
    delayMs?: number,
  ): void
  opened(connection: OpenConnection): void
  /** Something arrived. */
  note(what: string, bytes?: Uint8Array): void
}

/** A port that is listened at. */
export interface OpenPort {
  takesFrom(host: NetworkHost): boolean
  accept(client: SimulatedSocket): SimulatedSocket
}

/** A host as its connections see it. */
export interface NetworkHost {
  readonly name: string
  readonly address: string
  readonly network: Carrier
  readonly isUp: boolean
  readonly refusesConnections: boolean
  readonly slowness: Slowness | undefined
  listenerAt(port: number): OpenPort | undefined
  takePort(): number
  add(socket: SimulatedSocket): void
  forget(socket: SimulatedSocket): void
}
