import { defineBody } from './body.ts'
import { dataVersionShape } from './data-version.ts'
import {
  flag,
  int,
  intTable,
  list,
  long,
  nameTable,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const mappingInfoFields = {
  topic: optional(text),
  scope: withDefault(text, () => '__global__'),
  totalQueues: withDefault(int, () => 0),
  /** Name of the broker that holds this part of the topic. */
  bname: optional(text),
  epoch: withDefault(long, () => 0),
  dirty: withDefault(flag, () => false),
  /** Global queue id to the id on this broker. */
  currIdMap: withDefault(intTable(int), () => new Map()),
}

export const topicQueueMappingInfoShape = record(mappingInfoFields)

/** A broker's part of a static (logical) topic, as the name server knows it. */
export type TopicQueueMappingInfo = ShapeValue<typeof topicQueueMappingInfoShape>

const logicQueueMappingItemShape = record({
  gen: withDefault(int, () => 0),
  queueId: withDefault(int, () => 0),
  bname: optional(text),
  logicOffset: withDefault(long, () => 0),
  startOffset: withDefault(long, () => 0),
  endOffset: withDefault(long, () => -1),
  timeOfStart: withDefault(long, () => -1),
  timeOfEnd: withDefault(long, () => -1),
})

/** A stretch of a logical queue that lies on one broker. */
export type LogicQueueMappingItem = ShapeValue<typeof logicQueueMappingItemShape>

export const topicQueueMappingDetailShape = record({
  ...mappingInfoFields,
  /** Global queue id to its stretches, oldest first. */
  hostedQueues: withDefault(intTable(list(logicQueueMappingItemShape)), () => new Map()),
})

/** A broker's part of a static topic in full. */
export type TopicQueueMappingDetail = ShapeValue<typeof topicQueueMappingDetailShape>

export const topicQueueMappingInfoBody = defineBody('TopicQueueMappingInfo', topicQueueMappingInfoShape)

/** Request body of request 513. */
export const topicQueueMappingDetailBody = defineBody('TopicQueueMappingDetail', topicQueueMappingDetailShape)

const topicQueueMappingTableShape = record({
  dataVersion: optional(dataVersionShape),
  topicQueueMappingInfoMap: withDefault(nameTable(topicQueueMappingDetailShape), () => new Map()),
})

export type TopicQueueMappingTable = ShapeValue<typeof topicQueueMappingTableShape>

/** Content of topicQueueMapping.json. */
export const topicQueueMappingTableBody = defineBody('TopicQueueMappingSerializeWrapper', topicQueueMappingTableShape)
