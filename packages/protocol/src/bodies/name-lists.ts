import { defineBody } from './body.ts'
import { distinct, nameTable, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const topicListShape = record({ topicList: withDefault(distinct(text), () => []), brokerAddr: optional(text) })

export type TopicList = ShapeValue<typeof topicListShape>

/** Response body of requests 206, 224, 304, 305, 311 to 313 and 343. */
export const topicListBody = defineBody('TopicList', topicListShape)

const groupListShape = record({ groupList: withDefault(distinct(text), () => []) })

export type GroupList = ShapeValue<typeof groupListShape>

/** Response body of request 300. */
export const groupListBody = defineBody('GroupList', groupListShape)

const consumerIdListShape = record({ consumerIdList: withDefault(distinct(text), () => []) })

/** Client ids of a group's members. */
export type ConsumerIdList = ShapeValue<typeof consumerIdListShape>

/** Response body of request 38. */
export const consumerIdListBody = defineBody('GetConsumerListByGroupResponseBody', consumerIdListShape)

const keyValueTableShape = record({ table: withDefault(nameTable(text), () => new Map()) })

export type KeyValueTable = ShapeValue<typeof keyValueTableShape>

/** Response body of requests 28, 103 and 219. */
export const keyValueTableBody = defineBody('KVTable', keyValueTableShape)
