import type { ConsumeStats, TopicConfig } from '@rocketmq-ts/protocol'
import type { QueueOffsets } from './queue-offsets.ts'

export interface ConsumeProgressParts {
  brokerName: string
  topics: { get(topic: string): TopicConfig | undefined }
  offsets: {
    topicsOf(group: string): Iterable<string>
    offset(group: string, topic: string, queueId: number): number | undefined
    pullOffset(group: string, topic: string, queueId: number): number | undefined
  }
  store: QueueOffsets
  /** Messages a second that a group is given of a topic. */
  groupGetTps(group: string, topic: string): number
}

/**
 * How far a group is in the queues of a topic; undefined when there is no such topic.
 * @param noOffset what stands for the offset in a queue in which the group has none
 */
export function consumeProgress(
  parts: ConsumeProgressParts,
  group: string,
  topic: string,
  noOffset = 0,
): ConsumeStats | undefined {
  const config = parts.topics.get(topic)
  if (config === undefined) return undefined
  const { brokerName, offsets, store } = parts
  const offsetTable: ConsumeStats['offsetTable'] = []
  for (let queueId = 0; queueId < config.readQueueNums; queueId++) {
    const consumerOffset = Math.max(offsets.offset(group, topic, queueId) ?? noOffset, noOffset)
    offsetTable.push([
      { topic, brokerName, queueId },
      {
        brokerOffset: store.maxOffset(topic, queueId),
        consumerOffset,
        // What was consumed was pulled, though maybe from an earlier life of the broker, or by another group.
        pullOffset: Math.max(offsets.pullOffset(group, topic, queueId) ?? 0, consumerOffset),
        lastTimestamp: consumerOffset > 0 ? (store.storeTimestamp(topic, queueId, consumerOffset - 1) ?? 0) : 0,
      },
    ])
  }
  return { consumeTps: parts.groupGetTps(group, topic), offsetTable }
}
