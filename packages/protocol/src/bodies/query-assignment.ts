import { defineBody } from './body.ts'
import { messageModelShape, messageRequestModeShape } from './client-enums.ts'
import { messageQueueShape } from './message-queue.ts'
import { int, list, nameTable, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const queryAssignmentRequestShape = record({
  topic: optional(text),
  consumerGroup: optional(text),
  clientId: optional(text),
  /** `AVG`, `AVG_BY_CIRCLE`, `CONSISTENT_HASH`, ... */
  strategyName: optional(text),
  messageModel: optional(messageModelShape),
})

export type QueryAssignmentRequest = ShapeValue<typeof queryAssignmentRequestShape>

/** Request body of request 400. */
export const queryAssignmentRequestBody = defineBody('QueryAssignmentRequestBody', queryAssignmentRequestShape)

const queueAssignmentShape = record({
  messageQueue: optional(messageQueueShape),
  mode: withDefault(messageRequestModeShape, () => 'PULL' as const),
  attachments: optional(nameTable(text)),
})

/** A queue that the broker gives to a consumer. */
export type QueueAssignment = ShapeValue<typeof queueAssignmentShape>

const queryAssignmentResponseShape = record({
  /** Absent when the broker has nothing to say yet. */
  messageQueueAssignments: optional(list(queueAssignmentShape)),
})

export type QueryAssignmentResponse = ShapeValue<typeof queryAssignmentResponseShape>

/** Response body of request 400. */
export const queryAssignmentResponseBody = defineBody('QueryAssignmentResponseBody', queryAssignmentResponseShape)

const messageRequestModeSettingShape = record({
  topic: optional(text),
  consumerGroup: optional(text),
  mode: withDefault(messageRequestModeShape, () => 'PULL' as const),
  popShareQueueNum: withDefault(int, () => 0),
})

/** Whether a group pulls or pops a topic. */
export type MessageRequestModeSetting = ShapeValue<typeof messageRequestModeSettingShape>

/** Request body of request 401. */
export const messageRequestModeSettingBody = defineBody(
  'SetMessageRequestModeRequestBody',
  messageRequestModeSettingShape,
)

const messageRequestModeTableShape = record({
  /** Topic to group to setting. */
  messageRequestModeMap: withDefault(nameTable(nameTable(messageRequestModeSettingShape)), () => new Map()),
})

export type MessageRequestModeTable = ShapeValue<typeof messageRequestModeTableShape>

/** Response body of request 402; content of messageRequestMode.json. */
export const messageRequestModeTableBody = defineBody(
  'MessageRequestModeSerializeWrapper',
  messageRequestModeTableShape,
)
