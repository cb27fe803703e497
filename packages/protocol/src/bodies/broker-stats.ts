import { defineBody } from './body.ts'
import { double, long, optional, record, type ShapeValue, withDefault } from './shape/index.ts'

const brokerStatsItemShape = record({
  sum: withDefault(long, () => 0),
  /** Additions a second. */
  tps: withDefault(double, () => 0),
  /** Average of one addition. */
  avgpt: withDefault(double, () => 0),
})

export type BrokerStatsItem = ShapeValue<typeof brokerStatsItemShape>

const brokerStatsShape = record({
  statsMinute: optional(brokerStatsItemShape),
  statsHour: optional(brokerStatsItemShape),
  statsDay: optional(brokerStatsItemShape),
})

export type BrokerStats = ShapeValue<typeof brokerStatsShape>

/** Response body of request 315. */
export const brokerStatsBody = defineBody('BrokerStatsData', brokerStatsShape)
