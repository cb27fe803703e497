import type { BrokerData, TopicRoute } from '@rocketmq-ts/protocol'
import { masterId } from './broker-group.ts'
import { isWritable } from './queue-layout.ts'

/** Brokers of one name find each other by this topic, so its routes must show the real master. */
const memberTopicPrefix = 'rmq_sys_SYNC_BROKER_MEMBER_'

/**
 * Shows the smallest slave of a group without a master under the master's id, so that clients go on reading. Only for a
 * group that allows it and whose queues cannot be written to.
 */
export function withActingMasters(route: TopicRoute, topic: string): TopicRoute {
  if (topic.startsWith(memberTopicPrefix)) return route
  return {
    ...route,
    brokerDatas: route.brokerDatas.map((broker) =>
      needsActingMaster(broker, route) ? withSmallestAsMaster(broker) : broker,
    ),
  }
}

function needsActingMaster({ brokerName, brokerAddrs, enableActingMaster }: BrokerData, route: TopicRoute): boolean {
  if (!enableActingMaster || brokerAddrs.has(masterId) || brokerAddrs.size === 0) return false
  return route.queueDatas.some((queues) => queues.brokerName === brokerName && !isWritable(queues))
}

function withSmallestAsMaster(broker: BrokerData): BrokerData {
  const smallestId = Math.min(...broker.brokerAddrs.keys())
  const brokerAddrs = new Map(broker.brokerAddrs)
  const address = brokerAddrs.get(smallestId)!
  brokerAddrs.delete(smallestId)
  brokerAddrs.set(masterId, address)
  return { ...broker, brokerAddrs }
}
