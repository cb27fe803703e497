import { defineBody } from './body.ts'
import {
  flag,
  int,
  list,
  long,
  nameTable,
  oneOf,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'
import { topicQueueMappingDetailShape } from './topic-queue-mapping.ts'

const topicConfigFields = {
  topicName: text,
  readQueueNums: withDefault(int, () => 16),
  writeQueueNums: withDefault(int, () => 16),
  /** Bits: inherit 1, write 2, read 4, priority 8. */
  perm: withDefault(int, () => 6),
  topicFilterType: withDefault(oneOf('SINGLE_TAG', 'MULTI_TAG'), () => 'SINGLE_TAG' as const),
  /** Bits: unit 1, has unit subscriptions 2. */
  topicSysFlag: withDefault(int, () => 0),
  order: withDefault(flag, () => false),
  attributes: withDefault(nameTable(text), () => new Map()),
}

export const topicConfigShape = record(topicConfigFields)

/** A topic as a broker knows it. */
export type TopicConfig = ShapeValue<typeof topicConfigShape>

export const topicConfigBody = defineBody('TopicConfig', topicConfigShape)

/** A topic with the defaults of the Java peers: 16 queues, readable and writable. */
export function newTopicConfig(topicName: string, changes: Partial<Omit<TopicConfig, 'topicName'>> = {}): TopicConfig {
  return { ...topicConfigShape.decode({ topicName }), ...changes }
}

const topicConfigAndQueueMappingShape = record({
  ...topicConfigFields,
  mappingDetail: optional(topicQueueMappingDetailShape),
})

/** A topic with its queue mapping when it is static. */
export type TopicConfigAndQueueMapping = ShapeValue<typeof topicConfigAndQueueMappingShape>

/** Response body of request 351. */
export const topicConfigAndQueueMappingBody = defineBody('TopicConfigAndQueueMapping', topicConfigAndQueueMappingShape)

const topicRemappingShape = record({
  topic: text,
  /** `CREATE_OR_UPDATE` or `REMAPPING`. */
  type: optional(text),
  epoch: withDefault(long, () => 0),
  /** By broker. */
  brokerConfigMap: withDefault(nameTable(topicConfigAndQueueMappingShape), () => new Map()),
  /** Brokers that get logical queues. */
  brokerToMapIn: withDefault(list(text), () => []),
  /** Brokers that give logical queues away. */
  brokerToMapOut: withDefault(list(text), () => []),
})

/** What a static topic is to be on each of its brokers. */
export type TopicRemapping = ShapeValue<typeof topicRemappingShape>

/** Content of the files that updateStaticTopic and remappingStaticTopic write and read. */
export const topicRemappingBody = defineBody('TopicRemappingDetailWrapper', topicRemappingShape)

const createTopicListShape = record({ topicConfigList: withDefault(list(topicConfigShape), () => []) })

export type CreateTopicList = ShapeValue<typeof createTopicListShape>

/** Request body of request 18. */
export const createTopicListBody = defineBody('CreateTopicListRequestBody', createTopicListShape)
