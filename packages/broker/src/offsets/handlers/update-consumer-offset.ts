import {
  type commands,
  isLightQueue,
  ProtocolError,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { checkNotOwnProgress } from '../../groups/index.ts'

export interface UpdateOffsetParts {
  topics: { get(topic: string): TopicConfig | undefined }
  groups: { get(group: string): SubscriptionGroupConfig | undefined }
  offsets: {
    offset(group: string, topic: string, queueId: number): number | undefined
    checkRoom(group: string, topic: string): void
    commit(group: string, topic: string, queueId: number, offset: number): void
    isResetPending(group: string, topic: string, queueId: number): boolean
  }
}

/** UPDATE_CONSUMER_OFFSET: a group has consumed what is before an offset. */
export function updateConsumerOffset(parts: UpdateOffsetParts): Handler<typeof commands.updateConsumerOffset> {
  return ({ consumerGroup, topic, queueId, commitOffset }) => {
    const config = parts.topics.get(topic)
    if (config === undefined) {
      throw new ProtocolError('TOPIC_NOT_EXIST', `Topic ${topic} not exist!`)
    }
    if (parts.groups.get(consumerGroup) === undefined) {
      throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', `Group ${consumerGroup} not exist!`)
    }
    checkNotOwnProgress(consumerGroup)
    if (queueId < 0 || !isKnown(consumerGroup, config, queueId, parts)) {
      throw new ProtocolError('INVALID_PARAMETER', `Queue id ${queueId} is out of range`)
    }
    if (commitOffset < 0) throw new ProtocolError('INVALID_PARAMETER', `Commit offset ${commitOffset} is negative`)
    // What was consumed before the group took up the new offset must not overwrite it.
    if (parts.offsets.isResetPending(consumerGroup, topic, queueId)) {
      return { remark: 'Offset has been previously reset' }
    }
    parts.offsets.checkRoom(consumerGroup, topic)
    parts.offsets.commit(consumerGroup, topic, queueId, commitOffset)
    return {}
  }
}

/** Whether a topic has a queue, or had it when the group was there: offsets of invented queues would be kept for ever. */
function isKnown(group: string, topic: TopicConfig, queueId: number, { offsets }: UpdateOffsetParts): boolean {
  const { topicName, readQueueNums, writeQueueNums } = topic
  if (queueId < Math.max(readQueueNums, writeQueueNums)) return true
  return !isLightQueue(topicName) && offsets.offset(group, topicName, queueId) !== undefined
}
