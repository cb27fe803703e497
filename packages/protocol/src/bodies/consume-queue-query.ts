import { defineBody } from './body.ts'
import {
  exactLong,
  flag,
  int,
  list,
  long,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'
import { subscriptionDataShape } from './subscription-data.ts'

const consumeQueueDataShape = record({
  physicOffset: withDefault(long, () => 0),
  physicSize: withDefault(int, () => 0),
  /** All 64 bits: it can be an address in a consume queue extension, near Long.MIN_VALUE. */
  tagsCode: withDefault(exactLong, () => 0),
  extendDataJson: optional(text),
  bitMap: optional(text),
  eval: withDefault(flag, () => false),
  msg: optional(text),
})

/** One unit of a consume queue. */
export type ConsumeQueueData = ShapeValue<typeof consumeQueueDataShape>

const consumeQueueQueryShape = record({
  subscriptionData: optional(subscriptionDataShape),
  filterData: optional(text),
  queueData: optional(list(consumeQueueDataShape)),
  maxQueueIndex: withDefault(long, () => 0),
  minQueueIndex: withDefault(long, () => 0),
})

export type ConsumeQueueQuery = ShapeValue<typeof consumeQueueQueryShape>

/** Response body of request 321. */
export const consumeQueueQueryBody = defineBody('QueryConsumeQueueResponseBody', consumeQueueQueryShape)
