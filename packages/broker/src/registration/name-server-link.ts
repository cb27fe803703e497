import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import {
  commands,
  type DataVersion,
  dataVersionBody,
  keyValueTableBody,
  type RemotingCommand,
  responseCodes,
} from '@rocketmq-ts/protocol'
import type { RemotingClient } from '@rocketmq-ts/remoting'
import type { RegistrationBody } from './registration-body.ts'

/** How name servers are called; a `RemotingClient` outside of tests. */
export type NameServerCalls = Pick<RemotingClient, 'call'>

/** Who registers. */
export interface BrokerIdentity {
  clusterName: string
  brokerName: string
  /** 0 is the master. */
  brokerId: number
  /** `host:port` given to clients. */
  brokerAddr: string
  /** `host:port` at which slaves reach it. */
  haServerAddr: string
}

export interface NameServerLinkOptions {
  clock: Clock
  log: Log
  calls: NameServerCalls
  identity: BrokerIdentity
  /** Milliseconds for connecting, and again for an answer. */
  timeoutMs(): number
  /** Milliseconds between two registrations when nothing changes. */
  periodMs(): number
  /** Whether to register although the name server has the same version. */
  isForced(): boolean
  dataVersion(): DataVersion
  /** All topics. */
  fullBody(): RegistrationBody
  /** Some topics; undefined when none of them exists any more. */
  partBody(topics: ReadonlySet<string>): RegistrationBody | undefined
  /** Whether so many changes are better sent as all topics. */
  isFullBetter(changeCount: number): boolean
  onOrderedTopics(topics: ReadonlySet<string>): void
}

type State = 'new' | 'registered' | 'failed'

const firstRetryMs = 1000
const unregisterTimeoutMs = 3000

/**
 * Keeps the broker registered at one name server. One request is under way at a time; what changes meanwhile goes with
 * the next one. A failure is retried soon at first, then less often, and concerns no other name server.
 */
export class NameServerLink {
  readonly address: string
  readonly #options: NameServerLinkOptions
  readonly #changedTopics = new Set<string>()
  #isFullWanted = false
  /** Settles when nothing is under way and nothing waits. */
  #running: Promise<void> | undefined
  #isClosed = false
  #state: State = 'new'
  #failures = 0
  #cancelRetry: CancelTimer | undefined

  constructor(address: string, options: NameServerLinkOptions) {
    this.address = address
    this.#options = options
  }

  /** Whether the name server answered the last registration. */
  get isRegistered(): boolean {
    return this.#state === 'registered'
  }

  /** Registers all topics, now or behind what is under way. Resolves when the name server has answered or failed to. */
  async registerAll(): Promise<void> {
    this.#isFullWanted = true
    await this.#run()
  }

  /** Registers topics that came or changed. */
  registerTopics(topics: Iterable<string>): void {
    // Then all topics follow with the next try, which is not to be made for each change.
    if (this.#state === 'failed') return
    for (const topic of topics) this.#changedTopics.add(topic)
    void this.#run()
  }

  /** Resolves when what changed so far is registered, or the name server failed to answer. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Takes the broker out of the routes. A name server that cannot be reached forgets it by itself. */
  async unregister(): Promise<void> {
    this.#isClosed = true
    this.#cancelRetry?.()
    if (this.#state === 'failed') return
    const { calls, log, identity } = this.#options
    const { clusterName, brokerName, brokerId, brokerAddr } = identity
    try {
      const header = { clusterName, brokerName, brokerId, brokerAddr }
      requireSuccess(
        await calls.call(this.address, commands.unregisterBroker, { header, timeoutMs: unregisterTimeoutMs }),
      )
    } catch (error) {
      log.warn({ nameServer: this.address, err: error }, 'the broker could not be unregistered')
    }
  }

  #run(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#running ??= this.#registerWaiting().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #registerWaiting(): Promise<void> {
    try {
      while (!this.#isClosed && (this.#isFullWanted || this.#changedTopics.size > 0)) await this.#registerOnce()
      this.#succeeded()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #registerOnce(): Promise<void> {
    const changed = new Set(this.#changedTopics)
    this.#changedTopics.clear()
    const isFull = this.#isFullWanted || this.#state !== 'registered' || this.#options.isFullBetter(changed.size)
    this.#isFullWanted = false
    if (!isFull) {
      const body = this.#options.partBody(changed)
      if (body !== undefined) await this.#send(body)
      return
    }
    if (this.#options.isForced() || (await this.#isOutdated())) await this.#send(this.#options.fullBody())
  }

  async #isOutdated(): Promise<boolean> {
    const { calls, identity, timeoutMs, dataVersion } = this.#options
    const { clusterName, brokerName, brokerId, brokerAddr } = identity
    const response = await calls.call(this.address, commands.queryDataVersion, {
      header: { clusterName, brokerName, brokerId, brokerAddr },
      body: dataVersionBody.encode(dataVersion()),
      timeoutMs: timeoutMs(),
    })
    requireSuccess(response)
    return commands.queryDataVersion.responseCodec.decode(response.extFields).changed
  }

  async #send(body: RegistrationBody): Promise<void> {
    const { calls, identity, timeoutMs } = this.#options
    const header = { ...identity, enableActingMaster: false, compressed: body.isCompressed, bodyCrc32: body.crc32 }
    const response = await calls.call(this.address, commands.registerBroker, {
      header,
      body: body.bytes,
      timeoutMs: timeoutMs(),
    })
    requireSuccess(response)
    if (response.body === undefined || response.body.length === 0) return
    this.#options.onOrderedTopics(new Set(keyValueTableBody.decode(response.body).table.keys()))
  }

  #succeeded(): void {
    this.#cancelRetry?.()
    this.#failures = 0
    if (this.#state === 'registered' || this.#isClosed) return
    this.#state = 'registered'
    this.#options.log.info({ nameServer: this.address }, 'the broker is registered at the name server')
  }

  #failed(error: unknown): void {
    // What was under way is unknown to the name server, or may be: only all topics make it right again.
    this.#isFullWanted = true
    this.#changedTopics.clear()
    if (this.#isClosed) return
    const { clock, log, periodMs } = this.#options
    if (this.#state !== 'failed') {
      this.#state = 'failed'
      const fields = { nameServer: this.address, err: error }
      log.warn(fields, 'the broker could not be registered at the name server: it goes on trying')
    }
    const delayMs = Math.min(firstRetryMs * 2 ** this.#failures++, periodMs())
    this.#cancelRetry?.()
    this.#cancelRetry = clock.after(delayMs, () => void this.#run())
  }
}

function requireSuccess(response: RemotingCommand): void {
  if (response.code === responseCodes.SUCCESS.code) return
  throw new Error(`the name server answered with ${response.code}: ${response.remark ?? 'no remark'}`)
}
