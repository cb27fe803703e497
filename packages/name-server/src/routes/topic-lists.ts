import type { TopicList } from '@rocketmq-ts/protocol'
import type { BrokerGroup } from './broker-group.ts'
import type { QueueLayout } from './queue-layout.ts'
import type { RouteTable } from './route-table.ts'

const unitBit = 1
const unitSubscriptionBit = 2

/** Flags in a topic's `topicSysFlag`. */
export function isUnit({ topicSysFlag }: QueueLayout): boolean {
  return (topicSysFlag & unitBit) !== 0
}

export function hasUnitSubscriptions({ topicSysFlag }: QueueLayout): boolean {
  return (topicSysFlag & unitSubscriptionBit) !== 0
}

export function allTopics(table: RouteTable): TopicList {
  return topicsOf(table, () => true)
}

export function topicsOfCluster(table: RouteTable, clusterName: string): TopicList {
  return topicsOf(table, (group) => group.clusterName === clusterName)
}

/** Topics for which at least one broker has a fitting layout. */
export function topicsWithLayout(table: RouteTable, fits: (layout: QueueLayout) => boolean): TopicList {
  const names = new Set<string>()
  for (const { topics } of table.groups.values()) {
    for (const [topic, layout] of topics) if (fits(layout)) names.add(topic)
  }
  return { topicList: [...names] }
}

/** Names of clusters and brokers, which are topics too, and the address of a broker that can list more. */
export function systemTopics(table: RouteTable): TopicList {
  const names = new Set<string>()
  for (const { clusterName, brokerName } of table.groups.values()) names.add(clusterName).add(brokerName)
  const [first] = table.groups.values()
  const brokerAddr = first?.smallestMember?.address
  return { topicList: [...names], ...(brokerAddr === undefined ? {} : { brokerAddr }) }
}

function topicsOf(table: RouteTable, isWanted: (group: BrokerGroup) => boolean): TopicList {
  const groups = [...table.groups.values()].filter(isWanted)
  // A topic of several brokers is listed once.
  const names = new Set<string>()
  for (const { topics } of groups) for (const topic of topics.keys()) names.add(topic)
  return { topicList: [...names] }
}
