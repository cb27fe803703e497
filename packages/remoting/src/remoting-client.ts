import { type Log, type Platform, silentLog } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  type FrameBody,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  type Role,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { parseAddress } from './address.ts'
import { Peer, type PeerOptions } from './peer.ts'
import type { RemotingConnection } from './remoting-connection.ts'
import { RequestTimeoutError, ResponseError } from './remoting-error.ts'

export interface InvokeOptions<C extends AnyCommand> {
  header: RequestOf<C>
  body?: FrameBody
  /** Milliseconds for connecting, and again for the answer. */
  timeoutMs: number
}

export interface Answer<C extends AnyCommand> {
  header: ResponseOf<C>
  body: Buffer
}

/** `table` holds the requests that servers may send over the connections of this client. */
export interface RemotingClientOptions<As extends Role> extends Omit<PeerOptions<As>, 'clock' | 'log'> {
  log?: Log
}

/**
 * Nothing but silence for so many milliseconds, while requests run out of time, means that a server is gone without a
 * word: its machine lost its power, or the way to it is cut. A system finds that out after minutes.
 */
const silenceMsMax = 1000

/** Calls servers by address over one kept connection each. One that has gone silent is given up for another. */
export class RemotingClient<As extends Role = 'client'> {
  readonly #platform: Pick<Platform, 'network' | 'clock'>
  readonly #peer: Peer<As>
  readonly #connecting = new Map<string, Promise<RemotingConnection>>()
  readonly #connections = new Map<string, RemotingConnection>()
  #isClosed = false

  constructor(platform: Pick<Platform, 'network' | 'clock'>, options: RemotingClientOptions<As> = {}) {
    this.#platform = platform
    this.#peer = new Peer({
      silenceMsMax,
      ...options,
      clock: platform.clock,
      log: options.log ?? silentLog,
      onDisconnect: (connection, end) => {
        this.#forget(connection)
        options.onDisconnect?.(connection, end)
      },
    })
  }

  /** Sends a request and returns the response, whatever its code. */
  async call<C extends AnyCommand>(address: string, command: C, options: InvokeOptions<C>): Promise<RemotingCommand> {
    const { header, body, timeoutMs } = options
    const connection = this.#connections.get(address) ?? (await this.#connected(address, command.name, timeoutMs))
    return connection.invoke(command, header, { body, timeoutMs })
  }

  /** @throws ResponseError when the answer is not SUCCESS, and what `RemotingConnection.invoke` throws */
  async invoke<C extends AnyCommand>(address: string, command: C, options: InvokeOptions<C>): Promise<Answer<C>> {
    const response = await this.call(address, command, options)
    if (response.code !== responseCodes.SUCCESS.code) {
      throw new ResponseError(command.name, address, response.code, response.remark)
    }
    return {
      header: command.responseCodec.decode(response.extFields) as ResponseOf<C>,
      body: response.body ?? Buffer.alloc(0),
    }
  }

  /** Ends all connections; calls fail from now on. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#connections.clear()
    await this.#peer.close()
  }

  /** Joins a connection attempt of another call, which may have more time than this one. */
  #connected(address: string, commandName: string, timeoutMs: number): Promise<RemotingConnection> {
    if (this.#isClosed) return Promise.reject(new Error('the client is closed'))
    const begun = this.#connecting.get(address)
    if (begun === undefined) {
      const connecting = this.#connect(address, timeoutMs).finally(() => this.#connecting.delete(address))
      this.#connecting.set(address, connecting)
      return connecting
    }
    const { promise, resolve, reject } = Promise.withResolvers<RemotingConnection>()
    const cancel = this.#platform.clock.after(timeoutMs, () =>
      reject(new RequestTimeoutError(commandName, address, timeoutMs)),
    )
    begun.then(resolve, reject).finally(cancel)
    return promise
  }

  async #connect(address: string, timeoutMs: number): Promise<RemotingConnection> {
    const connection = await this.#platform.network.connect(parseAddress(address), timeoutMs)
    const opened = this.#peer.open(connection)
    if (this.#isClosed) throw new Error('the client is closed')
    this.#connections.set(address, opened)
    return opened
  }

  #forget(lost: RemotingConnection): void {
    for (const [address, connection] of this.#connections) {
      if (connection === lost) this.#connections.delete(address)
    }
  }
}
