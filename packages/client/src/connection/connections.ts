import type { Clock, Log } from '@rocketmq-ts/platform'
import type { AnyCommand, FrameBody, RemotingCommand, RequestOf } from '@rocketmq-ts/protocol'
import {
  type CommandTable,
  ConnectionLostError,
  Peer,
  parseAddress,
  type RemotingConnection,
  RequestTimeoutError,
  type Signer,
} from '@rocketmq-ts/remoting'
import { closedError, RocketMQError } from '../rocketmq-error.ts'
import type { Runtime } from '../runtime.ts'

export interface ConnectionsOptions {
  readonly runtime: Pick<Runtime, 'network' | 'clock'>
  readonly log: Log
  /** What servers may ask of this client. */
  readonly table: CommandTable<'client'>
  readonly signer: Signer | undefined
  /** Told when a connection to a server is gone, for whatever reason. */
  onLost(address: string): void
}

/** A request to a server. */
export interface Request<C extends AnyCommand> {
  readonly command: C
  readonly header: RequestOf<C>
  readonly body?: FrameBody | undefined
  /** Milliseconds for the answer, connecting included. */
  readonly timeoutMs: number
  /** The name of the server in errors; its address without one. */
  readonly broker?: string | undefined
}

interface Link {
  readonly connection: RemotingConnection
  /** Since when requests have had no answer in their time; undefined after any answer. */
  silentSinceMs: number | undefined
}

/** So long does a server say nothing at all, while answers are due, before its connection counts as dead. */
const silentMsMax = 2000

/**
 * One kept connection to each server. A connection over which no answer comes any more is ended, although no error was
 * seen: a box in between may have forgotten it, and the system would notice only after many minutes.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #clock: Clock
  readonly #peer: Peer<'client'>
  readonly #links = new Map<string, Link>()
  readonly #connecting = new Map<string, Promise<Link>>()
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#clock = options.runtime.clock
    this.#peer = new Peer({
      clock: this.#clock,
      log: options.log,
      table: options.table,
      signer: options.signer,
      onDisconnect: (connection) => this.#forget(connection),
    })
  }

  /**
   * Asks and gives the answer, whatever its code.
   * @throws RocketMQError TIMEOUT, CONNECTION_LOST, CONNECT_FAILED, CLOSED
   */
  async ask<C extends AnyCommand>(address: string, request: Request<C>): Promise<RemotingCommand> {
    const { command, header, body, timeoutMs } = request
    const startMs = this.#clock.monotonic()
    let link = this.#links.get(address)
    let leftMs = timeoutMs
    try {
      if (link === undefined) {
        link = await this.#connected(address, command, timeoutMs)
        leftMs = Math.max(1, timeoutMs - (this.#clock.monotonic() - startMs))
      }
      const answer = await link.connection.invoke(command, header, { body, timeoutMs: leftMs })
      link.silentSinceMs = undefined
      return answer
    } catch (error) {
      if (link !== undefined && error instanceof RequestTimeoutError) this.#unanswered(link, leftMs)
      throw askError(error, request, address, link !== undefined)
    }
  }

  /** Sends a request that nobody answers. @throws RocketMQError when there is no connection */
  async tell<C extends AnyCommand>(address: string, request: Request<C>): Promise<void> {
    const { command, header, body, timeoutMs } = request
    try {
      const link = this.#links.get(address) ?? (await this.#connected(address, command, timeoutMs))
      link.connection.tell(command, header, body)
    } catch (error) {
      throw askError(error, request, address, false)
    }
  }

  /** Ends all connections after what was written is sent; bounded in time. Calls that wait fail. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#peer.close(), Promise.allSettled(this.#connecting.values())])
  }

  /** A connection that somebody else may have begun to make, with more time than there is here. */
  #connected(address: string, command: AnyCommand, timeoutMs: number): Promise<Link> {
    if (this.#isClosed) return Promise.reject(closedError('client'))
    let begun = this.#connecting.get(address)
    if (begun === undefined) {
      begun = this.#connect(address, timeoutMs).finally(() => this.#connecting.delete(address))
      this.#connecting.set(address, begun)
    }
    const { promise, resolve, reject } = Promise.withResolvers<Link>()
    const cancel = this.#clock.after(timeoutMs, () =>
      reject(new ConnectTimeoutError(`${command.name}: no connection to ${address} in ${timeoutMs} ms`)),
    )
    begun.then(resolve, reject).finally(cancel)
    return promise
  }

  async #connect(address: string, timeoutMs: number): Promise<Link> {
    const connection = await this.#options.runtime.network.connect(parseAddress(address), timeoutMs)
    const link: Link = { connection: this.#peer.open(connection), silentSinceMs: undefined }
    if (this.#isClosed) throw closedError('client')
    this.#links.set(address, link)
    return link
  }

  #unanswered(link: Link, waitedMs: number): void {
    const nowMs = this.#clock.monotonic()
    link.silentSinceMs ??= nowMs - waitedMs
    if (nowMs - link.silentSinceMs >= silentMsMax) link.connection.destroy()
  }

  #forget(lost: RemotingConnection): void {
    for (const [address, { connection }] of this.#links) {
      if (connection !== lost) continue
      this.#links.delete(address)
      this.#options.onLost(address)
    }
  }
}

/** The request was not sent yet when its time was over. */
class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError'
}

function askError<C extends AnyCommand>(
  error: unknown,
  request: Request<C>,
  address: string,
  isConnected: boolean,
): RocketMQError {
  if (error instanceof RocketMQError) return error
  const cause = error as Error
  const place = { broker: request.broker ?? address, cause }
  if (error instanceof RequestTimeoutError) {
    return new RocketMQError('TIMEOUT', cause.message, { ...place, outcome: 'unknown' })
  }
  if (error instanceof ConnectionLostError) {
    const message = `${request.command.name}: ${cause.message} before the answer came`
    return new RocketMQError('CONNECTION_LOST', message, { ...place, outcome: 'unknown' })
  }
  const code = isConnected ? 'SYSTEM_BUSY' : 'CONNECT_FAILED'
  return new RocketMQError(code, `${request.command.name} to ${address}: ${cause.message}`, place)
}
