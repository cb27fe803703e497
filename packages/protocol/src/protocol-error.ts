import { type ResponseCodeName, responseCodes } from './response-codes.ts'

/** A request that is refused: its code and a remark that says what to do go back to the peer. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly responseCode: ResponseCodeName

  constructor(responseCode: ResponseCodeName, message: string) {
    super(message)
    this.responseCode = responseCode
  }

  get code(): number {
    return responseCodes[this.responseCode].code
  }

  /** Whether a client may try the same request again. */
  get canRetry(): boolean {
    return responseCodes[this.responseCode].retry
  }
}
