import { defineBody } from './body.ts'
import { consumeFromWhereShape, consumeTypeShape, messageModelShape } from './client-enums.ts'
import { int, list, long, nameTable, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'
import { subscriptionDataShape } from './subscription-data.ts'

const connectionShape = record({
  clientId: optional(text),
  clientAddr: optional(text),
  /** Name of the client's language, such as `JAVA`. */
  language: optional(text),
  version: withDefault(int, () => 0),
})

/** One connected client. */
export type Connection = ShapeValue<typeof connectionShape>

const consumerConnectionShape = record({
  connectionSet: withDefault(list(connectionShape), () => []),
  subscriptionTable: withDefault(nameTable(subscriptionDataShape), () => new Map()),
  consumeType: optional(consumeTypeShape),
  messageModel: optional(messageModelShape),
  consumeFromWhere: optional(consumeFromWhereShape),
})

export type ConsumerConnection = ShapeValue<typeof consumerConnectionShape>

/** Response body of request 203. */
export const consumerConnectionBody = defineBody('ConsumerConnection', consumerConnectionShape)

const producerConnectionShape = record({ connectionSet: withDefault(list(connectionShape), () => []) })

export type ProducerConnection = ShapeValue<typeof producerConnectionShape>

/** Response body of request 204. */
export const producerConnectionBody = defineBody('ProducerConnection', producerConnectionShape)

const producerInfoShape = record({
  clientId: optional(text),
  /** Address with a leading slash, as Java prints a socket address. */
  remoteIP: optional(text),
  language: optional(text),
  version: withDefault(int, () => 0),
  /** Milliseconds since 1970. */
  lastUpdateTimestamp: withDefault(long, () => 0),
})

export type ProducerInfo = ShapeValue<typeof producerInfoShape>

const producerTableShape = record({ data: withDefault(nameTable(list(producerInfoShape)), () => new Map()) })

/** Producer groups with their clients. */
export type ProducerTable = ShapeValue<typeof producerTableShape>

/** Response body of request 328. */
export const producerTableBody = defineBody('ProducerTableInfo', producerTableShape)
