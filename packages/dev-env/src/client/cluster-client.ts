import {
  type SimulatedHost,
  type SimulatedNetwork,
  SimulatedProcess,
  type Simulation,
} from '@rocketmq-ts/platform/test-kit'
import { type AnyCommand, type RemotingCommand, type RequestOf, responseCodeName } from '@rocketmq-ts/protocol'
import {
  answeredLater,
  type Call,
  type CommandTable,
  get,
  group,
  publish,
  RemotingClient,
  type Reply,
  serve,
  subscribe,
  topic,
  update,
} from '@rocketmq-ts/remoting'
import { BrokerCalls } from './broker-calls.ts'
import type { Caller } from './calls.ts'
import { NameServerCalls } from './name-server-calls.ts'

/** A server that has an address. */
export interface Addressed {
  readonly address: string
}

/** What a client answers to a request of a broker. */
export interface ClientAnswer {
  code?: number
  remark?: string
  body?: Buffer
}

type AnswerOf = (request: RemotingCommand) => ClientAnswer

const lane = { name: 'broker', waitingMax: 1000 }

/** Everything that a broker can ask of a client. */
function clientTable(asked: (call: Call) => Reply | typeof answeredLater): CommandTable<'client' | 'proxy'> {
  const handle = <C extends AnyCommand>(_header: RequestOf<C>, call: Call<C>) => asked(call)
  const topicAndGroup = [topic('topic'), group('group')] as const
  return {
    checkTransactionState: serve(lane, publish(topic('topic')), handle),
    notifyConsumerIdsChanged: serve(lane, subscribe(group('consumerGroup')), handle),
    resetConsumerClientOffset: serve(lane, update(...topicAndGroup), handle),
    getConsumerStatusFromClient: serve(lane, get(...topicAndGroup), handle),
    getConsumerRunningInfo: serve(lane, get(group('consumerGroup')), handle),
    consumeMessageDirectly: serve(lane, subscribe(group('consumerGroup'), topic('topic')), handle),
    pushReplyMessageToClient: serve(lane, subscribe(group('producerGroup'), topic('topic')), handle),
    notifyUnsubscribeLite: serve(lane, subscribe(group('consumerGroup')), handle),
  }
}

/** Milliseconds for connecting, and again for an answer, where nothing else is said. */
const defaultTimeoutMs = 15_000

/** A client of the cluster, on a machine of its own: one connection to each server, by the product's own client. */
export class ClusterClient implements Caller {
  readonly host: SimulatedHost
  /** The client's id in its groups. */
  readonly id: string
  /** What brokers asked of it, in the order in which it came. */
  readonly requests: RemotingCommand[] = []
  /** How many answers came, by the codes of the commands. */
  readonly answered = new Map<number, number>()
  /** Milliseconds for connecting, and again for an answer. */
  readonly timeoutMs: number
  readonly process: SimulatedProcess
  readonly #simulation: Simulation
  readonly #remoting: RemotingClient
  readonly #answers = new Map<number, AnswerOf>()

  constructor(simulation: Simulation, network: SimulatedNetwork, name: string, timeoutMs = defaultTimeoutMs) {
    this.#simulation = simulation
    this.timeoutMs = timeoutMs
    this.host = network.addHost(name)
    this.id = `${this.host.address}@${name}`
    this.process = new SimulatedProcess(simulation, name, () => 1_700_000_000_000)
    this.#remoting = new RemotingClient(
      { network: this.host.open(this.process), clock: this.process.clock },
      { table: clientTable((call) => this.#asked(call)) },
    )
  }

  /** Calls of one broker. */
  broker(broker: Addressed): BrokerCalls {
    return new BrokerCalls(this, broker.address)
  }

  /** Calls of one name server. */
  nameServer(nameServer: Addressed): NameServerCalls {
    return new NameServerCalls(this, nameServer.address)
  }

  /** Milliseconds since 1970. */
  get wallMs(): number {
    return this.process.wallMs
  }

  /**
   * The answer, whatever its code.
   * @throws RequestTimeoutError, ConnectionLostError, and what connecting throws
   */
  async call<C extends AnyCommand>(
    address: string,
    command: C,
    header: RequestOf<C>,
    options: { body?: Buffer | undefined; timeoutMs?: number } = {},
  ): Promise<RemotingCommand> {
    const { body } = options
    const sent = this.#remoting.call(address, command, {
      header,
      ...(body === undefined ? {} : { body }),
      timeoutMs: options.timeoutMs ?? this.timeoutMs,
    })
    const answer = await this.#simulation.settle(sent)
    this.answered.set(command.code, (this.answered.get(command.code) ?? 0) + 1)
    this.#simulation.trace.note(`${this.id} is answered ${command.name} ${answer.code}`, answer.body)
    return answer
  }

  /** Ends the client's process, and with it its connections. Calls that wait get no answer any more. */
  kill(): void {
    this.process.die()
    this.host.endProcess()
  }

  /** From now on, requests of a command are answered so. */
  answer(command: AnyCommand, answerOf: AnswerOf): void {
    this.#answers.set(command.code, answerOf)
  }

  #asked({ request }: Call): Reply | typeof answeredLater {
    this.requests.push(request)
    const answerOf = this.#answers.get(request.code)
    if (answerOf === undefined) return answeredLater
    const { code = 0, remark, body } = answerOf(request)
    return {
      code: responseCodeName(code)!,
      ...(remark === undefined ? {} : { remark }),
      ...(body === undefined ? {} : { body }),
    }
  }
}
