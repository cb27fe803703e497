/** Topics. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, optional, rpcFields, str, topicFields, withDefault } from '../fields.ts'

export const updateAndCreateTopic = defineCommand({
  code: 17,
  name: 'UPDATE_AND_CREATE_TOPIC',
  from: ['client'],
  to: ['broker'],
  request: {
    topic: str,
    defaultTopic: optional(str),
    readQueueNums: i32,
    writeQueueNums: i32,
    perm: i32,
    topicFilterType: str,
    topicSysFlag: optional(i32),
    order: withDefault(bool, false),
    attributes: optional(str),
    force: withDefault(bool, false),
    ...topicFields,
  },
  response: {},
})

export const updateAndCreateTopicList = defineCommand({
  code: 18,
  name: 'UPDATE_AND_CREATE_TOPIC_LIST',
  from: ['admin'],
  to: ['broker'],
  request: { ...rpcFields },
  response: {},
  requestBody: 'JSON CreateTopicListRequestBody {topicConfigList:[TopicConfig]}',
})

export const updateAndCreateStaticTopic = defineCommand({
  code: 513,
  name: 'UPDATE_AND_CREATE_STATIC_TOPIC',
  from: ['admin'],
  to: ['broker'],
  request: {
    topic: str,
    defaultTopic: optional(str),
    readQueueNums: i32,
    writeQueueNums: i32,
    perm: i32,
    topicFilterType: str,
    topicSysFlag: optional(i32),
    order: withDefault(bool, false),
    attributes: optional(str),
    force: withDefault(bool, false),
    ...topicFields,
  },
  response: {},
  requestBody: 'JSON TopicQueueMappingDetail',
})

export const getTopicConfig = defineCommand({
  code: 351,
  name: 'GET_TOPIC_CONFIG',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, ...topicFields },
  response: {},
  responseBody: 'JSON TopicConfigAndQueueMapping (TopicConfig + mappingDetail?)',
})

export const getAllTopicConfig = defineCommand({
  code: 21,
  name: 'GET_ALL_TOPIC_CONFIG',
  from: ['admin', 'broker'],
  to: ['broker'],
  request: { topicSeq: optional(i32), maxTopicNum: optional(i32), dataVersion: optional(str) },
  response: { totalTopicNum: optional(i32) },
  responseBody:
    'JSON TopicConfigAndMappingSerializeWrapper {topicConfigTable, dataVersion, topicQueueMappingInfoMap, topicQueueMappingDetailMap, mappingDataVersion}',
})

export const deleteTopicInBroker = defineCommand({
  code: 215,
  name: 'DELETE_TOPIC_IN_BROKER',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, ...topicFields },
  response: {},
})

export const getTopicStatsInfo = defineCommand({
  code: 202,
  name: 'GET_TOPIC_STATS_INFO',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, ...topicFields },
  response: {},
  responseBody: 'JSON TopicStatsTable {offsetTable{mq:{minOffset,maxOffset,lastUpdateTimestamp}}, topicPutTps}',
})

export const queryTopicConsumeByWho = defineCommand({
  code: 300,
  name: 'QUERY_TOPIC_CONSUME_BY_WHO',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, ...topicFields },
  response: {},
  responseBody: 'JSON GroupList {groupList[]}',
})

export const queryTopicsByConsumer = defineCommand({
  code: 343,
  name: 'QUERY_TOPICS_BY_CONSUMER',
  from: ['admin'],
  to: ['broker'],
  request: { group: str, ...rpcFields },
  response: {},
  responseBody: 'JSON TopicList {topicList[], brokerAddr?}',
})

export const getSystemTopicListFromBroker = defineCommand({
  code: 305,
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_BROKER',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON TopicList (TopicValidator system set)',
})

export const cleanUnusedTopic = defineCommand({
  code: 316,
  name: 'CLEAN_UNUSED_TOPIC',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
})
