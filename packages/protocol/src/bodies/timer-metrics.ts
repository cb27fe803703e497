import { defineBody } from './body.ts'
import { dataVersionShape } from './data-version.ts'
import { long, nameTable, optional, record, type ShapeValue, withDefault } from './shape/index.ts'

const topicCountShape = record({
  /** Messages that wait. */
  count: withDefault(long, () => 0),
  /** When that changed, in milliseconds since 1970. */
  timeStamp: withDefault(long, () => 0),
})

/** How many messages of a topic wait. */
export type TopicCount = ShapeValue<typeof topicCountShape>

const timerMetricsShape = record({
  dataVersion: optional(dataVersionShape),
  /** By topic. */
  timingCount: withDefault(nameTable(topicCountShape), () => new Map()),
})

/** How many messages of each topic wait for their time. */
export type TimerMetrics = ShapeValue<typeof timerMetricsShape>

/** Response body of request 61; content of timermetrics. */
export const timerMetricsBody = defineBody('TimerMetricsSerializeWrapper', timerMetricsShape)

const transactionMetricsShape = record({
  dataVersion: optional(dataVersionShape),
  /** By topic: transactions that have not ended. */
  transactionCount: withDefault(nameTable(topicCountShape), () => new Map()),
})

/** Content of transactionMetrics. */
export const transactionMetricsBody = defineBody('TransactionMetricsSerializeWrapper', transactionMetricsShape)
