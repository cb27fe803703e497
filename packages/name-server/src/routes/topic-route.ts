import type { QueueData, TopicQueueMappingInfo, TopicRoute } from '@rocketmq-ts/protocol'
import { withActingMasters } from './acting-master.ts'
import type { BrokerGroup } from './broker-group.ts'
import type { RouteTable } from './route-table.ts'
import { withinZone } from './zone-filter.ts'

export interface TopicRouteOptions {
  /** Shows the smallest slave as master when the master is away and its group allows it. */
  supportActingMaster?: boolean
  /** Only brokers of this zone, and those without a living master. */
  zoneName?: string | undefined
  orderTopicConf?: string | undefined
}

/** Where the queues of a topic are, or undefined when no living broker has it. */
export function topicRoute(table: RouteTable, topic: string, options: TopicRouteOptions = {}): TopicRoute | undefined {
  const groups = [...table.groups.values()].filter((group) => group.topics.has(topic))
  if (groups.length === 0) return undefined
  const mappings = mappingsOf(groups, topic)
  const { orderTopicConf, zoneName } = options
  let route: TopicRoute = {
    queueDatas: groups.map((group) => queueDataOf(group, topic)),
    brokerDatas: groups.map((group) => group.toBrokerData()),
    filterServerTable: filterServersOf(groups),
    ...(orderTopicConf === undefined ? {} : { orderTopicConf }),
    ...(mappings.size === 0 ? {} : { topicQueueMappingByBroker: mappings }),
  }
  if (options.supportActingMaster === true) route = withActingMasters(route, topic)
  return zoneName === undefined ? route : withinZone(route, zoneName)
}

function queueDataOf({ brokerName, topics }: BrokerGroup, topic: string): QueueData {
  return { brokerName, ...topics.get(topic)! }
}

function mappingsOf(groups: readonly BrokerGroup[], topic: string): Map<string, TopicQueueMappingInfo> {
  const mappings = new Map<string, TopicQueueMappingInfo>()
  for (const group of groups) {
    const mapping = group.mappings.get(topic)
    if (mapping !== undefined) mappings.set(mapping.bname ?? group.brokerName, mapping)
  }
  return mappings
}

function filterServersOf(groups: readonly BrokerGroup[]): Map<string, string[]> {
  const servers = new Map<string, string[]>()
  for (const { members } of groups) {
    for (const { address, filterServers } of members.values()) {
      if (filterServers.length > 0) servers.set(address, [...filterServers])
    }
  }
  return servers
}
