/** POP consumption. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, rpcFields, str, topicFields, withDefault } from '../fields.ts'

export const queryAssignment = defineCommand({
  code: 400,
  name: 'QUERY_ASSIGNMENT',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'JSON QueryAssignmentRequestBody',
  responseBody: 'JSON {messageQueueAssignments:[{messageQueue, mode:"PULL"|"POP", attachments?}]}',
})

export const setMessageRequestMode = defineCommand({
  code: 401,
  name: 'SET_MESSAGE_REQUEST_MODE',
  from: ['client', 'admin'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'JSON SetMessageRequestModeRequestBody {topic, consumerGroup, mode, popShareQueueNum}',
})

export const popMessage = defineCommand({
  code: 200050,
  name: 'POP_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: {
    consumerGroup: str,
    topic: str,
    queueId: i32,
    maxMsgNums: i32,
    invisibleTime: i64,
    pollTime: i64,
    bornTime: i64,
    initMode: i32,
    expType: optional(str),
    exp: optional(str),
    order: withDefault(bool, false),
    attemptId: optional(str),
    ...topicFields,
  },
  response: {
    popTime: i64,
    invisibleTime: i64,
    reviveQid: i32,
    restNum: i64,
    startOffsetInfo: optional(str),
    msgOffsetInfo: optional(str),
    orderCountInfo: optional(str),
  },
  responseBody: 'commit-log records',
})

export const ackMessage = defineCommand({
  code: 200051,
  name: 'ACK_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: {
    consumerGroup: str,
    topic: str,
    queueId: i32,
    extraInfo: str,
    offset: i64,
    liteTopic: optional(str),
    ...topicFields,
  },
  response: {},
})

export const batchAckMessage = defineCommand({
  code: 200151,
  name: 'BATCH_ACK_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'JSON BatchAckMessageRequestBody {brokerName, acks[BatchAck]}',
})

export const changeMessageInvisibletime = defineCommand({
  code: 200053,
  name: 'CHANGE_MESSAGE_INVISIBLETIME',
  from: ['client'],
  to: ['broker'],
  request: {
    consumerGroup: str,
    topic: str,
    queueId: i32,
    extraInfo: str,
    offset: i64,
    invisibleTime: i64,
    liteTopic: optional(str),
    suspend: withDefault(bool, false),
    ...topicFields,
  },
  response: { popTime: i64, invisibleTime: i64, reviveQid: i32 },
})

export const notification = defineCommand({
  code: 200054,
  name: 'NOTIFICATION',
  from: ['client'],
  to: ['broker'],
  request: {
    consumerGroup: str,
    topic: str,
    queueId: i32,
    pollTime: i64,
    bornTime: i64,
    order: withDefault(bool, false),
    attemptId: optional(str),
    expType: optional(str),
    exp: optional(str),
    ...topicFields,
  },
  response: { hasMsg: withDefault(bool, false), pollingFull: withDefault(bool, false) },
})

export const pollingInfo = defineCommand({
  code: 200055,
  name: 'POLLING_INFO',
  from: ['client'],
  to: ['broker'],
  request: { consumerGroup: str, topic: str, queueId: i32, ...topicFields },
  response: { pollingNum: i32 },
})

export const getAllMessageRequestMode = defineCommand({
  code: 402,
  name: 'GET_ALL_MESSAGE_REQUEST_MODE',
  from: ['broker'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON messageRequestMode.json content',
})

export const popRollback = defineCommand({
  code: 200056,
  name: 'POP_ROLLBACK',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
})

export const popLiteMessage = defineCommand({
  code: 200070,
  name: 'POP_LITE_MESSAGE',
  from: ['client', 'proxy'],
  to: ['broker'],
  request: {
    clientId: str,
    consumerGroup: str,
    topic: str,
    maxMsgNum: i32,
    invisibleTime: i64,
    pollTime: i64,
    bornTime: i64,
    attemptId: optional(str),
    ...rpcFields,
  },
  response: {
    popTime: i64,
    invisibleTime: i64,
    reviveQid: i32,
    startOffsetInfo: optional(str),
    msgOffsetInfo: optional(str),
    orderCountInfo: optional(str),
  },
  responseBody: 'records',
})
