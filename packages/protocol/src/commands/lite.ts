/** Lite topics (5.5). */
import { defineCommand } from '../define-command.ts'
import { i32, optional, rpcFields, str, withDefault } from '../fields.ts'

export const liteSubscriptionCtl = defineCommand({
  code: 200071,
  name: 'LITE_SUBSCRIPTION_CTL',
  from: ['client', 'proxy'],
  to: ['broker'],
  request: { ...rpcFields },
  response: {},
  requestBody: 'JSON LiteSubscriptionCtlRequestBody',
})

export const ackLiteMessage = defineCommand({
  code: 200072,
  name: 'ACK_LITE_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const notifyUnsubscribeLite = defineCommand({
  code: 200073,
  name: 'NOTIFY_UNSUBSCRIBE_LITE',
  from: ['broker'],
  to: ['client', 'proxy'],
  request: { liteTopic: str, consumerGroup: str, clientId: str, ...rpcFields },
  response: {},
})

export const getBrokerLiteInfo = defineCommand({
  code: 200074,
  name: 'GET_BROKER_LITE_INFO',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody:
    'JSON GetBrokerLiteInfoResponseBody {storeType,maxLmqNum,currentLmqNum,liteSubscriptionCount,orderInfoCount,cqTableSize,offsetTableSize,eventMapSize,topicMeta{},groupMeta{}}',
})

export const getParentTopicInfo = defineCommand({
  code: 200075,
  name: 'GET_PARENT_TOPIC_INFO',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str },
  response: {},
  responseBody: 'JSON {topic,ttl,groups[],lmqNum,liteTopicCount}',
})

export const getLiteTopicInfo = defineCommand({
  code: 200076,
  name: 'GET_LITE_TOPIC_INFO',
  from: ['admin'],
  to: ['broker'],
  request: { parentTopic: optional(str), liteTopic: optional(str) },
  response: {},
  responseBody: 'JSON {parentTopic,liteTopic,subscriber[{clientId,group}],topicOffset,shardingToBroker}',
})

export const getLiteClientInfo = defineCommand({
  code: 200077,
  name: 'GET_LITE_CLIENT_INFO',
  from: ['admin'],
  to: ['broker'],
  request: {
    parentTopic: optional(str),
    group: optional(str),
    clientId: optional(str),
    maxCount: withDefault(i32, 1000),
  },
  response: {},
  responseBody: 'JSON {parentTopic,group,clientId,lastAccessTime,lastConsumeTime,liteTopicCount,liteTopicSet[]}',
})

export const getLiteGroupInfo = defineCommand({
  code: 200078,
  name: 'GET_LITE_GROUP_INFO',
  from: ['admin'],
  to: ['broker'],
  request: { group: str, liteTopic: optional(str), topK: optional(i32) },
  response: {},
  responseBody:
    'JSON {group,parentTopic,liteTopic,earliestUnconsumedTimestamp,totalLagCount,liteTopicOffsetWrapper,lagCountTopK[],lagTimestampTopK[]}',
})

export const triggerLiteDispatch = defineCommand({
  code: 200079,
  name: 'TRIGGER_LITE_DISPATCH',
  from: ['admin'],
  to: ['broker'],
  request: { group: str, clientId: optional(str) },
  response: {},
})
