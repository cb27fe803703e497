import type { Log } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  BodyError,
  commands,
  flags,
  isOneWay,
  JsonError,
  ProtocolError,
  type RemotingCommand,
  type RequestOf,
  type ResponseCodeName,
  type Role,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { demandsOf } from './access.ts'
import type { Call } from './call.ts'
import type { CommandTable, Entry, ServedEntry } from './command-table.ts'
import type { Guard } from './guard.ts'
import type { RemotingConnection } from './remoting-connection.ts'
import { answeredLater, type Reply } from './reply.ts'

/** Requests of a lane that have no answer yet. */
interface Waiting {
  count: number
}

interface Row {
  command: AnyCommand
  entry: Entry<AnyCommand>
  waiting: Waiting
}

const noBody = Buffer.alloc(0)
/** With fewer requests in a read there is nothing to gain. */
const lookAheadMin = 4
const noHeaders: readonly unknown[] = []

/** The answer to a request whose handling failed: protocol errors say what to do, others are defects. */
export function replyToError(error: unknown): Reply & { code: ResponseCodeName } {
  if (error instanceof ProtocolError) return { code: error.responseCode, remark: error.message }
  if (error instanceof BodyError || error instanceof JsonError) {
    return { code: 'INVALID_PARAMETER', remark: `the body cannot be read: ${error.message}` }
  }
  return { code: 'SYSTEM_ERROR', remark: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
}

function isDefect(error: unknown): boolean {
  return !(error instanceof ProtocolError || error instanceof BodyError || error instanceof JsonError)
}

class OpenCall implements Call {
  readonly connection: RemotingConnection
  readonly request: RemotingCommand
  readonly isOneWay: boolean
  readonly #command: AnyCommand
  readonly #waiting: Waiting
  #isAnswered = false

  constructor(connection: RemotingConnection, request: RemotingCommand, command: AnyCommand, waiting: Waiting) {
    this.connection = connection
    this.request = request
    this.isOneWay = isOneWay(request)
    this.#command = command
    this.#waiting = waiting
    waiting.count++
  }

  get body(): Buffer {
    return this.request.body ?? noBody
  }

  answer(reply: Reply): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    this.#waiting.count--
    if (this.isOneWay) return
    this.connection.send({
      code: responseCodes[reply.code ?? 'SUCCESS'].code,
      opaque: this.request.opaque,
      flag: flags.response,
      remark: reply.remark,
      header: reply.header,
      codec: this.#command.responseCodec,
      extFields: reply.extFields,
      body: reply.body,
      serializeType: this.request.serializeType,
    })
  }

  fail(error: unknown): void {
    this.answer(replyToError(error))
  }
}

/** Finds the handler of each request in a command table, within the limits of its lane. */
export class Dispatcher<To extends Role> {
  readonly #rows = new Map<number, Row>()
  /** By the names of lanes. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #log: Log
  readonly #guard: Guard | undefined

  constructor(table: CommandTable<To>, log: Log, guard?: Guard | undefined) {
    this.#log = log
    this.#guard = guard
    for (const [key, entry] of Object.entries(table) as [keyof typeof commands, Entry<AnyCommand>][]) {
      const command: AnyCommand = commands[key]
      const lane = entry.kind === 'served' ? entry.lane.name : ''
      const waiting = this.#waiting.get(lane) ?? { count: 0 }
      this.#waiting.set(lane, waiting)
      this.#rows.set(command.code, { command, entry, waiting })
    }
  }

  /** Requests of a lane that have no answer yet. */
  waitingIn(laneName: string): number {
    return this.#waiting.get(laneName)?.count ?? 0
  }

  /**
   * Handles requests that came in one read, in their order, as long as the connection takes requests.
   * @returns how many were handled
   */
  dispatchAll(connection: RemotingConnection, requests: readonly RemotingCommand[]): number {
    const headers = this.#lookAhead(requests)
    let count = 0
    while (count < requests.length && !connection.isPaused) {
      this.#dispatch(connection, requests[count]!, headers[count])
      count++
    }
    return count
  }

  /** @returns the headers of the first requests, as far as they are of one command that looks ahead */
  #lookAhead(requests: readonly RemotingCommand[]): readonly unknown[] {
    if (requests.length < lookAheadMin) return noHeaders
    const { code } = requests[0]!
    const row = this.#rows.get(code)
    if (row?.entry.kind !== 'served' || row.entry.lookAhead === undefined) return noHeaders
    const headers: RequestOf<AnyCommand>[] = []
    try {
      for (const request of requests) {
        if (request.code !== code) break
        headers.push(row.command.requestCodec.decode(request.extFields))
      }
    } catch {
      // It is decoded again when it is handled, and refused then.
    }
    row.entry.lookAhead(headers)
    return headers
  }

  /** @param header of the request, if it is decoded already */
  #dispatch(connection: RemotingConnection, request: RemotingCommand, header: unknown): void {
    const row = this.#rows.get(request.code)
    if (row === undefined || row.entry.kind === 'unsupported') {
      this.#refuse(connection, request, row?.entry.kind === 'unsupported' ? row.entry.reason : undefined)
      return
    }
    const { command, entry, waiting } = row
    const { lane } = entry
    const before = waiting.count
    const call = new OpenCall(connection, request, command, waiting)
    if (before >= lane.waitingMax) {
      const remark = `[OVERLOAD]${before} ${lane.name} requests wait already, ${lane.waitingMax} may: try again later`
      call.answer({ code: 'SYSTEM_BUSY', remark })
      return
    }
    this.#handle(call, entry, command, header)
  }

  #handle(call: OpenCall, entry: ServedEntry<AnyCommand>, command: AnyCommand, header: unknown): void {
    try {
      const known = header ?? command.requestCodec.decode(call.request.extFields)
      if (this.#guard !== undefined && !this.#isAllowed(this.#guard, call, entry, command, known)) return
      const result = entry.handle(known, call)
      if (result === answeredLater) {
        // Nobody waits for the answer to a one-way request: its handler may never give one.
        if (call.isOneWay) call.answer({})
        return
      }
      if (result instanceof Promise) {
        result.then(
          (reply) => {
            if (reply !== answeredLater) call.answer(reply)
          },
          (error) => this.#failed(call, command, error),
        )
      } else {
        call.answer(result)
      }
    } catch (error) {
      this.#failed(call, command, error)
    }
  }

  /** Asks the guard; a request that it refuses is answered. */
  #isAllowed(
    guard: Guard,
    call: OpenCall,
    entry: ServedEntry<AnyCommand>,
    command: AnyCommand,
    header: RequestOf<AnyCommand>,
  ): boolean {
    const { connection, request, body } = call
    const reason = guard({
      peer: connection.remoteAddress,
      command,
      request,
      demands: demandsOf(entry.access, header, body),
    })
    if (reason === undefined) return true
    call.answer({ code: 'NO_PERMISSION', remark: reason })
    return false
  }

  #failed(call: OpenCall, command: AnyCommand, error: unknown): void {
    if (isDefect(error)) {
      this.#log.error({ command: command.name, peer: call.connection.remoteAddress, err: error }, 'a request failed')
    }
    call.fail(error)
  }

  #refuse(connection: RemotingConnection, request: RemotingCommand, reason: string | undefined): void {
    if (isOneWay(request)) return
    connection.send({
      code: responseCodes.REQUEST_CODE_NOT_SUPPORTED.code,
      opaque: request.opaque,
      flag: flags.response,
      remark: ` request type ${request.code} not supported${reason === undefined ? '' : `: ${reason}`}`,
      serializeType: request.serializeType,
    })
  }
}
