/** Commands that read messages. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, str, topicFields, withDefault } from '../fields.ts'

/** What a pull asks for. */
const pullFields = {
  consumerGroup: str,
  topic: str,
  liteTopic: optional(str),
  queueId: i32,
  queueOffset: i64,
  maxMsgNums: i32,
  sysFlag: i32,
  /** Needed where sysFlag asks to commit it. */
  commitOffset: optional(i64),
  /** Needed where sysFlag asks to wait. */
  suspendTimeoutMillis: optional(i64),
  subscription: optional(str),
  subVersion: withDefault(i64, 0),
  expressionType: optional(str),
  maxMsgBytes: optional(i32),
  requestSource: optional(i32),
  proxyFrowardClientId: optional(str),
  ...topicFields,
} as const

/** Where a pull stands in its queue. */
const pulledFields = {
  suggestWhichBrokerId: i64,
  nextBeginOffset: i64,
  minOffset: i64,
  maxOffset: i64,
  offsetDelta: optional(i64),
  topicSysFlag: optional(i32),
  groupSysFlag: optional(i32),
  forbiddenType: optional(i32),
} as const

export const pullMessage = defineCommand({
  code: 11,
  name: 'PULL_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: pullFields,
  response: pulledFields,
  responseBody: 'found messages: commit-log records back to back',
})

export const litePullMessage = defineCommand({
  code: 361,
  name: 'LITE_PULL_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: pullFields,
  response: pulledFields,
  responseBody: 'as 11',
})

export const viewMessageById = defineCommand({
  code: 33,
  name: 'VIEW_MESSAGE_BY_ID',
  from: ['client'],
  to: ['broker'],
  request: { topic: optional(str), offset: i64 },
  response: {},
  responseBody: 'one commit-log record',
})

export const queryMessage = defineCommand({
  code: 12,
  name: 'QUERY_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: {
    topic: str,
    key: str,
    maxNum: i32,
    beginTimestamp: i64,
    endTimestamp: i64,
    indexType: optional(str),
    lastKey: optional(str),
    _UNIQUE_KEY_QUERY: optional(bool),
    ...topicFields,
  },
  response: { indexLastUpdateTimestamp: i64, indexLastUpdatePhyoffset: i64 },
  responseBody: 'commit-log records back to back',
})

export const peekMessage = defineCommand({
  code: 200052,
  name: 'PEEK_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: { topic: str, queueId: i32, maxMsgNums: i32, consumerGroup: str, ...topicFields },
  response: {
    popTime: i64,
    invisibleTime: i64,
    reviveQid: i32,
    restNum: i64,
    startOffsetInfo: optional(str),
    msgOffsetInfo: optional(str),
    orderCountInfo: optional(str),
  },
  responseBody: 'records',
})
