import type { TopicQueueMappingDetail, TopicQueueMappingInfo, TopicRoute } from '../bodies/index.ts'
import { leaderItem } from './mapping-items.ts'

/** Queues of a static topic above which a number is taken for a mistake. */
export const logicalQueuesMax = 65_536
const globalScope = '__global__'
const logicalBrokerPrefix = '__syslo__'

/** Stands for the leader of a logical queue that no living broker leads. */
export const noLeader = `${logicalBrokerPrefix}none__`

/** The name that stands for a broker in the queues of a static topic: they do not belong to one. */
export function logicalBrokerName(scope: string): string {
  return `${logicalBrokerPrefix}${scope === globalScope ? scope.slice(2) : scope}`
}

/** Whether a name stands for a broker in the queues of a static topic. */
export function isLogicalBroker(name: string): boolean {
  return name.startsWith(logicalBrokerPrefix)
}

/** A queue of a static topic, as clients know it. */
export interface LogicalQueue {
  /** Of no broker; see `logicalBrokerName`. */
  readonly brokerName: string
  readonly queueId: number
  /** The broker that leads it now, or `noLeader`. */
  readonly leader: string
}

/** The queues of a static topic by its route, in the order of their ids; undefined for an ordinary topic. */
export function logicalQueues({ topicQueueMappingByBroker }: TopicRoute): LogicalQueue[] | undefined {
  if (topicQueueMappingByBroker === undefined || topicQueueMappingByBroker.size === 0) return undefined
  const infos = [...topicQueueMappingByBroker.values()].toSorted((one, other) => one.epoch - other.epoch)
  const queues = new Map<string, LogicalQueue>()
  for (const scope of new Set(infos.map((info) => info.scope))) {
    const brokerName = logicalBrokerName(scope)
    const ofScope = infos.filter((info) => info.scope === scope)
    const newest = ofScope.at(-1)!.epoch
    const counts = ofScope.filter(({ epoch }) => epoch === newest).map(({ totalQueues }) => totalQueues)
    const count = Math.min(Math.max(...counts), logicalQueuesMax)
    // What a newer mapping says takes the place of what an older one says.
    const leaders = new Map(ofScope.flatMap(({ bname, currIdMap }) => [...currIdMap.keys()].map((id) => [id, bname])))
    for (let queueId = 0; queueId < count; queueId++) {
      const leader = leaders.get(queueId) ?? noLeader
      queues.set(`${brokerName} ${queueId}`, { brokerName, queueId, leader })
    }
  }
  return [...queues.values()]
}

/** What name servers are told of a broker's part of a static topic: the logical queues that it leads. */
export function mappingInfoOf(detail: TopicQueueMappingDetail): TopicQueueMappingInfo {
  const { hostedQueues, ...info } = detail
  const currIdMap = new Map<number, number>()
  for (const [id, items] of hostedQueues) {
    const leader = leaderItem(items)
    if (leader !== undefined && leader.bname === detail.bname) currIdMap.set(id, leader.queueId)
  }
  return { ...info, currIdMap }
}
