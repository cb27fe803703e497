/** Commands that store messages, and replies to requests. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, rpcFields, str, topicFields, withDefault } from '../fields.ts'

/** The one-letter names of a send header (V2), which save bytes and parsing on the hot path. */
const sendLetters = {
  producerGroup: 'a',
  topic: 'b',
  defaultTopic: 'c',
  defaultTopicQueueNums: 'd',
  queueId: 'e',
  sysFlag: 'f',
  bornTimestamp: 'g',
  flag: 'h',
  properties: 'i',
  reconsumeTimes: 'j',
  unitMode: 'k',
  maxReconsumeTimes: 'l',
  batch: 'm',
  brokerName: 'n',
} as const

/** What a request says of the message in its body. Only a topic that is made for it needs its default topic. */
const messageFields = {
  producerGroup: optional(str),
  topic: str,
  defaultTopic: withDefault(str, ''),
  defaultTopicQueueNums: withDefault(i32, 0),
  queueId: i32,
  sysFlag: i32,
  bornTimestamp: i64,
  flag: i32,
  properties: optional(str),
  reconsumeTimes: optional(i32),
  unitMode: optional(bool),
  batch: optional(bool),
  maxReconsumeTimes: optional(i32),
  ...topicFields,
} as const

/** The second version also names the broker that it is for. */
const messageFieldsV2 = { ...messageFields, brokerName: optional(str) } as const

/** Where a message was stored. */
const storedFields = {
  msgId: str,
  queueId: i32,
  queueOffset: i64,
  transactionId: optional(str),
  batchUniqId: optional(str),
  recallHandle: optional(str),
  MSG_REGION: optional(str),
  TRACE_ON: optional(bool),
} as const

export const sendMessage = defineCommand({
  code: 10,
  name: 'SEND_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: messageFields,
  response: storedFields,
  requestBody: 'message body bytes',
})

export const sendMessageV2 = defineCommand({
  code: 310,
  name: 'SEND_MESSAGE_V2',
  from: ['client'],
  to: ['broker'],
  request: messageFieldsV2,
  response: storedFields,
  requestWireNames: sendLetters,
  requestBody: 'message body bytes',
})

export const sendBatchMessage = defineCommand({
  code: 320,
  name: 'SEND_BATCH_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: messageFieldsV2,
  response: storedFields,
  requestWireNames: sendLetters,
  requestBody:
    'concatenated batch encoding: total size, 0, 0, flag, body length, body, properties length, properties for each message',
})

export const sendReplyMessage = defineCommand({
  code: 324,
  name: 'SEND_REPLY_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: messageFields,
  response: storedFields,
  requestBody: 'reply body',
})

export const sendReplyMessageV2 = defineCommand({
  code: 325,
  name: 'SEND_REPLY_MESSAGE_V2',
  from: ['client'],
  to: ['broker'],
  request: messageFieldsV2,
  response: storedFields,
  requestWireNames: sendLetters,
  requestBody: 'reply body',
})

export const pushReplyMessageToClient = defineCommand({
  code: 326,
  name: 'PUSH_REPLY_MESSAGE_TO_CLIENT',
  from: ['broker'],
  to: ['client'],
  request: {
    producerGroup: str,
    topic: str,
    defaultTopic: str,
    defaultTopicQueueNums: i32,
    queueId: i32,
    sysFlag: i32,
    bornTimestamp: i64,
    flag: i32,
    properties: optional(str),
    reconsumeTimes: optional(i32),
    unitMode: withDefault(bool, false),
    bornHost: str,
    storeHost: str,
    storeTimestamp: i64,
    ...topicFields,
  },
  response: {},
  requestBody: 'reply body (may be compressed per sysFlag)',
})

export const consumerSendMsgBack = defineCommand({
  code: 36,
  name: 'CONSUMER_SEND_MSG_BACK',
  from: ['client'],
  to: ['broker'],
  request: {
    offset: i64,
    group: str,
    delayLevel: i32,
    originMsgId: optional(str),
    originTopic: optional(str),
    unitMode: withDefault(bool, false),
    maxReconsumeTimes: optional(i32),
    ...rpcFields,
  },
  response: {},
})

export const recallMessage = defineCommand({
  code: 370,
  name: 'RECALL_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: { producerGroup: optional(str), topic: str, recallHandle: str, ...topicFields },
  response: { msgId: str, MSG_REGION: optional(str) },
})
