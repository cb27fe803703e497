import { defineBody } from './body.ts'
import {
  flag,
  int,
  list,
  long,
  nameTable,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const bloomFilterDataShape = record({
  bitNum: withDefault(int, () => 0),
  bitPos: withDefault(list(int), () => []),
})

const consumerFilterDataShape = record({
  /** Which bits of a bit map beside the consume queues are the group's. */
  bloomFilterData: optional(bloomFilterDataShape),
  /** Milliseconds since 1970 at which the group first asked by this expression. */
  bornTime: withDefault(long, () => 0),
  /** The subscription's version. */
  clientVersion: withDefault(long, () => 0),
  consumerGroup: optional(text),
  /** What `deadTime` says. */
  dead: withDefault(flag, () => false),
  /** Milliseconds since 1970 since when nobody asks by it; 0 while somebody does. */
  deadTime: withDefault(long, () => 0),
  expression: optional(text),
  expressionType: optional(text),
  topic: optional(text),
})

/** The expression by which a group asks for messages of a topic. */
export type ConsumerFilterData = ShapeValue<typeof consumerFilterDataShape>

const topicFiltersShape = record({
  groupFilterData: withDefault(nameTable(consumerFilterDataShape), () => new Map()),
  topic: optional(text),
})

/** The expressions for one topic, by group: an entry of consumerFilter.json. */
export const topicFiltersBody = defineBody('FilterDataMapByTopic', topicFiltersShape)

const consumerFiltersShape = record({
  filterDataByTopic: withDefault(nameTable(topicFiltersShape), () => new Map()),
})

/** Expressions by topic and group. */
export type ConsumerFilters = ShapeValue<typeof consumerFiltersShape>

/** Content of consumerFilter.json. */
export const consumerFiltersBody = defineBody('ConsumerFilterManager', consumerFiltersShape)
