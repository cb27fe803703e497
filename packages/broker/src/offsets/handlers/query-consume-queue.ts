import {
  type commands,
  consumeQueueQueryBody,
  ProtocolError,
  type SubscriptionData,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueUnit } from '@rocketmq-ts/storage'
import type { ConsumerFilter, ConsumerFilterTable } from '../../filters/index.ts'
import { isByTags } from '../../filters/is-by-tags.ts'
import { tagsMatcher } from '../../reading/message-filter.ts'
import type { GroupSubscriptions } from '../../reading/pull-subscription.ts'

export interface QueryConsumeQueueParts {
  topics: { get(topic: string): TopicConfig | undefined }
  store: {
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
    units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
  }
  consumers: { subscriptionsOf(group: string): GroupSubscriptions | undefined }
  filters: Pick<ConsumerFilterTable, 'get'>
}

const countDefault = 10
const countLimit = 1000

/**
 * QUERY_CONSUME_QUEUE: units of a queue, and whether each matches what a group subscribes to. Of an expression a unit does
 * not tell.
 */
export function queryConsumeQueue(parts: QueryConsumeQueueParts): Handler<typeof commands.queryConsumeQueue> {
  return async ({ topic, queueId, index, count, consumerGroup }) => {
    if (topic === undefined || queueId === undefined || index === undefined) {
      throw new ProtocolError('INVALID_PARAMETER', 'topic, queueId and index say which units to show: give all three')
    }
    const { store } = parts
    const countMax = Math.min(count ?? countDefault, countLimit)
    const minQueueIndex = store.minOffset(topic, queueId)
    const maxQueueIndex = store.maxOffset(topic, queueId)
    const { readQueueNums = 0, writeQueueNums = 0 } = parts.topics.get(topic) ?? {}
    const isOfTopic = queueId >= 0 && queueId < Math.max(readQueueNums, writeQueueNums)
    if (maxQueueIndex === 0 && !isOfTopic) throw new ProtocolError('SYSTEM_ERROR', `${queueId}@${topic} is not exist!`)
    if (index < minQueueIndex || index >= maxQueueIndex) {
      return { remark: `Index ${index} of ${queueId}@${topic} is not exist!` }
    }
    const units = await store.units(topic, queueId, index, countMax)
    const subscriptionData =
      consumerGroup === undefined ? undefined : parts.consumers.subscriptionsOf(consumerGroup)?.subscription(topic)
    const matches = unitMatcher(subscriptionData)
    const queueData = units.map(({ physicalOffset, totalSize, tagsCode }) => ({
      physicOffset: physicalOffset,
      physicSize: totalSize,
      tagsCode,
      eval: matches(tagsCode),
    }))
    let filterData: string | undefined
    if (consumerGroup !== undefined) {
      const isOnline = subscriptionData !== undefined
      filterData = isOnline
        ? filterText(parts.filters.get(topic, consumerGroup))
        : `${consumerGroup}@${topic} is not online!`
    }
    return {
      body: consumeQueueQueryBody.encode({ subscriptionData, filterData, queueData, minQueueIndex, maxQueueIndex }),
    }
  }
}

function unitMatcher(subscription: SubscriptionData | undefined): (tagsCode: number) => boolean {
  if (subscription === undefined) return () => false
  return isByTags(subscription) ? tagsMatcher(subscription) : () => true
}

/** As RocketMQ writes it; of a group that has no expression it is the text of nothing. */
function filterText(filter: ConsumerFilter | undefined): string {
  if (filter === undefined) return 'null'
  const { topic, group, expression, expressionType, clientVersion, bornMs, deadMs, bits } = filter
  const times = { bornTime: bornMs, clientVersion, consumerGroup: group, dead: deadMs !== 0, deadTime: deadMs }
  const members = Object.entries({ ...times, expression, expressionType, topic })
  return [
    `{\n\t"bloomFilterData":{\n\t\t"bitNum":${bits.bitNum},\n\t\t"bitPos":[${bits.bitPos.join(',')}]\n\t}`,
    ...members.map(([name, value]) => `\n\t"${name}":${JSON.stringify(value)}`),
  ]
    .join(',')
    .concat('\n}')
}
