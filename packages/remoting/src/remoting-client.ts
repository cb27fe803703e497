import type { Platform } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  type FrameBody,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { parseAddress } from './address.ts'
import { RemotingConnection } from './remoting-connection.ts'
import { ResponseError } from './remoting-error.ts'

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

/** Calls servers by address over one kept connection each. */
export class RemotingClient {
  readonly #platform: Pick<Platform, 'network' | 'clock'>
  readonly #connections = new Map<string, Promise<RemotingConnection>>()
  readonly #onRequest: (request: RemotingCommand, connection: RemotingConnection) => void
  #isClosed = false

  /** @param onRequest called for requests that a server sends over a connection of ours */
  constructor(
    platform: Pick<Platform, 'network' | 'clock'>,
    onRequest: (request: RemotingCommand, connection: RemotingConnection) => void = () => {},
  ) {
    this.#platform = platform
    this.#onRequest = onRequest
  }

  /** Calls and gives the response as it is, whatever its code. */
  async call<C extends AnyCommand>(address: string, command: C, options: InvokeOptions<C>): Promise<RemotingCommand> {
    const connection = await this.#connectionTo(address, options.timeoutMs)
    return connection.invoke(command, options.header, { body: options.body, timeoutMs: options.timeoutMs })
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

  async close(): Promise<void> {
    this.#isClosed = true
    for (const connecting of this.#connections.values()) {
      connecting.then(
        (connection) => connection.end(),
        () => {},
      )
    }
    this.#connections.clear()
  }

  #connectionTo(address: string, timeoutMs: number): Promise<RemotingConnection> {
    if (this.#isClosed) return Promise.reject(new Error('the client is closed'))
    const known = this.#connections.get(address)
    if (known !== undefined) return known
    const connecting = this.#connect(address, timeoutMs)
    this.#connections.set(address, connecting)
    connecting.catch(() => this.#forget(address, connecting))
    return connecting
  }

  async #connect(address: string, timeoutMs: number): Promise<RemotingConnection> {
    const connection = await this.#platform.network.connect(parseAddress(address), timeoutMs)
    return new RemotingConnection(connection, {
      clock: this.#platform.clock,
      onRequests: (requests, peer) => {
        for (const request of requests) this.#onRequest(request, peer)
        return requests.length
      },
      onClose: () => this.#connections.delete(address),
    })
  }

  #forget(address: string, connecting: Promise<RemotingConnection>): void {
    if (this.#connections.get(address) === connecting) this.#connections.delete(address)
  }
}
