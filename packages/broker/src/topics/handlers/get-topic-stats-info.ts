import { type commands, ProtocolError, type TopicConfig, type TopicStats, topicStatsBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueOffsets } from '../../offsets/queue-offsets.ts'

export interface TopicStatsParts {
  brokerName: string
  topics: { get(topic: string): TopicConfig | undefined }
  store: QueueOffsets
  /** Messages a second that the topic takes. */
  putTps(topic: string): number
}

/** GET_TOPIC_STATS_INFO: the offsets of all queues, those that can only be read or only be written included. */
export function getTopicStatsInfo(parts: TopicStatsParts): Handler<typeof commands.getTopicStatsInfo> {
  return ({ topic }) => {
    const { brokerName, store } = parts
    const config = parts.topics.get(topic)
    if (config === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', `topic[${topic}] not exist`)
    const offsetTable: TopicStats['offsetTable'] = []
    for (let queueId = 0; queueId < Math.max(config.readQueueNums, config.writeQueueNums); queueId++) {
      const minOffset = Math.max(0, store.minOffset(topic, queueId))
      const maxOffset = store.maxOffset(topic, queueId)
      const lastUpdateTimestamp = maxOffset > 0 ? (store.storeTimestamp(topic, queueId, maxOffset - 1) ?? 0) : 0
      offsetTable.push([
        { topic, brokerName, queueId },
        { minOffset, maxOffset, lastUpdateTimestamp },
      ])
    }
    return { body: topicStatsBody.encode({ offsetTable, topicPutTps: parts.putTps(topic) }) }
  }
}
