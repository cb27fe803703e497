import { responseCodeName } from '@rocketmq-ts/protocol'

/** No answer came in time. Whether the request was carried out is unknown. */
export class RequestTimeoutError extends Error {
  override readonly name = 'RequestTimeoutError'

  constructor(commandName: string, address: string, timeoutMs: number) {
    super(`${commandName} to ${address} got no answer in ${timeoutMs} ms`)
  }
}

/** The connection ended before the answer came. Whether the request was carried out is unknown. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'

  constructor(address: string, cause: Error | undefined) {
    super(`the connection to ${address} was lost`, { cause })
  }
}

/** The peer answered with another code than SUCCESS. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError'
  readonly code: number

  constructor(commandName: string, address: string, code: number, remark: string | undefined) {
    super(`${commandName} to ${address} was answered with ${code} ${responseCodeName(code) ?? ''}: ${remark ?? ''}`)
    this.code = code
  }
}
