import { defineBody } from './body.ts'
import { dataVersionShape } from './data-version.ts'
import { long, nameTable, optional, record, type ShapeValue, withDefault } from './shape/index.ts'

const timerMetricShape = record({
  /** Messages that wait. */
  count: withDefault(long, () => 0),
  /** When that changed, in milliseconds since 1970. */
  timeStamp: withDefault(long, () => 0),
})

const timerMetricsShape = record({
  dataVersion: optional(dataVersionShape),
  /** By topic. */
  timingCount: withDefault(nameTable(timerMetricShape), () => new Map()),
})

/** How many messages of each topic wait for their time. */
export type TimerMetrics = ShapeValue<typeof timerMetricsShape>

/** Response body of request 61; content of timermetrics. */
export const timerMetricsBody = defineBody('TimerMetricsSerializeWrapper', timerMetricsShape)
