import { defineBody } from './body.ts'
import { messageQueueShape } from './message-queue.ts'
import {
  double,
  list,
  long,
  nameTable,
  objectTable,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const offsetWrapperShape = record({
  brokerOffset: withDefault(long, () => 0),
  consumerOffset: withDefault(long, () => 0),
  pullOffset: withDefault(long, () => 0),
  /** Store time of the newest consumed message in milliseconds since 1970. */
  lastTimestamp: withDefault(long, () => 0),
})

/** A group's progress in one queue. */
export type OffsetWrapper = ShapeValue<typeof offsetWrapperShape>

const consumeStatsShape = record({
  /** Messages a second. */
  consumeTps: withDefault(double, () => 0),
  offsetTable: withDefault(objectTable(messageQueueShape, offsetWrapperShape), () => []),
})

export type ConsumeStats = ShapeValue<typeof consumeStatsShape>

/** Response body of request 208. */
export const consumeStatsBody = defineBody('ConsumeStats', consumeStatsShape)

const consumeStatsOfGroupShape = nameTable(list(consumeStatsShape))

/** An element of the list in the response body of request 317: a table with a group as its only key. */
export const consumeStatsOfGroupBody = defineBody('ConsumeStatsOfGroup', consumeStatsOfGroupShape)

const consumeStatsListShape = record({
  brokerAddr: optional(text),
  consumeStatsList: withDefault(list(consumeStatsOfGroupShape), () => []),
  totalDiff: withDefault(long, () => 0),
  totalInflightDiff: withDefault(long, () => 0),
})

export type ConsumeStatsList = ShapeValue<typeof consumeStatsListShape>

/** Response body of request 317. */
export const consumeStatsListBody = defineBody('ConsumeStatsList', consumeStatsListShape)
