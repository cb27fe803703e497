import { defineBody } from './body.ts'
import { messageQueueShape } from './message-queue.ts'
import {
  anyJson,
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
import { subscriptionDataShape } from './subscription-data.ts'

const consumeStatusShape = record({
  /** Milliseconds a pull takes; pulls a second. */
  pullRT: withDefault(double, () => 0),
  pullTPS: withDefault(double, () => 0),
  /** Milliseconds a message takes; messages a second, consumed and failed; failed in the last hour. */
  consumeRT: withDefault(double, () => 0),
  consumeOKTPS: withDefault(double, () => 0),
  consumeFailedTPS: withDefault(double, () => 0),
  consumeFailedMsgs: withDefault(long, () => 0),
})

/** A consumer's rates for one topic. */
export type ConsumeStatus = ShapeValue<typeof consumeStatusShape>

const consumerRunningInfoShape = record({
  properties: withDefault(nameTable(text), () => new Map()),
  subscriptionSet: withDefault(list(subscriptionDataShape), () => []),
  /** State of each queue, as the client describes it. */
  mqTable: withDefault(objectTable(messageQueueShape, anyJson), () => []),
  mqPopTable: withDefault(objectTable(messageQueueShape, anyJson), () => []),
  statusTable: withDefault(nameTable(consumeStatusShape), () => new Map()),
  userConsumerInfo: withDefault(nameTable(text), () => new Map()),
  jstack: optional(text),
})

/** What a consumer reports about itself. A broker passes the bytes on unread; this is for tools that read them. */
export type ConsumerRunningInfo = ShapeValue<typeof consumerRunningInfoShape>

/** Response body of request 307. */
export const consumerRunningInfoBody = defineBody('ConsumerRunningInfo', consumerRunningInfoShape)
