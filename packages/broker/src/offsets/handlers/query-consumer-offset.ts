import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface QueryOffsetParts {
  offsets: { offset(group: string, topic: string, queueId: number): number | undefined }
  store: {
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
    isInMemory(topic: string, queueId: number, queueOffset: number): boolean
  }
}

/**
 * QUERY_CONSUMER_OFFSET. A new group in a young queue, whose first message is still at hand, is told 0: it starts at the
 * beginning, wherever it meant to.
 */
export function queryConsumerOffset(parts: QueryOffsetParts): Handler<typeof commands.queryConsumerOffset> {
  return ({ consumerGroup, topic, queueId, setZeroIfNotFound }) => {
    const { offsets, store } = parts
    const offset = offsets.offset(consumerGroup, topic, queueId)
    if (offset !== undefined) return { header: { offset } }
    const isYoung =
      store.minOffset(topic, queueId) <= 0 && store.maxOffset(topic, queueId) > 0 && store.isInMemory(topic, queueId, 0)
    if (setZeroIfNotFound !== false && isYoung) return { header: { offset: 0 } }
    const remark =
      setZeroIfNotFound === false
        ? 'Not found, do not set to zero, maybe this group boot first'
        : 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first'
    throw new ProtocolError('QUERY_NOT_FOUND', remark)
  }
}
