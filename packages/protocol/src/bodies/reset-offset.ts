import { defineBody } from './body.ts'
import { messageQueueShape } from './message-queue.ts'
import { list, long, nameTable, objectTable, record, type Shape, type ShapeValue, withDefault } from './shape/index.ts'

const offsetsOfQueues = objectTable(messageQueueShape, long)
const listedOffset = record({ ...messageQueueShape.fields, offset: long })

const resetOffsetShape = record({
  /** Queues with the offset they are set to. */
  offsetTable: withDefault(tableOrList(), () => []),
})

/** Offsets that consumers are to continue from. */
export type ResetOffset = ShapeValue<typeof resetOffsetShape>

/** Request body of request 220, response body of 222: the table form. Both forms are read. */
export const resetOffsetBody = defineBody('ResetOffsetBody', resetOffsetShape)

const resetOffsetListShape = record({ offsetTable: withDefault(list(listedOffset), () => []) })

export type ResetOffsetList = ShapeValue<typeof resetOffsetListShape>

/** Request body of request 220 for clients in C++: the list form. */
export const resetOffsetListBody = defineBody('ResetOffsetBodyForC', resetOffsetListShape)

const consumerStatusShape = record({
  /** Queues with a client's offsets, in a client's answer (221). */
  messageQueueTable: withDefault(offsetsOfQueues, () => []),
  /** Client id to its queues with offsets, in a broker's answer (223). */
  consumerTable: withDefault(nameTable(offsetsOfQueues), () => new Map()),
})

export type ConsumerStatus = ShapeValue<typeof consumerStatusShape>

/** Response body of requests 221 and 223. */
export const consumerStatusBody = defineBody('GetConsumerStatusBody', consumerStatusShape)

/** Reads the form by its kind; writes the table form. */
function tableOrList(): typeof offsetsOfQueues {
  const listed: Shape<ShapeValue<typeof listedOffset>[]> = list(listedOffset)
  return {
    decode(value) {
      if (!Array.isArray(value)) return offsetsOfQueues.decode(value)
      return listed.decode(value).map(({ offset, ...queue }) => [queue, offset])
    },
    encode: (value) => offsetsOfQueues.encode(value),
  }
}
