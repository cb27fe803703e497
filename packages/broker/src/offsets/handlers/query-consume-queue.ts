import { type commands, consumeQueueQueryBody, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueUnit } from '@rocketmq-ts/storage'
import { type GroupSubscriptions, tagsMatcher } from '../../reading/pull-subscription.ts'

export interface QueryConsumeQueueParts {
  store: {
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
    units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
  }
  consumers: { subscriptionsOf(group: string): GroupSubscriptions | undefined }
}

const countDefault = 10
const countLimit = 1000

/** QUERY_CONSUME_QUEUE: units of a queue, and whether each matches what a group subscribes to. */
export function queryConsumeQueue(parts: QueryConsumeQueueParts): Handler<typeof commands.queryConsumeQueue> {
  return async ({ topic, queueId, index, count, consumerGroup }) => {
    if (topic === undefined || queueId === undefined || index === undefined) {
      throw new ProtocolError('INVALID_PARAMETER', 'topic, queueId and index say which units to show: give all three')
    }
    const { store } = parts
    const countMax = Math.min(count ?? countDefault, countLimit)
    const minQueueIndex = store.minOffset(topic, queueId)
    const maxQueueIndex = store.maxOffset(topic, queueId)
    if (index < minQueueIndex || index >= maxQueueIndex) {
      return { remark: `Index ${index} of ${queueId}@${topic} is not exist!` }
    }
    const units = await store.units(topic, queueId, index, countMax)
    const subscriptionData =
      consumerGroup === undefined ? undefined : parts.consumers.subscriptionsOf(consumerGroup)?.subscription(topic)
    const matches = subscriptionData === undefined ? () => false : tagsMatcher(subscriptionData)
    const queueData = units.map(({ physicalOffset, totalSize, tagsCode }) => ({
      physicOffset: physicalOffset,
      physicSize: totalSize,
      tagsCode,
      eval: matches(tagsCode),
    }))
    const isOffline = consumerGroup !== undefined && subscriptionData === undefined
    const filterData = isOffline ? `${consumerGroup}@${topic} is not online!` : undefined
    return {
      body: consumeQueueQueryBody.encode({ subscriptionData, filterData, queueData, minQueueIndex, maxQueueIndex }),
    }
  }
}
