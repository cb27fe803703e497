import { defineBody } from './body.ts'
import {
  int,
  intTable,
  list,
  long,
  longTable,
  nameTable,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const queueOrderShape = record({
  popTime: long,
  /** The attempt that the messages were given to. */
  a: optional(text),
  /** Bits of the messages that are acknowledged, by their places. */
  cm: withDefault(long, () => 0),
  /** Milliseconds that the messages are invisible. */
  i: optional(long),
  /** Milliseconds since 1970 at which something was last given. */
  l: withDefault(long, () => 0),
  /** Queue offset of the first message, then the distances of the others from it. */
  o: withDefault(list(long), () => []),
  /** Deliveries before this one, by queue offset. */
  oc: optional(longTable(int)),
  /** Milliseconds since 1970 at which single messages are visible again, by queue offset. */
  ot: optional(longTable(long)),
})

/** What a group was given in order of one queue. */
export type QueueOrder = ShapeValue<typeof queueOrderShape>

const consumerOrderShape = record({
  orderInfoCount: withDefault(int, () => 0),
  orderedConsumptionLevel: withDefault(text, () => 'QUEUE'),
  /** `topic@group` to queue id. */
  table: withDefault(nameTable(intTable(queueOrderShape)), () => new Map()),
})

export type ConsumerOrder = ShapeValue<typeof consumerOrderShape>

/** Content of consumerOrderInfo.json. */
export const consumerOrderBody = defineBody('ConsumerOrderInfoManager', consumerOrderShape)
