import { defineBody } from './body.ts'
import { brokerDataShape } from './broker-data.ts'
import { int, list, nameTable, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'
import { topicQueueMappingInfoShape } from './topic-queue-mapping.ts'

const queueDataShape = record({
  brokerName: text,
  readQueueNums: withDefault(int, () => 0),
  writeQueueNums: withDefault(int, () => 0),
  /** Bits: inherit 1, write 2, read 4, priority 8. */
  perm: withDefault(int, () => 0),
  topicSysFlag: withDefault(int, () => 0),
})

/** A topic's queues on the brokers of one name. */
export type QueueData = ShapeValue<typeof queueDataShape>

const topicRouteShape = record({
  /** `broker-a:4;broker-b:4` for ordered topics. */
  orderTopicConf: optional(text),
  queueDatas: withDefault(list(queueDataShape), () => []),
  brokerDatas: withDefault(list(brokerDataShape), () => []),
  filterServerTable: withDefault(nameTable(list(text)), () => new Map()),
  topicQueueMappingByBroker: optional(nameTable(topicQueueMappingInfoShape)),
})

/** Where a topic's queues are. */
export type TopicRoute = ShapeValue<typeof topicRouteShape>

/**
 * Response body of request 105, request body of 217. Clients from version 401 (V4_9_4) on, and those that send
 * `acceptStandardJsonOnly`, are answered in the `standard` form, older ones in the `java` form.
 */
export const topicRouteBody = defineBody('TopicRouteData', topicRouteShape)
