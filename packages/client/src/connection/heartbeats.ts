import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { type ConsumerData, commands, heartbeatBody, responseCodes } from '@rocketmq-ts/protocol'
import { answerError, closedError, type RocketMQError } from '../rocketmq-error.ts'
import type { Connections } from './connections.ts'

/** The groups that a client is in, as heartbeats tell. */
export interface Membership {
  readonly producerGroups: readonly string[]
  readonly consumers: readonly ConsumerData[]
}

export interface HeartbeatsOptions {
  readonly clientId: string
  readonly clock: Clock
  readonly log: Log
  readonly connections: Pick<Connections, 'ask'>
  /** Milliseconds for one answer. */
  readonly timeoutMs: number
  membership(): Membership
  /** `host:port` of all brokers that are to know the client. */
  addresses(): Iterable<string>
}

const intervalMs = 30_000

/**
 * Tells brokers every 30 s which groups the client is in. A broker forgets a client with its connection, so that a new
 * connection needs a heartbeat before anything else of a member is done over it (`known`).
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions
  /** Brokers that have answered a heartbeat over the connection that is open. */
  readonly #known = new Set<string>()
  readonly #flights = new Map<string, Promise<void>>()
  #cancelTimer: CancelTimer | undefined
  #isClosed = false

  constructor(options: HeartbeatsOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#isClosed) return
    this.#cancelTimer ??= this.#options.clock.every(intervalMs, () => void this.beatAll())
  }

  /** Whether the broker has answered a heartbeat over the connection that is open. */
  isKnown(address: string): boolean {
    return this.#known.has(address)
  }

  /** Resolves when the broker has answered a heartbeat. @throws RocketMQError when it does not */
  known(address: string): Promise<void> {
    return this.#known.has(address) ? Promise.resolve() : this.#beat(address)
  }

  /** Like `known`, for whoever does not wait. A failure is logged, and the next beat tries again. */
  knownSoon(address: string): void {
    if (this.#isClosed || this.#known.has(address)) return
    this.#beat(address).catch((error: RocketMQError) => this.#say(address, error))
  }

  /** Tells a broker once more, for example since it does not know a subscription. @throws RocketMQError */
  beat(address: string): Promise<void> {
    return this.#beat(address)
  }

  /** Tells all of them; resolves when each has answered or failed. Failures are logged, and the next beat tries again. */
  async beatAll(): Promise<void> {
    const beats = [...this.#options.addresses()].map((address) =>
      this.#beat(address).catch((error: RocketMQError) => this.#say(address, error)),
    )
    await Promise.all(beats)
  }

  /** The connection to a server is gone, and with it what it knew. */
  connectionLost(address: string): void {
    this.#known.delete(address)
  }

  /** Brokers that know the client at the moment, those first that have known it for longest without a break. */
  knownAddresses(): string[] {
    return [...this.#known]
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
  }

  #say(address: string, error: RocketMQError): void {
    if (!this.#isClosed) this.#options.log.warn({ address, err: error }, 'a broker did not answer a heartbeat')
  }

  #beat(address: string): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError('client'))
    const begun = this.#flights.get(address)
    if (begun !== undefined) return begun
    const flight = this.#ask(address).finally(() => this.#flights.delete(address))
    this.#flights.set(address, flight)
    return flight
  }

  async #ask(address: string): Promise<void> {
    const { clientId, connections, membership, timeoutMs } = this.#options
    const { producerGroups, consumers } = membership()
    const body = heartbeatBody.encode({
      clientID: clientId,
      producerDataSet: producerGroups.map((groupName) => ({ groupName })),
      consumerDataSet: [...consumers],
      heartbeatFingerprint: 0,
      withoutSub: false,
    })
    const command = commands.heartBeat
    const answer = await connections.ask(address, { command, header: {}, body, timeoutMs })
    if (answer.code !== responseCodes.SUCCESS.code) throw answerError(command.name, answer, { broker: address })
    this.#known.add(address)
  }
}
