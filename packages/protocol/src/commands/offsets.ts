/** Offsets and consumption statistics. */
import { defineCommand } from '../define-command.ts'
import { bool, boundary, i32, i64, optional, rpcFields, str, topicFields, withDefault } from '../fields.ts'

export const queryConsumerOffset = defineCommand({
  code: 14,
  name: 'QUERY_CONSUMER_OFFSET',
  from: ['client'],
  to: ['broker'],
  request: { consumerGroup: str, topic: str, queueId: i32, setZeroIfNotFound: optional(bool), ...topicFields },
  response: { offset: i64 },
})

export const updateConsumerOffset = defineCommand({
  code: 15,
  name: 'UPDATE_CONSUMER_OFFSET',
  from: ['client'],
  to: ['broker'],
  request: { consumerGroup: str, topic: str, queueId: i32, commitOffset: i64, ...topicFields },
  response: {},
})

export const searchOffsetByTimestamp = defineCommand({
  code: 29,
  name: 'SEARCH_OFFSET_BY_TIMESTAMP',
  from: ['client'],
  to: ['broker'],
  request: {
    topic: str,
    liteTopic: optional(str),
    queueId: i32,
    timestamp: i64,
    boundaryType: optional(boundary),
    ...topicFields,
  },
  response: { offset: i64 },
})

export const getMaxOffset = defineCommand({
  code: 30,
  name: 'GET_MAX_OFFSET',
  from: ['client'],
  to: ['broker'],
  request: { topic: str, queueId: i32, committed: withDefault(bool, true), ...topicFields },
  response: { offset: i64 },
})

export const getMinOffset = defineCommand({
  code: 31,
  name: 'GET_MIN_OFFSET',
  from: ['client'],
  to: ['broker'],
  request: { topic: str, queueId: i32, ...topicFields },
  response: { offset: i64 },
})

export const getEarliestMsgStoretime = defineCommand({
  code: 32,
  name: 'GET_EARLIEST_MSG_STORETIME',
  from: ['client'],
  to: ['broker'],
  request: { topic: str, queueId: i32, ...topicFields },
  response: { timestamp: i64 },
})

export const getConsumeStats = defineCommand({
  code: 208,
  name: 'GET_CONSUME_STATS',
  from: ['admin'],
  to: ['broker'],
  request: { consumerGroup: str, topic: optional(str), topicList: optional(str), ...topicFields },
  response: {},
  responseBody: 'JSON ConsumeStats',
})

export const getBrokerConsumeStats = defineCommand({
  code: 317,
  name: 'GET_BROKER_CONSUME_STATS',
  from: ['admin'],
  to: ['broker'],
  request: { isOrder: withDefault(bool, false) },
  response: {},
  responseBody:
    'JSON ConsumeStatsList {consumeStatsList[{group:[ConsumeStats]}], brokerAddr, totalDiff, totalInflightDiff}',
})

export const queryConsumeTimeSpan = defineCommand({
  code: 303,
  name: 'QUERY_CONSUME_TIME_SPAN',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, group: str, ...topicFields },
  response: {},
  responseBody:
    'JSON {consumeTimeSpanSet:[{messageQueue,minTimeStamp,maxTimeStamp,consumeTimeStamp,delayTime + *Str}]}',
})

export const queryCorrectionOffset = defineCommand({
  code: 308,
  name: 'QUERY_CORRECTION_OFFSET',
  from: ['admin'],
  to: ['broker'],
  request: { filterGroups: optional(str), compareGroup: str, topic: str, ...topicFields },
  response: {},
  responseBody: 'JSON {correctionOffsets{queueId:offset}}',
})

export const invokeBrokerToResetOffset = defineCommand({
  code: 222,
  name: 'INVOKE_BROKER_TO_RESET_OFFSET',
  from: ['admin'],
  to: ['broker'],
  request: {
    group: str,
    topic: str,
    queueId: withDefault(i32, -1),
    offset: optional(i64),
    /** Needed where there is no offset. */
    timestamp: optional(i64),
    isForce: withDefault(bool, false),
    ...topicFields,
  },
  response: {},
  responseBody: 'JSON ResetOffsetBody',
})

export const invokeBrokerToGetConsumerStatus = defineCommand({
  code: 223,
  name: 'INVOKE_BROKER_TO_GET_CONSUMER_STATUS',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, group: str, clientAddr: optional(str), ...topicFields },
  response: {},
  responseBody: 'JSON GetConsumerStatusBody {consumerTable{clientId:{mq:offset}}}',
})

export const cloneGroupOffset = defineCommand({
  code: 314,
  name: 'CLONE_GROUP_OFFSET',
  from: ['admin'],
  to: ['broker'],
  request: { srcGroup: str, destGroup: str, topic: optional(str), offline: optional(bool), ...rpcFields },
  response: {},
})

export const queryConsumeQueue = defineCommand({
  code: 321,
  name: 'QUERY_CONSUME_QUEUE',
  from: ['admin'],
  to: ['broker'],
  request: {
    topic: optional(str),
    queueId: optional(i32),
    index: optional(i64),
    count: optional(i32),
    consumerGroup: optional(str),
    ...topicFields,
  },
  response: {},
  responseBody:
    'JSON QueryConsumeQueueResponseBody {subscriptionData?, filterData?, queueData[{physicOffset,physicSize,tagsCode,extendDataJson,bitMap,eval,msg}], maxQueueIndex, minQueueIndex}',
})
