import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { masterId, type TopicRoute } from '../routing/topic-route.ts'

/** Milliseconds after which a broker that has left a topic's route is not waited for any more. */
const missedMs = 600_000

/**
 * Whether a member may rely on the routes of its topics. Members that have different routes have queues twice, or leave
 * some to nobody; so all name servers are asked each time while a broker is missing or does not know the member.
 */
export class RouteSettling {
  readonly #client: ClusterClient
  readonly #unsettled = new Set<string>()
  /** When each broker was last seen in the route of a topic, by the monotonic clock. */
  readonly #seenMs = new Map<string, Map<string, number>>()

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** No route is relied on until it was looked up anew. */
  unsettle(): void {
    for (const topic of this.#seenMs.keys()) this.#unsettled.add(topic)
  }

  /** The route of a topic; while no name server tells it, the old one holds. @throws RocketMQError as `RouteCache.find` */
  async route(topic: string, deadline: Deadline): Promise<TopicRoute> {
    const { routes, heartbeats } = this.#client
    const found = await routes.find(topic, deadline)
    const isDoubtful = this.#unsettled.has(topic) || this.#isMissing(found)
    const route = isDoubtful ? await routes.refreshFromEach(topic, deadline).catch(() => found) : found
    for (const address of masterAddresses(route)) heartbeats.knownSoon(address)
    return route
  }

  /** Whether nothing of the route is missing, and all its brokers know the member. */
  isSettled(route: TopicRoute): boolean {
    const { heartbeats } = this.#client
    const isSettled = !this.#isMissing(route) && masterAddresses(route).every((address) => heartbeats.isKnown(address))
    if (isSettled) this.#unsettled.delete(route.topic)
    else this.#unsettled.add(route.topic)
    return isSettled
  }

  /** Whether a broker was in the topic's route a while ago and is not now. */
  #isMissing({ topic, brokers }: TopicRoute): boolean {
    const nowMs = this.#client.runtime.clock.monotonic()
    const seenMs = this.#seenMs.get(topic) ?? new Map<string, number>()
    this.#seenMs.set(topic, seenMs)
    for (const broker of brokers.keys()) seenMs.set(broker, nowMs)
    for (const [broker, lastMs] of seenMs) if (nowMs - lastMs > missedMs) seenMs.delete(broker)
    return seenMs.size > brokers.size
  }
}

function masterAddresses({ brokers }: TopicRoute): string[] {
  return [...brokers.values()].flatMap(({ brokerAddrs }) => brokerAddrs.get(masterId) ?? [])
}
