import type { Clock } from '@rocketmq-ts/platform'
import {
  commands,
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
    const known = { readable, writable, untilMs }
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

function queuesOf(topic: string, { queueDatas }: TopicRoute, wanted: number): readonly QueueKey[] | undefined {
  const queues = queueDatas
    .filter(({ perm }) => (perm & wanted) !== 0)
    .sort((left, right) => (left.brokerName < right.brokerName ? -1 : 1))
    .flatMap(({ brokerName, readQueueNums, writeQueueNums }) => {
      const length = Math.max(0, wanted === permission.read ? readQueueNums : writeQueueNums)
      return Array.from({ length }, (_, queueId) => ({ topic, brokerName, queueId }))
    })
  return queues.length === 0 ? undefined : queues
}
