import { defineBody } from './body.ts'
import { long, nameTable, record, type ShapeValue, withDefault } from './shape/index.ts'

const zero = withDefault(long, () => 0)

const coldReadShape = record({
  /** Bytes of old messages that the group read since they were counted anew. */
  coldAcc: zero,
  /** Milliseconds since 1970: of the last read of old messages, and of the first one of late. */
  lastColdReadTimeMills: zero,
  createTimeMills: zero,
})

const coldDataShape = record({
  /** Groups that read old messages of late. */
  runtimeTable: withDefault(nameTable(coldReadShape), () => new Map()),
  /** Bytes of old messages that a group may read at a time, where they were set for it. */
  configTable: withDefault(nameTable(long), () => new Map()),
  cgColdReadThreshold: zero,
  globalColdReadThreshold: zero,
  /** Bytes of old messages that all groups read since they were counted anew. */
  globalAcc: zero,
})

/** Who reads old messages, and how much of them may be read. */
export type ColdData = ShapeValue<typeof coldDataShape>

/** Response body of request 2003. */
export const coldDataBody = defineBody('ColdDataFlowCtrInfo', coldDataShape)
