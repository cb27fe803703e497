import type { CancelTimer, Clock, Random } from '@rocketmq-ts/platform'
import { commands, defaultTopic, type RemotingCommand, topicRouteBody } from '@rocketmq-ts/protocol'
import { Deadline } from '../calls/deadline.ts'
import { backoffMs } from '../calls/retrying.ts'
import type { NameServers } from '../connection/name-servers.ts'
import { type FailurePlace, RocketMQError } from '../rocketmq-error.ts'
import { masterId, type QueueRef, routeToBe, type TopicRoute, topicRoute } from './topic-route.ts'

export interface RouteCacheOptions {
  readonly clock: Clock
  readonly random: Random
  readonly nameServers: Pick<NameServers, 'read' | 'readEach'>
  /** Milliseconds for one look-up, whoever waits for it. */
  readonly lookUpTimeoutMs: number
}

/** Routes that are used are looked up again so often. */
const refreshIntervalMs = 30_000
/** A topic is most often known after the first wait. */
const unknownTopicBackoff = { firstMs: 100, mostMs: 1000 } as const
/** A route that nobody has asked for during so many intervals is forgotten. */
const idleIntervalsMax = 20
/** Queues of a topic that a first message makes. */
export const newTopicQueues = 4

const lookUp = commands.getRouteinfoByTopic

/** A broker that has left a route is looked for after these times, at all name servers. */
const missingBackoff = { firstMs: 1000, mostMs: refreshIntervalMs } as const
/** Milliseconds after which a broker that has left a route is not looked for any more. */
const missedMs = 600_000

interface Entry {
  route: TopicRoute
  /** Intervals in which nobody asked for it. */
  idleIntervals: number
  /** When each broker was last in the route, by the monotonic clock. */
  readonly seenMs: Map<string, number>
  /** How often missing brokers were looked for. */
  looks: number
  cancelLook?: CancelTimer | undefined
}

/**
 * Where the topics that a client uses have their queues. A topic is looked up when it is first needed, every 30 s, and
 * at once when a broker's answer says that the route is wrong; however many ask, one look-up of a topic is under way.
 * While a broker is missing that was in the route, it is looked for more often and at all name servers: it may be back in a
 * moment, and a name server that was started just now does not know all brokers yet.
 */
export class RouteCache {
  readonly #options: RouteCacheOptions
  readonly #routes = new Map<string, Entry>()
  readonly #flights = new Map<string, Promise<TopicRoute>>()
  readonly #listeners: ((route: TopicRoute) => void)[] = []
  #cancelTimer: CancelTimer | undefined
  #isClosed = false

  constructor(options: RouteCacheOptions) {
    this.#options = options
  }

  /** What is known, without asking. */
  known(topic: string): TopicRoute | undefined {
    const entry = this.#routes.get(topic)
    if (entry === undefined) return undefined
    entry.idleIntervals = 0
    return entry.route
  }

  /** Told of each route that was looked up. */
  onRoute(listener: (route: TopicRoute) => void): void {
    this.#listeners.push(listener)
  }

  /** What is known, else what a name server says. @throws RocketMQError TOPIC_NOT_EXIST, and what asking throws */
  find(topic: string, deadline: Deadline): TopicRoute | Promise<TopicRoute> {
    return this.known(topic) ?? deadline.within(this.#lookUp(topic))
  }

  /**
   * Like `find`, but waits for a topic that does not exist yet: name servers learn of one that a message has just made when
   * its broker tells them.
   * @throws RocketMQError TOPIC_NOT_EXIST when it does not exist by the deadline, and what asking throws
   */
  async findInTime(topic: string, deadline: Deadline): Promise<TopicRoute> {
    const { random } = this.#options
    let unknown: RocketMQError | undefined
    for (let failures = 1; ; failures++) {
      try {
        return await this.find(topic, deadline)
      } catch (error) {
        const failure = error as RocketMQError
        // The end of the time says less than that there is no such topic.
        if (failure.code === 'TIMEOUT' && unknown !== undefined) throw unknown
        if (failure.code !== 'TOPIC_NOT_EXIST') throw failure
        unknown = failure
        const waitMs = backoffMs(unknownTopicBackoff, failures, random)
        if (waitMs >= deadline.leftMs) throw unknown
        await deadline.pause(waitMs)
      }
    }
  }

  /**
   * Where messages of a topic may be sent, also when it does not exist yet and the first message makes it.
   * @throws RocketMQError TOPIC_NOT_EXIST when no topic is made by a message, and what asking throws
   */
  async findToSend(topic: string, deadline: Deadline): Promise<TopicRoute> {
    try {
      return await this.find(topic, deadline)
    } catch (error) {
      if (!(error instanceof RocketMQError) || error.code !== 'TOPIC_NOT_EXIST') throw error
      const ofDefaultTopic = await Promise.resolve(this.find(defaultTopic, deadline)).catch(() => undefined)
      if (ofDefaultTopic === undefined) throw error
      return routeToBe(topic, ofDefaultTopic, newTopicQueues)
    }
  }

  /** What a name server says now. @throws as `find` */
  refresh(topic: string, deadline: Deadline): Promise<TopicRoute> {
    return deadline.within(this.#lookUp(topic))
  }

  /** Whether a broker was in the topic's route a while ago and is not now. */
  isMissing(topic: string): boolean {
    const entry = this.#routes.get(topic)
    return entry !== undefined && entry.seenMs.size > entry.route.brokers.size
  }

  /**
   * The route with the most brokers that any name server has.
   * @throws RocketMQError of the first one when none has a route, and what asking throws
   */
  async refreshFromEach(topic: string, deadline: Deadline): Promise<TopicRoute> {
    const { nameServers } = this.#options
    const answers = await nameServers.readEach(lookUp, lookUpHeader(topic), deadline, routeOf(topic))
    const routes = answers.flatMap(({ answer }) => answer ?? [])
    const [whole] = routes.toSorted((one, other) => other.brokers.size - one.brokers.size)
    if (whole === undefined) throw answers[0]!.error!
    return this.#keep(whole)
  }

  /** Looks up what a broker's answer has shown to be wrong. Until it is known, the old route stays. */
  refreshSoon(topic: string): void {
    if (!this.#isClosed) this.#lookUp(topic).catch(() => {})
  }

  /** `host:port` of the broker of a name that takes writes, by any route that is known. */
  masterAddress(broker: string): string | undefined {
    for (const { route } of this.#routes.values()) {
      const address = route.brokers.get(broker)?.brokerAddrs.get(masterId)
      if (address !== undefined) return address
    }
    return undefined
  }

  /** Like `masterAddress`. @throws RocketMQError NO_ROUTE when no route names one */
  knownMasterAddress(place: FailurePlace & { readonly broker: string }): string {
    const address = this.masterAddress(place.broker)
    if (address === undefined) throw new RocketMQError('NO_ROUTE', `${place.broker} is in no route`, place)
    return address
  }

  /**
   * `host:port` of where a queue is read: of the broker of this id, else of the master, else of any other.
   * @throws RocketMQError NO_ROUTE when the topic's route names none; then it is looked up again
   */
  readAddress(queue: QueueRef, brokerId = masterId): string {
    const { topic, broker } = queue
    const addresses = this.known(topic)?.brokers.get(broker)?.brokerAddrs
    const address = addresses?.get(brokerId) ?? addresses?.get(masterId) ?? addresses?.values().next().value
    if (address !== undefined) return address
    this.refreshSoon(topic)
    throw new RocketMQError('NO_ROUTE', `the route of ${topic} does not name the broker ${broker}`, queue)
  }

  /** `host:port` of all brokers that take writes, by the routes that are known. */
  masterAddresses(): Set<string> {
    const addresses = new Set<string>()
    for (const { route } of this.#routes.values()) {
      for (const { brokerAddrs } of route.brokers.values()) {
        const address = brokerAddrs.get(masterId)
        if (address !== undefined) addresses.add(address)
      }
    }
    return addresses
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
    for (const entry of this.#routes.values()) this.#endLook(entry)
  }

  #lookUp(topic: string): Promise<TopicRoute> {
    const begun = this.#flights.get(topic)
    if (begun !== undefined) return begun
    const flight = this.#ask(topic).finally(() => this.#flights.delete(topic))
    this.#flights.set(topic, flight)
    return flight
  }

  async #ask(topic: string): Promise<TopicRoute> {
    const { clock, nameServers, lookUpTimeoutMs } = this.#options
    const deadline = new Deadline(clock, {}, lookUpTimeoutMs)
    return this.#keep(await nameServers.read(lookUp, lookUpHeader(topic), deadline, routeOf(topic), { topic }))
  }

  #keep(route: TopicRoute): TopicRoute {
    if (this.#isClosed) return route
    const { topic } = route
    this.#cancelTimer ??= this.#options.clock.every(refreshIntervalMs, () => this.#refreshAll())
    const entry = this.#routes.get(topic) ?? { route, idleIntervals: 0, seenMs: new Map<string, number>(), looks: 0 }
    this.#routes.set(topic, entry)
    entry.route = route
    this.#noteBrokers(entry)
    for (const listener of this.#listeners) listener(route)
    return route
  }

  #noteBrokers(entry: Entry): void {
    const { clock, random } = this.#options
    const { route, seenMs } = entry
    const nowMs = clock.monotonic()
    for (const broker of route.brokers.keys()) seenMs.set(broker, nowMs)
    for (const [broker, lastMs] of seenMs) if (nowMs - lastMs > missedMs) seenMs.delete(broker)
    if (!this.isMissing(route.topic)) {
      entry.looks = 0
      this.#endLook(entry)
      return
    }
    entry.cancelLook ??= clock.after(backoffMs(missingBackoff, entry.looks + 1, random), () => {
      entry.looks++
      entry.cancelLook = undefined
      this.refreshFromEach(route.topic, new Deadline(clock, {}, this.#options.lookUpTimeoutMs)).catch(() => {
        if (!this.#isClosed && this.#routes.get(route.topic) === entry) this.#noteBrokers(entry)
      })
    })
  }

  #endLook(entry: Entry): void {
    entry.cancelLook?.()
    entry.cancelLook = undefined
  }

  #refreshAll(): void {
    for (const [topic, entry] of this.#routes) {
      if (++entry.idleIntervals > idleIntervalsMax) {
        this.#routes.delete(topic)
        this.#endLook(entry)
      } else this.refreshSoon(topic)
    }
  }
}

function lookUpHeader(topic: string) {
  return { topic, acceptStandardJsonOnly: true }
}

function routeOf(topic: string): (answer: RemotingCommand) => TopicRoute {
  return ({ body }) => topicRoute(topic, topicRouteBody.decode(body ?? Buffer.alloc(0)))
}
