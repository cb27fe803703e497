import type { Clock } from '@rocketmq-ts/platform'
import {
  commands,
  logicalQueues,
  noLeader,
  permission,
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
  /** `host:port` of each, as they are now. */
  nameServers(): readonly string[]
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
  /** Whether a broker could not be reached at its address since. */
  isDoubted: boolean
}

const timeoutMs = 3_000
/** Members of a group ask for their queues every 20 seconds. */
const knownMs = 10_000
/** A topic that was made just now is soon known. */
const unknownMs = 1_000
/** An address that was known so long after its time may be that of another broker by now. */
const addressMs = 60_000
const topicsMax = 10_000

/**
 * What the name servers know about the queues of topics, on all brokers. What was asked lately is remembered. While no name
 * server answers, what was known last counts, and nobody waits.
 */
export class TopicRoutes {
  readonly #options: TopicRoutesOptions
  /** In the order in which they were asked for. */
  readonly #known = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<Known | undefined>>()
  /** Index of the name server that answered last. */
  #current = 0
  /** Whether none of them answered the last question. */
  #areSilent = false

  constructor(options: TopicRoutesOptions) {
    this.#options = options
  }

  /**
   * The queues that can be read, by the names of their brokers and by their ids; undefined when the topic is unknown, or
   * no name server has answered yet.
   */
  async readableQueues(topic: string): Promise<readonly QueueKey[] | undefined> {
    return (await this.#of(topic))?.readable
  }

  /** Like `readableQueues`, of those that can be written to. */
  async writableQueues(topic: string): Promise<readonly QueueKey[] | undefined> {
    return (await this.#of(topic))?.writable
  }

  /**
   * `host:port` of the master of a broker that has the topic; undefined when no name server knows it. One that was known is
   * told at once, and asked for anew beside that, unless it is doubted or was known long ago.
   */
  async masterAddress(topic: string, brokerName: string): Promise<string | undefined> {
    const known = this.#known.get(topic)
    const address = known?.masters.get(brokerName)
    const nowMs = this.#options.clock.monotonic()
    if (address !== undefined && !known!.isDoubted && nowMs < known!.untilMs + addressMs) {
      if (nowMs >= known!.untilMs) void this.#asked(topic)
      return address
    }
    const found = await this.#of(topic)
    const master = found?.masters.get(brokerName)
    // One that is away may be back soon.
    if (found !== undefined && master === undefined) {
      found.untilMs = Math.min(found.untilMs, this.#options.clock.monotonic() + unknownMs)
    }
    return master
  }

  /** A broker could not be reached at the address that was told: the name servers may know another one by now. */
  doubtMaster(topic: string, brokerName: string, address: string): void {
    const known = this.#known.get(topic)
    if (known?.masters.get(brokerName) !== address) return
    known.isDoubted = true
    known.untilMs = Math.min(known.untilMs, this.#options.clock.monotonic())
  }

  /** The brokers that lead the queues of a static topic, by the ids of these: those that have a living leader. */
  async leaders(topic: string): Promise<ReadonlyMap<number, string>> {
    return (await this.#of(topic))?.leaders ?? new Map()
  }

  async #of(topic: string): Promise<Known | undefined> {
    const known = this.#known.get(topic)
    if (known !== undefined && this.#options.clock.monotonic() < known.untilMs) return known
    const asked = this.#asked(topic)
    if (known !== undefined && this.#areSilent) return known
    return (await asked) ?? known
  }

  /** Many who ask at a time are told by one answer. */
  #asked(topic: string): Promise<Known | undefined> {
    const asking = this.#asking.get(topic) ?? this.#ask(topic).finally(() => this.#asking.delete(topic))
    this.#asking.set(topic, asking)
    return asking
  }

  async #ask(topic: string): Promise<Known | undefined> {
    const answer = await this.#answer(topic)
    const nowMs = this.#options.clock.monotonic()
    this.#areSilent = answer === undefined
    if (answer === undefined) {
      const last = this.#known.get(topic)
      if (last !== undefined) last.untilMs = nowMs + unknownMs
      return undefined
    }
    const { route } = answer
    const readable = route && queuesOf(topic, route, permission.read)
    const writable = route && queuesOf(topic, route, permission.write)
    const untilMs = nowMs + (readable === undefined ? unknownMs : knownMs)
    const known = {
      ...{ readable, writable, masters: mastersOf(route), leaders: leadersOf(route), untilMs },
      isDoubted: false,
    }
    this.#known.delete(topic)
    this.#known.set(topic, known)
    if (this.#known.size > topicsMax) this.#known.delete(this.#known.keys().next().value!)
    return known
  }

  /** Of the first name server that answers, beginning with the one that did so last; without a route for an unknown topic. */
  async #answer(topic: string): Promise<{ route: TopicRoute | undefined } | undefined> {
    const { calls } = this.#options
    const nameServers = this.#options.nameServers()
    for (let tried = 0; tried < nameServers.length; tried++) {
      const index = (this.#current + tried) % nameServers.length
      try {
        const header = { topic, acceptStandardJsonOnly: true }
        const { code, body } = await calls.call(nameServers[index]!, commands.getRouteinfoByTopic, {
          header,
          timeoutMs,
        })
        const isFound = code === responseCodes.SUCCESS.code && body !== undefined
        const route = isFound ? topicRouteBody.decode(body) : undefined
        this.#current = index
        return { route }
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
