import { flag, longTable, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

export const brokerDataShape = record({
  cluster: optional(text),
  brokerName: text,
  /** Broker id (0 the master) to address. */
  brokerAddrs: withDefault(longTable(text), () => new Map()),
  zoneName: optional(text),
  enableActingMaster: withDefault(flag, () => false),
})

/** The brokers of one name: a master and its replicas. */
export type BrokerData = ShapeValue<typeof brokerDataShape>
