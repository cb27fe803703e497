import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { masterId, type TopicRoute } from '../routing/topic-route.ts'

/**
 * Whether a member may rely on the routes of its topics. Members that have different routes have queues twice, or leave
 * some to nobody; so all name servers are asked each time while a broker is missing or does not know the member.
 */
export class RouteSettling {
  readonly #client: ClusterClient
  readonly #topics = new Set<string>()
  readonly #unsettled = new Set<string>()

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** No route is relied on until it was looked up anew. */
  unsettle(): void {
    for (const topic of this.#topics) this.#unsettled.add(topic)
  }

  /** The route of a topic; while no name server tells it, the old one holds. @throws RocketMQError as `RouteCache.find` */
  async route(topic: string, deadline: Deadline): Promise<TopicRoute> {
    const { routes, heartbeats } = this.#client
    this.#topics.add(topic)
    const found = await routes.find(topic, deadline)
    const isDoubtful = this.#unsettled.has(topic) || routes.isMissing(topic)
    const route = isDoubtful ? await routes.refreshFromEach(topic, deadline).catch(() => found) : found
    for (const address of masterAddresses(route)) heartbeats.knownSoon(address)
    return route
  }

  /** Whether nothing of the route is missing, and all its brokers know the member. */
  isSettled(route: TopicRoute): boolean {
    const { heartbeats, routes } = this.#client
    const isSettled =
      !routes.isMissing(route.topic) && masterAddresses(route).every((address) => heartbeats.isKnown(address))
    if (isSettled) this.#unsettled.delete(route.topic)
    else this.#unsettled.add(route.topic)
    return isSettled
  }
}

function masterAddresses({ brokers }: TopicRoute): string[] {
  return [...brokers.values()].flatMap(({ brokerAddrs }) => brokerAddrs.get(masterId) ?? [])
}
