import {
  type AnyCommand,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { ResponseError } from '@rocketmq-ts/remoting'

export const emptyBody: Buffer = Buffer.alloc(0)

/** Who calls. */
export interface Caller {
  /** The client's id in its groups. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly wallMs: number
  /** Milliseconds for connecting, and again for an answer, where nothing else is said. */
  readonly timeoutMs: number
  call<C extends AnyCommand>(
    address: string,
    command: C,
    header: RequestOf<C>,
    options: { body?: Buffer | undefined; timeoutMs?: number },
  ): Promise<RemotingCommand>
}

/** Calls of a client to one server. */
export class Calls {
  readonly client: Caller
  /** `host:port` of the server. */
  readonly address: string

  constructor(client: Caller, address: string) {
    this.client = client
    this.address = address
  }

  /** The answer, whatever its code. */
  call<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
    timeoutMs?: number,
  ): Promise<RemotingCommand> {
    return this.client.call(this.address, command, header, { body, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  }

  /** @throws ResponseError when the answer is not SUCCESS */
  async ask<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    body?: Buffer,
  ): Promise<{ header: ResponseOf<C>; body: Buffer }> {
    const answer = await this.call(command, header, body)
    if (answer.code !== responseCodes.SUCCESS.code) throw this.responseError(command, answer)
    return {
      header: command.responseCodec.decode(answer.extFields) as ResponseOf<C>,
      body: answer.body ?? emptyBody,
    }
  }

  responseError(command: AnyCommand, answer: RemotingCommand): ResponseError {
    return new ResponseError(command.name, this.address, answer.code, answer.remark)
  }
}
