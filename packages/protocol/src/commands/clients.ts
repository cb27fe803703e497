/** Clients: heartbeats, members of groups, queue locks, questions relayed to a client. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, rpcFields, str, topicFields, withDefault } from '../fields.ts'

export const heartBeat = defineCommand({
  code: 34,
  name: 'HEART_BEAT',
  from: ['client'],
  to: ['broker'],
  request: { ...rpcFields },
  response: { IS_SUPPORT_HEART_BEAT_V2: optional(bool), IS_SUB_CHANGE: optional(bool) },
  requestBody: 'JSON HeartbeatData',
})

export const unregisterClient = defineCommand({
  code: 35,
  name: 'UNREGISTER_CLIENT',
  from: ['client'],
  to: ['broker'],
  request: { clientID: optional(str), producerGroup: optional(str), consumerGroup: optional(str), ...rpcFields },
  response: {},
})

export const checkClientConfig = defineCommand({
  code: 46,
  name: 'CHECK_CLIENT_CONFIG',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'JSON CheckClientRequestBody {clientId, group, subscriptionData, namespace?}',
})

export const getConsumerListByGroup = defineCommand({
  code: 38,
  name: 'GET_CONSUMER_LIST_BY_GROUP',
  from: ['client'],
  to: ['broker'],
  request: { consumerGroup: str, ...rpcFields },
  response: {},
  responseBody: 'JSON {consumerIdList:[clientId]}',
})

export const notifyConsumerIdsChanged = defineCommand({
  code: 40,
  name: 'NOTIFY_CONSUMER_IDS_CHANGED',
  from: ['broker'],
  to: ['client'],
  request: { consumerGroup: str, ...rpcFields },
  response: {},
})

export const lockBatchMq = defineCommand({
  code: 41,
  name: 'LOCK_BATCH_MQ',
  from: ['client'],
  to: ['broker'],
  request: { ...rpcFields },
  response: {},
  requestBody: 'JSON LockBatchRequestBody {consumerGroup, clientId, onlyThisBroker, mqSet[]}',
  responseBody: 'JSON {lockOKMQSet:[mq]}',
})

export const unlockBatchMq = defineCommand({
  code: 42,
  name: 'UNLOCK_BATCH_MQ',
  from: ['client'],
  to: ['broker'],
  request: { ...rpcFields },
  response: {},
  requestBody: 'JSON UnlockBatchRequestBody (same fields)',
})

export const resetConsumerClientOffset = defineCommand({
  code: 220,
  name: 'RESET_CONSUMER_CLIENT_OFFSET',
  from: ['broker'],
  to: ['client'],
  request: {
    group: str,
    topic: str,
    queueId: withDefault(i32, -1),
    offset: optional(i64),
    timestamp: i64,
    isForce: bool,
    ...topicFields,
  },
  response: {},
  requestBody: 'JSON ResetOffsetBody {offsetTable{mq:offset}} (list form for C++)',
})

export const getConsumerStatusFromClient = defineCommand({
  code: 221,
  name: 'GET_CONSUMER_STATUS_FROM_CLIENT',
  from: ['broker'],
  to: ['client'],
  request: { topic: str, group: str, clientAddr: optional(str), ...topicFields },
  response: {},
  responseBody: 'JSON {messageQueueTable{mq:offset}}',
})

export const getConsumerRunningInfo = defineCommand({
  code: 307,
  name: 'GET_CONSUMER_RUNNING_INFO',
  from: ['admin', 'broker'],
  to: ['broker', 'client'],
  request: { consumerGroup: str, clientId: str, jstackEnable: optional(bool), ...rpcFields },
  response: {},
  responseBody:
    'JSON ConsumerRunningInfo {properties, subscriptionSet, mqTable{mq:ProcessQueueInfo}, mqPopTable, statusTable{topic:ConsumeStatus}, userConsumerInfo, jstack?}',
})

export const consumeMessageDirectly = defineCommand({
  code: 309,
  name: 'CONSUME_MESSAGE_DIRECTLY',
  from: ['admin', 'broker'],
  to: ['broker', 'client'],
  request: {
    consumerGroup: str,
    clientId: optional(str),
    msgId: optional(str),
    brokerName: optional(str),
    topic: optional(str),
    topicSysFlag: optional(i32),
    groupSysFlag: optional(i32),
    ...topicFields,
  },
  response: {},
  requestBody: 'broker attaches the message record (by offsetMsgId) when relaying',
  responseBody: 'JSON ConsumeMessageDirectlyResult {order, autoCommit, consumeResult CR_*, remark?, spentTimeMills}',
})

export const getConsumerConnectionList = defineCommand({
  code: 203,
  name: 'GET_CONSUMER_CONNECTION_LIST',
  from: ['admin'],
  to: ['broker'],
  request: { consumerGroup: str, ...rpcFields },
  response: {},
  responseBody:
    'JSON ConsumerConnection {connectionSet[{clientId,clientAddr,language,version}], subscriptionTable, consumeType, messageModel, consumeFromWhere}',
})

export const getProducerConnectionList = defineCommand({
  code: 204,
  name: 'GET_PRODUCER_CONNECTION_LIST',
  from: ['admin'],
  to: ['broker'],
  request: { producerGroup: str, ...rpcFields },
  response: {},
  responseBody: 'JSON ProducerConnection {connectionSet}',
})

export const getAllProducerInfo = defineCommand({
  code: 328,
  name: 'GET_ALL_PRODUCER_INFO',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON ProducerTableInfo {data{group:[{clientId,remoteIP,language,version,lastUpdateTimestamp}]}}',
})
