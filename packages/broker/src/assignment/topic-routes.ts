import type { Clock } from '@rocketmq-ts/platform'
import {
  commands,
  logicalQueues,
  noLeader,
  permission,
  type RemotingCommand,
  responseCodes,
  type TopicRoute,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import type { RemotingClient } from '@rocketmq-ts/remoting'

export interface QueueKey {
  topic: string
  brokerName: string
  queueId: number
}

export interface TopicRoutesOptions {
  clock: Pick<Clock, 'monotonic'>
  /** How name servers are called; a `RemotingClient` outside of tests. */
  calls: Pick<RemotingClient, 'call'>
  /** `host:port` of each. */
  nameServers: readonly string[]
}

interface Known {
  /** Undefined when no name server knows the topic. */
  readable: readonly QueueKey[] | undefined
  writable: readonly QueueKey[] | undefined
  /** `host:port` of the brokers that take writes, by name. */
  masters: ReadonlyMap<string, string>
  /** The brokers that lead the queues of a static topic, by the ids of these. */
  leaders: ReadonlyMap<number, string>
  /** Of the monotonic clock. */
  untilMs: number
}

const timeoutMs = 3_000
/** Members of a group ask for their queues every 20 seconds. */
const knownMs = 10_000
/** A topic that was made just now is soon known. */
const unknownMs = 1_000
const topicsMax = 10_000

/** What the name servers know about the queues of topics, on all brokers. What was asked lately is remembered. */
export class TopicRoutes {
  readonly #options: TopicRoutesOptions
  /** In the order in which they were asked for. */
  readonly #known = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<Known | undefined>>()
  /** Index of the name server that answered last. */
  #current = 0

  constructor(options: TopicRoutesOptions) {
    this.#options = options
  }

  /**
   * The queues that can be read, by the names of their brokers and by their ids; undefined when the topic is unknown, or
   * no name server answers.
   */
  async readableQueues(topic: string): Promise<readonly QueueKey[] | undefined> {
    return (await this.#of(topic))?.readable
  }

  /** Like `readableQueues`, of those that can be written to. */
  async writableQueues(topic: string): Promise<readonly QueueKey[] | undefined> {
    return (await this.#of(topic))?.writable
  }

  /** `host:port` of the master of a broker that has the topic; undefined when no name server knows it. */
  async masterAddress(topic: string, brokerName: string): Promise<string | undefined> {
    // While no name server answers, what was known is better than nothing.
    const known = (await this.#of(topic)) ?? this.#known.get(topic)
    const address = known?.masters.get(brokerName)
    // One that is away may be back soon.
    if (known !== undefined && address === undefined) {
      known.untilMs = Math.min(known.untilMs, this.#options.clock.monotonic() + unknownMs)
    }
    return address
  }

  /** The brokers that lead the queues of a static topic, by the ids of these: those that have a living leader. */
  async leaders(topic: string): Promise<ReadonlyMap<number, string>> {
    return (await this.#of(topic))?.leaders ?? new Map()
  }

  #of(topic: string): Promise<Known | undefined> {
    const known = this.#known.get(topic)
    if (known !== undefined && this.#options.clock.monotonic() < known.untilMs) return Promise.resolve(known)
    const asking = this.#asking.get(topic) ?? this.#ask(topic).finally(() => this.#asking.delete(topic))
    this.#asking.set(topic, asking)
    return asking
  }

  async #ask(topic: string): Promise<Known | undefined> {
    const response = await this.#answer(topic)
    if (response === undefined) return undefined
    const isFound = response.code === responseCodes.SUCCESS.code && response.body !== undefined
    const route = isFound ? topicRouteBody.decode(response.body!) : undefined
    const readable = route && queuesOf(topic, route, permission.read)
    const writable = route && queuesOf(topic, route, permission.write)
    const untilMs = this.#options.clock.monotonic() + (readable === undefined ? unknownMs : knownMs)
    const known = { readable, writable, masters: mastersOf(route), leaders: leadersOf(route), untilMs }
    this.#known.delete(topic)
    this.#known.set(topic, known)
    if (this.#known.size > topicsMax) this.#known.delete(this.#known.keys().next().value!)
    return known
  }

  /** Of the first name server that answers, beginning with the one that did so last. */
  async #answer(topic: string): Promise<RemotingCommand | undefined> {
    const { calls, nameServers } = this.#options
    for (let tried = 0; tried < nameServers.length; tried++) {
      const index = (this.#current + tried) % nameServers.length
      try {
        const header = { topic, acceptStandardJsonOnly: true }
        const response = await calls.call(nameServers[index]!, commands.getRouteinfoByTopic, { header, timeoutMs })
        this.#current = index
        return response
      } catch {
        // It cannot be reached, which the registration says already: the next one is asked.
      }
    }
    return undefined
  }
}

const masterId = 0

function mastersOf(route: TopicRoute | undefined): ReadonlyMap<string, string> {
  const masters = new Map<string, string>()
  for (const { brokerName, brokerAddrs } of route?.brokerDatas ?? []) {
    const address = brokerAddrs.get(masterId)
    if (address !== undefined) masters.set(brokerName, address)
  }
  return masters
}

function leadersOf(route: TopicRoute | undefined): ReadonlyMap<number, string> {
  const queues = (route && logicalQueues(route)) ?? []
  return new Map(queues.filter(({ leader }) => leader !== noLeader).map(({ queueId, leader }) => [queueId, leader]))
}

function queuesOf(topic: string, route: TopicRoute, wanted: number): readonly QueueKey[] | undefined {
  const logical = logicalQueues(route)
  if (logical !== undefined) return logical.map(({ brokerName, queueId }) => ({ topic, brokerName, queueId }))
  const queues = route.queueDatas
    .filter(({ perm }) => (perm & wanted) !== 0)
    .sort((left, right) => (left.brokerName < right.brokerName ? -1 : 1))
    .flatMap(({ brokerName, readQueueNums, writeQueueNums }) => {
      const length = Math.max(0, wanted === permission.read ? readQueueNums : writeQueueNums)
      return Array.from({ length }, (_, queueId) => ({ topic, brokerName, queueId }))
    })
  return queues.length === 0 ? undefined : queues
}
