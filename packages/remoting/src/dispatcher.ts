import type { BoundedLog, Clock } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  commands,
  flags,
  isOneWay,
  type RemotingCommand,
  type RequestOf,
  type ResponseCodeName,
  type Role,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { demandsOf, type Guard } from './access.ts'
import { answeredLater } from './call.ts'
import type { CommandTable, Entry, Handler, Lane, ServedEntry } from './command-table.ts'
import { headersAhead, type LookAhead } from './look-ahead.ts'
import { Observation, ObservedCall, type Observer } from './observer.ts'
import { isDefect, OpenCall, type Waiting } from './open-call.ts'
import type { RemotingConnection } from './remoting-connection.ts'

export interface DispatcherOptions<As extends Role> {
  /** Without one no request is served. */
  table: CommandTable<As> | undefined
  clock: Clock
  log: BoundedLog
  guard?: Guard | undefined
  observer?: Observer | undefined
}

/** A served command. */
interface Row {
  readonly command: AnyCommand
  readonly lane: Lane
  readonly access: ServedEntry<AnyCommand>['access']
  readonly handle: Handler<AnyCommand>
  readonly lookAhead: LookAhead<AnyCommand> | undefined
  readonly waiting: Waiting
}

/** Clients up to this version do not know GO_AWAY (V5_3_1). */
const lastVersionWithoutGoAway = 475

/** Finds the handler of each request in a command table, within the limits of its lane. */
export class Dispatcher<As extends Role> {
  readonly #rows = new Map<number, Row>()
  /** Why a command is not served, by its code. */
  readonly #reasons = new Map<number, string>()
  /** By the names of lanes. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #clock: Clock
  readonly #log: BoundedLog
  readonly #guard: Guard | undefined
  readonly #observation: Observation | undefined
  /** Callers of `drained`, to be resolved when every lane is empty. */
  readonly #drains = new Set<() => void>()
  #isStopping = false

  constructor({ table, clock, log, guard, observer }: DispatcherOptions<As>) {
    this.#clock = clock
    this.#log = log
    this.#guard = guard
    this.#observation = observer === undefined ? undefined : new Observation(observer, clock)
    for (const [key, entry] of Object.entries(table ?? {}) as [keyof typeof commands, Entry<AnyCommand>][]) {
      const command: AnyCommand = commands[key]
      if (entry.kind === 'unsupported') {
        this.#reasons.set(command.code, entry.reason)
        continue
      }
      const { lane, access, handle, lookAhead } = entry
      const waiting = this.#waiting.get(lane.name) ?? { count: 0, onNone: undefined }
      this.#waiting.set(lane.name, waiting)
      this.#rows.set(command.code, { command, lane, access, handle, lookAhead, waiting })
    }
  }

  get isObserved(): boolean {
    return this.#observation !== undefined
  }

  /** Requests of a lane that have no answer yet. */
  waitingIn(laneName: string): number {
    return this.#waiting.get(laneName)?.count ?? 0
  }

  /** Refuses requests from now on, in a way that makes clients ask another server. */
  stopTaking(): void {
    this.#isStopping = true
  }

  /**
   * Waits until every request that was taken has its answer.
   * @returns how many have none, when `timeoutMs` was not enough
   */
  async drained(timeoutMs: number): Promise<number> {
    if (this.#unanswered() === 0) return 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(timeoutMs, resolve)
    this.#drains.add(resolve)
    for (const waiting of this.#waiting.values()) waiting.onNone = this.#laneIsEmpty
    await promise
    cancel()
    this.#drains.delete(resolve)
    return this.#unanswered()
  }

  /**
   * Handles requests that came in one read, in their order, as long as the connection takes requests.
   * @param frameBytes of each request; read only when there is an observer
   * @returns how many were handled
   */
  dispatchAll(
    connection: RemotingConnection,
    requests: readonly RemotingCommand[],
    frameBytes: readonly number[],
  ): number {
    const headers = headersAhead(requests, this.#rows)
    const observation = this.#observation
    const startedAtMs = observation === undefined ? 0 : observation.nowMs()
    let count = 0
    while (count < requests.length && !connection.isPaused) {
      const request = requests[count]!
      const observed =
        observation === undefined
          ? undefined
          : new ObservedCall(observation, request.code, startedAtMs, frameBytes[count]!)
      this.#dispatch(connection, request, headers[count], observed)
      count++
    }
    return count
  }

  /** @param header of the request, if it was decoded already */
  #dispatch(
    connection: RemotingConnection,
    request: RemotingCommand,
    header: RequestOf<AnyCommand> | undefined,
    observed: ObservedCall | undefined,
  ): void {
    const row = this.#rows.get(request.code)
    if (row === undefined) {
      const reason = this.#reasons.get(request.code)
      const remark = ` request type ${request.code} not supported${reason === undefined ? '' : `: ${reason}`}`
      this.#refuse(connection, request, 'REQUEST_CODE_NOT_SUPPORTED', remark, observed)
      return
    }
    if (this.#isStopping) {
      const code = request.version > lastVersionWithoutGoAway ? 'GO_AWAY' : 'SERVICE_NOT_AVAILABLE'
      this.#refuse(connection, request, code, 'this server is stopping: ask another one', observed)
      return
    }
    const { waiting, lane } = row
    const before = waiting.count
    const call = new OpenCall(connection, request, row.command, waiting, observed)
    if (before >= lane.waitingMax) {
      const remark = `[OVERLOAD]${before} ${lane.name} requests wait already, ${lane.waitingMax} may: try again later`
      call.answer({ code: 'SYSTEM_BUSY', remark })
      return
    }
    this.#handle(call, row, header)
  }

  #handle(call: OpenCall, row: Row, header: RequestOf<AnyCommand> | undefined): void {
    try {
      const known = header ?? row.command.requestCodec.decode(call.request.extFields)
      if (this.#guard !== undefined && !this.#isAllowed(this.#guard, call, row, known)) return
      const result = row.handle(known, call)
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
          (error) => this.#failed(call, row.command, error),
        )
      } else {
        call.answer(result)
      }
    } catch (error) {
      this.#failed(call, row.command, error)
    }
  }

  /** Asks the guard, and answers a request that it refuses. */
  #isAllowed(guard: Guard, call: OpenCall, { access, command }: Row, header: RequestOf<AnyCommand>): boolean {
    const { connection, request, body } = call
    const demands = demandsOf(access, header, body)
    const reason = guard({ peer: connection.remoteAddress, command, request, demands })
    if (reason === undefined) return true
    call.answer({ code: 'NO_PERMISSION', remark: reason })
    return false
  }

  #failed(call: OpenCall, command: AnyCommand, error: unknown): void {
    if (isDefect(error)) {
      const fields = { command: command.name, peer: call.connection.remoteAddress, err: error }
      this.#log.error(command.name, fields, 'a request failed')
    }
    call.fail(error)
  }

  /** Answers a request that is not handled. */
  #refuse(
    connection: RemotingConnection,
    request: RemotingCommand,
    codeName: ResponseCodeName,
    remark: string,
    observed: ObservedCall | undefined,
  ): void {
    const { code } = responseCodes[codeName]
    if (isOneWay(request)) {
      observed?.doneOneWay(code)
      return
    }
    if (observed !== undefined) observed.responseCode = code
    const { opaque, serializeType } = request
    connection.answer({ code, opaque, flag: flags.response, remark, serializeType }, observed)
  }

  readonly #laneIsEmpty = (): void => {
    if (this.#unanswered() > 0) return
    for (const resolve of this.#drains) resolve()
  }

  #unanswered(): number {
    let count = 0
    for (const waiting of this.#waiting.values()) count += waiting.count
    return count
  }
}
