import {
  type ConsumeStats,
  commands,
  decidedItems,
  type LogicQueue,
  leaderItem,
  logicalBrokerName,
  type TopicRoute,
  type TopicStats,
  toLogicalOffset,
  topicConfigAndQueueMappingBody,
} from '@rocketmq-ts/protocol'
import type { ToolContext } from './tool.ts'

/** A queue of a static topic, with where its messages are. */
export interface MappedQueue {
  /** Stands for a broker; see `logicalBrokerName`. */
  readonly brokerName: string
  readonly queueId: number
  readonly items: LogicQueue
}

/** The queues of a static topic, as the brokers that lead them say; none of an ordinary topic. */
export async function mappedQueues(context: ToolContext, route: TopicRoute, name: string): Promise<MappedQueue[]> {
  if (route.topicQueueMappingByBroker === undefined || route.topicQueueMappingByBroker.size === 0) return []
  const found = new Map<number, MappedQueue & { readonly epoch: number }>()
  for (const { brokerName, brokerAddrs } of route.brokerDatas) {
    const address = brokerAddrs.get(0)
    if (address === undefined) continue
    const header = { topic: name, lo: true }
    const broker = { name: brokerName, address }
    const answer = await context.calls.askOr(broker, commands.getTopicConfig, header, context.deadline, [
      'TOPIC_NOT_EXIST',
    ])
    const detail = answer?.read(topicConfigAndQueueMappingBody.decode).mappingDetail
    if (detail === undefined) continue
    for (const [queueId, items] of detail.hostedQueues) {
      if (leaderItem(items)?.bname !== detail.bname || (found.get(queueId)?.epoch ?? -1) > detail.epoch) continue
      found.set(queueId, { brokerName: logicalBrokerName(detail.scope), queueId, items, epoch: detail.epoch })
    }
  }
  return [...found.values()].toSorted((one, other) => one.queueId - other.queueId)
}

const keyOf = (brokerName: string | undefined, queueId: number): string => `${brokerName} ${queueId}`

/** What each logical queue holds, by what the queues of the brokers hold. */
export function logicalStats(queues: readonly MappedQueue[], { offsetTable }: TopicStats): TopicStats['offsetTable'] {
  const known = new Map(offsetTable.map(([queue, range]) => [keyOf(queue.brokerName, queue.queueId), range]))
  return queues.flatMap(({ brokerName, queueId, items }) => {
    const decided = decidedItems(items)
    const [oldest, newest] = [decided[0], decided.at(-1)]
    const first = oldest && known.get(keyOf(oldest.bname, oldest.queueId))
    const last = newest && known.get(keyOf(newest.bname, newest.queueId))
    if (first === undefined || last === undefined) return []
    const minOffset = toLogicalOffset(oldest!, first.minOffset)
    const maxOffset = toLogicalOffset(newest!, last.maxOffset)
    const { lastUpdateTimestamp } = last
    return [
      [
        { topic: offsetTable[0]![0].topic, brokerName, queueId },
        { minOffset, maxOffset, lastUpdateTimestamp },
      ],
    ]
  })
}

/** How far a group is in each logical queue, by how far it is in the queues of the brokers. */
export function logicalProgress(
  topic: string,
  queues: readonly MappedQueue[],
  { offsetTable }: ConsumeStats,
): ConsumeStats['offsetTable'] {
  const known = new Map(
    offsetTable
      .filter(([queue]) => queue.topic === topic)
      .map(([queue, progress]) => [keyOf(queue.brokerName, queue.queueId), progress]),
  )
  return queues.flatMap(({ brokerName, queueId, items }) => {
    const decided = decidedItems(items).toReversed()
    const newest = decided[0]
    const broker = newest && known.get(keyOf(newest.bname, newest.queueId))
    const at = decided.find((item) => (known.get(keyOf(item.bname, item.queueId))?.consumerOffset ?? -1) >= 0)
    const progress = at && known.get(keyOf(at.bname, at.queueId))
    if (broker === undefined || progress === undefined) return []
    const { lastTimestamp } = progress
    const brokerOffset = toLogicalOffset(newest!, broker.brokerOffset)
    const consumerOffset = toLogicalOffset(at!, progress.consumerOffset)
    const pullOffset = toLogicalOffset(at!, progress.pullOffset)
    return [
      [
        { topic, brokerName, queueId },
        { brokerOffset, consumerOffset, pullOffset, lastTimestamp },
      ],
    ]
  })
}
