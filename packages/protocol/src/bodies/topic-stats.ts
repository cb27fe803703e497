import { defineBody } from './body.ts'
import { messageQueueShape } from './message-queue.ts'
import { double, long, objectTable, record, type ShapeValue, withDefault } from './shape/index.ts'

const topicOffsetShape = record({
  minOffset: withDefault(long, () => 0),
  maxOffset: withDefault(long, () => 0),
  /** Store time of the newest message in milliseconds since 1970; 0 for an empty queue. */
  lastUpdateTimestamp: withDefault(long, () => 0),
})

export type TopicOffset = ShapeValue<typeof topicOffsetShape>

const topicStatsShape = record({
  offsetTable: withDefault(objectTable(messageQueueShape, topicOffsetShape), () => []),
  /** Messages a second. */
  topicPutTps: withDefault(double, () => 0),
})

export type TopicStats = ShapeValue<typeof topicStatsShape>

/** Response body of request 202. */
export const topicStatsBody = defineBody('TopicStatsTable', topicStatsShape)
