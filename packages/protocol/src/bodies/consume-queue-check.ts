import { defineBody } from './body.ts'
import { int, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const consumeQueueCheckShape = record({
  checkResult: optional(text),
  /** 0: both are alike, 1: they are not, 2: it is being found out, 3: it could not be found out. */
  checkStatus: withDefault(int, () => 0),
})

/** Whether consume queues in files and in RocksDB are alike. */
export type ConsumeQueueCheck = ShapeValue<typeof consumeQueueCheckShape>

/** Response body of request 354. */
export const consumeQueueCheckBody = defineBody('CheckRocksdbCqWriteResult', consumeQueueCheckShape)
