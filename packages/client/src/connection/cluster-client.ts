import { type Log, silentLog } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  commands,
  type FrameBody,
  type RemotingCommand,
  type RequestOf,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { type CallOptions, checkCall, checkDuration, Deadline } from '../calls/deadline.ts'
import { refuseUnknownFields } from '../known-fields.ts'
import { answerError, closedError, invalidArgument, type RocketMQErrorCode, readAnswer } from '../rocketmq-error.ts'
import { RouteCache } from '../routing/route-cache.ts'
import { nodeRuntime, type Runtime } from '../runtime.ts'
import { Telemetry } from '../telemetry.ts'
import { AclSigner } from './acl-signer.ts'
import { newClientId } from './client-id.ts'
import {
  type ClientOptions,
  credentialFields,
  defaultAttemptTimeoutMs,
  defaultTimeoutMs,
  tlsFields,
} from './client-options.ts'
import { type ClientHandlers, clientTable } from './client-table.ts'
import { Connections } from './connections.ts'
import { Heartbeats, type Membership } from './heartbeats.ts'
import { NameServerList, parseNameServers } from './name-server-list.ts'
import { NameServers } from './name-servers.ts'
import { Namespace } from './namespace.ts'

/** A request to one broker. */
export interface BrokerRequest<C extends AnyCommand> {
  readonly command: C
  readonly header: RequestOf<C>
  readonly body?: FrameBody | undefined
  /** Milliseconds for the answer where the deadline leaves more; the client's attempt time without it. */
  readonly timeoutMs?: number | undefined
}

/** What a role (a producer, a consumer ...) adds to a client. */
export interface ClientRole {
  /** As errors name it. */
  readonly name: string
  readonly handlers?: ClientHandlers | undefined
  membership?(): Membership
  /** `host:port` of all brokers that are to get heartbeats. */
  heartbeatAddresses?(): Iterable<string>
  /** The connection to a server is gone. @param address `host:port` */
  connectionLost?(address: string): void
}

const nobody: Membership = { producerGroups: [], consumers: [] }

/** Codes after which the route of the topic is looked up at once. */
const routeErrors: ReadonlySet<RocketMQErrorCode> = new Set([
  'TOPIC_NOT_EXIST',
  'NO_PERMISSION',
  'SERVICE_NOT_AVAILABLE',
  'GO_AWAY',
  'NOT_LEADER_FOR_QUEUE',
  'CONNECT_FAILED',
  'CONNECTION_LOST',
  'TIMEOUT',
])

/** What a logger throws must not end what the line is about. */
function guarded(logger: Log): Log {
  const line =
    (level: keyof Log): Log[keyof Log] =>
    (fields, message) => {
      try {
        logger[level](fields, message)
      } catch {
        // There is nowhere to say it.
      }
    }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** One client of a cluster: its id, connections, routes and heartbeats. Producers, consumers, readers and admins have one each. */
export class ClusterClient {
  readonly runtime: Runtime
  readonly log: Log
  readonly clientId: string
  readonly namespace: Namespace
  readonly nameServers: NameServers
  readonly routes: RouteCache
  readonly heartbeats: Heartbeats
  readonly attemptTimeoutMs: number
  readonly #timeoutMs: number
  readonly #role: ClientRole
  readonly #options: ClientOptions
  readonly #connections: Connections
  #isClosed = false

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: ClientOptions, role: ClientRole) {
    checkDuration('timeoutMs', options.timeoutMs)
    checkDuration('attemptTimeoutMs', options.attemptTimeoutMs)
    if (typeof options.tls === 'object') refuseUnknownFields('tls', options.tls, tlsFields)
    if (options.credentials !== undefined) refuseUnknownFields('credentials', options.credentials, credentialFields)
    if (options.runtime !== undefined && options.tls)
      throw invalidArgument('give a runtime or tls: a runtime connects itself')
    this.runtime = options.runtime ?? nodeRuntime(options.tls === true ? {} : options.tls || undefined)
    this.log = options.logger === undefined ? silentLog : guarded(options.logger)
    this.#role = role
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    this.attemptTimeoutMs = options.attemptTimeoutMs ?? defaultAttemptTimeoutMs
    this.clientId = newClientId(this.runtime)
    this.namespace = new Namespace(options.namespace)
    const { clock, random } = this.runtime
    this.#connections = new Connections({
      runtime: this.runtime,
      log: this.log,
      table: clientTable(role.handlers ?? {}),
      signer: options.credentials === undefined ? undefined : new AclSigner(options.credentials),
      onLost: (address) => {
        this.heartbeats.connectionLost(address)
        role.connectionLost?.(address)
      },
    })
    this.nameServers = new NameServers({
      list: new NameServerList({
        given: parseNameServers(options.nameServers),
        lookup: this.runtime.lookup,
        clock,
        log: this.log,
        timeoutMs: this.attemptTimeoutMs,
      }),
      connections: this.#connections,
      clock,
      random,
      attemptTimeoutMs: this.attemptTimeoutMs,
    })
    this.routes = new RouteCache({ clock, random, nameServers: this.nameServers, lookUpTimeoutMs: this.#timeoutMs })
    this.heartbeats = new Heartbeats({
      clientId: this.clientId,
      clock,
      log: this.log,
      connections: this.#connections,
      timeoutMs: this.attemptTimeoutMs,
      membership: () => role.membership?.() ?? nobody,
      addresses: () => role.heartbeatAddresses?.() ?? [],
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * @param known names of the fields that the call takes; those of every call without it
   * @throws RocketMQError CLOSED, INVALID_ARGUMENT
   */
  deadline(options: CallOptions = {}, known?: ReadonlySet<string>): Deadline {
    if (this.#isClosed) throw closedError(this.#role.name)
    checkCall(options, known)
    return this.newDeadline(options)
  }

  /** Also for what is still done while the client is being closed. */
  newDeadline(options: CallOptions = {}): Deadline {
    return new Deadline(this.runtime.clock, options, this.#timeoutMs)
  }

  /** Asks a broker once and gives its answer, whatever its code. @throws RocketMQError when there is none */
  ask<C extends AnyCommand>(
    broker: { readonly name: string; readonly address: string },
    request: BrokerRequest<C>,
    deadline: Deadline,
  ): Promise<RemotingCommand> {
    const timeoutMs = Math.min(request.timeoutMs ?? this.attemptTimeoutMs, Math.max(1, deadline.leftMs))
    const { command, header, body } = request
    return deadline.unlessAborted(
      this.#connections.ask(broker.address, { command, header, body, timeoutMs, broker: broker.name }),
    )
  }

  /** Asks a broker once to do something. @throws RocketMQError also when the answer is not SUCCESS */
  async askForSuccess<C extends AnyCommand>(
    broker: { readonly name: string; readonly address: string },
    request: BrokerRequest<C>,
    deadline: Deadline,
  ): Promise<void> {
    const answer = await this.ask(broker, request, deadline)
    if (answer.code !== responseCodes.SUCCESS.code)
      throw answerError(request.command.name, answer, { broker: broker.name })
  }

  /**
   * Asks a broker once for something.
   * @param read throws when it cannot read the answer, which is SUCCESS
   * @returns what the answer says
   * @throws RocketMQError also when the answer is not SUCCESS, and INVALID_ANSWER
   */
  async read<C extends AnyCommand, Told>(
    broker: { readonly name: string; readonly address: string },
    request: BrokerRequest<C>,
    deadline: Deadline,
    read: (answer: RemotingCommand) => Told,
  ): Promise<Told> {
    const answer = await this.ask(broker, request, deadline)
    const place = { broker: broker.name }
    if (answer.code !== responseCodes.SUCCESS.code) throw answerError(request.command.name, answer, place)
    return readAnswer(request.command.name, place, () => read(answer))
  }

  /** Sends a request that nobody answers. @throws RocketMQError when there is no connection */
  tell<C extends AnyCommand>(
    broker: { readonly name: string; readonly address: string },
    request: BrokerRequest<C>,
    deadline: Deadline,
  ): Promise<void> {
    const timeoutMs = Math.min(this.attemptTimeoutMs, Math.max(1, deadline.leftMs))
    return deadline.unlessAborted(
      this.#connections.tell(broker.address, { ...request, timeoutMs, broker: broker.name }),
    )
  }

  /** Undefined when nobody asked for it. */
  telemetry(group?: string): Telemetry | undefined {
    const { openTelemetry, namespace } = this.#options
    if (openTelemetry === undefined) return undefined
    return new Telemetry(openTelemetry, { clientId: this.clientId, group, namespace, clock: this.runtime.clock })
  }

  /** Undefined when nobody asked for traces; true for the topic that is usual. */
  get traceTopic(): string | true | undefined {
    return this.#options.traceTopic || undefined
  }

  /** Looks the topic up again when an error says that its route may be wrong. */
  learnFrom(error: { readonly code: RocketMQErrorCode }, topic: string): void {
    if (routeErrors.has(error.code)) this.routes.refreshSoon(topic)
  }

  /** No call begins any more; those that wait go on. */
  stopTaking(): void {
    this.#isClosed = true
  }

  /** Tells the brokers that know the client that it leaves a group. Those that do not answer in time find out by themselves. */
  async leave(
    groups: { readonly producerGroup?: string; readonly consumerGroup?: string },
    timeoutMs: number,
  ): Promise<void> {
    const command = commands.unregisterClient
    const header = { clientID: this.clientId, ...groups }
    const deadline = new Deadline(this.runtime.clock, {}, timeoutMs)
    const told = this.heartbeats
      .knownAddresses()
      .map((address) => this.ask({ name: address, address }, { command, header }, deadline))
    for (const outcome of await Promise.allSettled(told)) {
      if (outcome.status === 'rejected') this.log.info({ err: outcome.reason }, 'a broker was not told of the leaving')
    }
  }

  /** Ends timers and connections; bounded in time, also when no server answers. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.routes.close()
    this.heartbeats.close()
    await this.#connections.close()
  }
}
