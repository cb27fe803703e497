import {
  type AnyCommand,
  commands,
  newSubscriptionGroupConfig,
  type RemotingCommand,
  type RequestOf,
  responseCodeName,
  subscriptionGroupConfigBody,
} from '@rocketmq-ts/protocol'
import {
  type BrokerCalls,
  type BrokerMachine,
  type Cluster,
  type ClusterClient,
  type ClusterOptions,
  type NameServerCalls,
  type SendAnswer,
  startCluster,
} from '../../src/index.ts'

export type CommandKey = keyof typeof commands

/** Shows that a promise is kept, in a cluster of its own. */
export type Proof = (scene: Scene) => Promise<void>

/** A proof in a cluster with other options. */
export interface ProofIn {
  readonly options: ClusterOptions
  readonly proof: Proof
}

/** By command: each promise that it makes, with its proof. */
export type Promises = { readonly [Key in CommandKey]?: Readonly<Record<string, Proof | ProofIn>> }

/** A proof with keys of broker.conf. */
export function withSettings(brokerSettings: Record<string, string>, proof: Proof): ProofIn {
  return { options: { brokerSettings }, proof }
}

/** What a server answers that says success and does nothing; numbers are 0, flags are false. */
function idleAnswer({ code, response }: AnyCommand): RemotingCommand {
  const extFields = Object.fromEntries(Object.keys(response).map((field) => [field, '0']))
  const nothing = { language: 'JAVA', version: 0, remark: undefined, body: undefined }
  return { ...nothing, code: 0, opaque: code, flag: 1, extFields, serializeType: 'JSON' }
}

/** A running cluster of one name server and one broker, and those who ask them. */
export class Scene {
  readonly cluster: Cluster
  readonly machine: BrokerMachine
  readonly client: ClusterClient
  readonly broker: BrokerCalls
  readonly nameServer: NameServerCalls
  readonly #clients: ClusterClient[] = []
  readonly #idle: AnyCommand | undefined

  private constructor(cluster: Cluster, idle: AnyCommand | undefined) {
    this.cluster = cluster
    this.#idle = idle
    this.machine = cluster.brokers[0]!
    this.client = this.newClient()
    this.broker = this.client.broker(this.machine)
    this.nameServer = this.client.nameServer(cluster.nameServers[0]!)
  }

  /** @param idle a command that clients believe to be answered, and that no server gets: to plant a defect */
  static async start(options: ClusterOptions = {}, idle?: AnyCommand): Promise<Scene> {
    return new Scene(await startCluster(options), idle)
  }

  newClient(): ClusterClient {
    const client = this.cluster.newClient()
    this.#clients.push(client)
    const call = client.call.bind(client)
    client.call = (address, command, header, options) =>
      command === this.#idle ? Promise.resolve(idleAnswer(command)) : call(address, command, header, options)
    return client
  }

  /** Requests of a command that servers answered. */
  answeredCount({ code }: AnyCommand): number {
    return this.#clients.reduce((count, { answered }) => count + (answered.get(code) ?? 0), 0)
  }

  /** Makes a topic of one queue with messages. */
  async store(topic: string, ...bodies: string[]): Promise<SendAnswer[]> {
    await this.broker.createTopic(topic, 1)
    const answers: SendAnswer[] = []
    for (const body of bodies) answers.push(await this.broker.send({ topic, body }))
    return answers
  }

  /** Makes clients members of a group, each of which subscribes to a topic. */
  async join(group: string, topic: string, ...clients: ClusterClient[]): Promise<void> {
    for (const client of clients) await client.broker(this.machine).heartbeat([{ group, topics: { [topic]: '*' } }])
  }

  /** The bodies of a queue's messages. */
  async bodiesIn(topic: string, queueId = 0): Promise<string[]> {
    return bodiesOf(await this.broker.readQueue(topic, queueId))
  }

  /** Stops the broker, changes its disk, starts it. @returns calls by a new client: connections have ended */
  async restart(whileStopped: () => void = () => {}): Promise<BrokerCalls> {
    await this.machine.stop()
    whileStopped()
    await this.machine.start()
    return this.newClient().broker(this.machine)
  }
}

/** The name of the code that a request is answered with. */
export async function codeOf<C extends AnyCommand>(
  calls: BrokerCalls | NameServerCalls,
  command: C,
  header: RequestOf<C>,
  body?: Buffer,
): Promise<string | undefined> {
  return responseCodeName((await calls.call(command, header, body)).code)
}

/** What keeps the group `g` from reading the topic `T` of one queue, or lets it read again, each in another way. */
export const readingLimits: readonly ((scene: Scene, mayRead: boolean) => Promise<unknown>)[] = [
  ({ broker }, consumeEnable) => {
    const body = subscriptionGroupConfigBody.encode(newSubscriptionGroupConfig('g', { consumeEnable }))
    return broker.ask(commands.updateAndCreateSubscriptiongroup, {}, body)
  },
  ({ broker }, mayRead) => broker.createTopic('T', 1, mayRead ? 6 : 2),
  ({ broker }, readable) => broker.ask(commands.updateAndGetGroupForbidden, { group: 'g', topic: 'T', readable }),
  ({ broker }, mayRead) => broker.changeSettings({ brokerPermission: mayRead ? '6' : '2' }),
]

export function bodiesOf(messages: readonly { readonly body: Buffer }[]): string[] {
  return messages.map(({ body }) => String(body))
}
