import type { Clock } from '@rocketmq-ts/platform'
import {
  type commands,
  consumeTimeSpanBody,
  formatTimeSpanStamp,
  ProtocolError,
  type QueueTimeSpan,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { QueueOffsets } from '../queue-offsets.ts'

export interface TimeSpanParts {
  clock: Clock
  brokerName: string
  topics: { get(topic: string): TopicConfig | undefined }
  offsets: { offset(group: string, topic: string, queueId: number): number | undefined }
  store: QueueOffsets
}

/** QUERY_CONSUME_TIME_SPAN: the times of the oldest, the newest and the last consumed message of each queue. */
export function queryConsumeTimeSpan(parts: TimeSpanParts): Handler<typeof commands.queryConsumeTimeSpan> {
  return ({ topic, group }) => {
    const config = parts.topics.get(topic)
    if (config === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', `topic[${topic}] not exist`)
    const consumeTimeSpanSet = Array.from({ length: config.readQueueNums }, (_, queueId) =>
      timeSpan(parts, topic, group, queueId),
    )
    return { body: consumeTimeSpanBody.encode({ consumeTimeSpanSet }) }
  }
}

/** What stands for the time of a message that is not there. */
const noTime = -1

function timeSpan(parts: TimeSpanParts, topic: string, group: string, queueId: number): QueueTimeSpan {
  const { store, brokerName } = parts
  const maxOffset = store.maxOffset(topic, queueId)
  const minTimeStamp = store.storeTimestamp(topic, queueId, store.minOffset(topic, queueId)) ?? noTime
  const maxTimeStamp = maxOffset > 0 ? (store.storeTimestamp(topic, queueId, maxOffset - 1) ?? noTime) : noTime
  const consumed = parts.offsets.offset(group, topic, queueId) ?? 0
  const consumeTimeStamp =
    consumed > 0 ? (store.storeTimestamp(topic, queueId, consumed - 1) ?? minTimeStamp) : minTimeStamp
  const waitingSince = consumed < maxOffset ? store.storeTimestamp(topic, queueId, consumed) : undefined
  return {
    messageQueue: { topic, brokerName, queueId },
    minTimeStamp,
    maxTimeStamp,
    consumeTimeStamp,
    delayTime: waitingSince === undefined ? 0 : parts.clock.now() - waitingSince,
    minTimeStampStr: formatTimeSpanStamp(minTimeStamp),
    maxTimeStampStr: formatTimeSpanStamp(maxTimeStamp),
    consumeTimeStampStr: formatTimeSpanStamp(consumeTimeStamp),
  }
}
