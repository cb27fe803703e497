import {
  type AnyCommand,
  BodyError,
  flags,
  isOneWay,
  JsonError,
  ProtocolError,
  type RemotingCommand,
  type ResponseCodeName,
  responseCodes,
} from '@rocketmq-ts/protocol'
import type { Call, Reply } from './call.ts'
import type { ObservedCall } from './observer.ts'
import type { RemotingConnection } from './remoting-connection.ts'

/** Requests of a lane that have no answer yet. */
export interface Waiting {
  count: number
  /** Called when the count reaches 0; set once somebody waits for that. */
  onNone: (() => void) | undefined
}

const noBody = Buffer.alloc(0)

/** The answer to a request whose handling failed: protocol errors say what to do, others are defects. */
export function replyToError(error: unknown): Reply & { code: ResponseCodeName } {
  if (error instanceof ProtocolError) return { code: error.responseCode, remark: error.message }
  if (error instanceof BodyError || error instanceof JsonError) {
    return { code: 'INVALID_PARAMETER', remark: `the body cannot be read: ${error.message}` }
  }
  return { code: 'SYSTEM_ERROR', remark: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
}

export function isDefect(error: unknown): boolean {
  return !(error instanceof ProtocolError || error instanceof BodyError || error instanceof JsonError)
}

/** A request, from the lookup of its row until it is answered. */
export class OpenCall implements Call {
  readonly connection: RemotingConnection
  readonly request: RemotingCommand
  readonly isOneWay: boolean
  readonly #command: AnyCommand
  readonly #waiting: Waiting
  readonly #observed: ObservedCall | undefined
  #isAnswered = false

  constructor(
    connection: RemotingConnection,
    request: RemotingCommand,
    command: AnyCommand,
    waiting: Waiting,
    observed: ObservedCall | undefined,
  ) {
    this.connection = connection
    this.request = request
    this.isOneWay = isOneWay(request)
    this.#command = command
    this.#waiting = waiting
    this.#observed = observed
    waiting.count++
  }

  get body(): Buffer {
    return this.request.body ?? noBody
  }

  answer(reply: Reply): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    const { code } = responseCodes[reply.code ?? 'SUCCESS']
    if (!this.isOneWay) this.#send(code, reply)
    else if (this.#observed !== undefined) this.#observed.doneOneWay(code)
    const waiting = this.#waiting
    if (--waiting.count === 0 && waiting.onNone !== undefined) waiting.onNone()
  }

  fail(error: unknown): void {
    this.answer(replyToError(error))
  }

  #send(code: number, reply: Reply): void {
    if (this.#observed !== undefined) this.#observed.responseCode = code
    this.connection.answer(
      {
        code,
        opaque: this.request.opaque,
        flag: flags.response,
        remark: reply.remark,
        header: reply.header,
        codec: this.#command.responseCodec,
        extFields: reply.extFields,
        body: reply.body,
        serializeType: this.request.serializeType,
      },
      this.#observed,
    )
  }
}
