/** Commands to the name server. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, str, topicFields, withDefault } from '../fields.ts'

export const getRouteinfoByTopic = defineCommand({
  code: 105,
  name: 'GET_ROUTEINFO_BY_TOPIC',
  from: ['client', 'broker', 'proxy'],
  to: ['name-server'],
  request: { topic: str, acceptStandardJsonOnly: optional(bool), ...topicFields },
  response: {},
  responseBody:
    'JSON TopicRouteData {orderTopicConf?, queueDatas[], brokerDatas[], filterServerTable, topicQueueMappingByBroker?}',
})

export const getBrokerClusterInfo = defineCommand({
  code: 106,
  name: 'GET_BROKER_CLUSTER_INFO',
  from: ['client', 'admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody:
    'JSON ClusterInfo {brokerAddrTable{brokerName:BrokerData}, clusterAddrTable{cluster:[brokerName]}} (unquoted int keys)',
})

export const deleteTopicInNamesrv = defineCommand({
  code: 216,
  name: 'DELETE_TOPIC_IN_NAMESRV',
  from: ['admin'],
  to: ['name-server'],
  request: { topic: str, clusterName: optional(str), ...topicFields },
  response: {},
})

export const registerTopicInNamesrv = defineCommand({
  code: 217,
  name: 'REGISTER_TOPIC_IN_NAMESRV',
  from: ['broker', 'admin'],
  to: ['name-server'],
  request: { topic: str, ...topicFields },
  response: {},
  requestBody: 'JSON TopicRouteData',
})

export const getAllTopicListFromNameserver = defineCommand({
  code: 206,
  name: 'GET_ALL_TOPIC_LIST_FROM_NAMESERVER',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody: 'JSON TopicList',
})

export const getTopicsByCluster = defineCommand({
  code: 224,
  name: 'GET_TOPICS_BY_CLUSTER',
  from: ['admin'],
  to: ['name-server'],
  request: { cluster: str },
  response: {},
  responseBody: 'JSON TopicList',
})

export const getSystemTopicListFromNs = defineCommand({
  code: 304,
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_NS',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody: 'JSON TopicList {topicList = clusters+brokers names, brokerAddr}',
})

export const getUnitTopicList = defineCommand({
  code: 311,
  name: 'GET_UNIT_TOPIC_LIST',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody: 'JSON TopicList',
})

export const getHasUnitSubTopicList = defineCommand({
  code: 312,
  name: 'GET_HAS_UNIT_SUB_TOPIC_LIST',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody: 'JSON TopicList',
})

export const getHasUnitSubUnunitTopicList = defineCommand({
  code: 313,
  name: 'GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody: 'JSON TopicList',
})

export const putKvConfig = defineCommand({
  code: 100,
  name: 'PUT_KV_CONFIG',
  from: ['admin'],
  to: ['name-server'],
  request: { namespace: str, key: str, value: str },
  response: {},
})

export const getKvConfig = defineCommand({
  code: 101,
  name: 'GET_KV_CONFIG',
  from: ['client', 'admin'],
  to: ['name-server'],
  request: { namespace: str, key: str },
  response: { value: optional(str) },
})

export const deleteKvConfig = defineCommand({
  code: 102,
  name: 'DELETE_KV_CONFIG',
  from: ['admin'],
  to: ['name-server'],
  request: { namespace: str, key: str },
  response: {},
})

export const getKvlistByNamespace = defineCommand({
  code: 219,
  name: 'GET_KVLIST_BY_NAMESPACE',
  from: ['admin'],
  to: ['name-server'],
  request: { namespace: str },
  response: {},
  responseBody: 'JSON KVTable',
})

export const wipeWritePermOfBroker = defineCommand({
  code: 205,
  name: 'WIPE_WRITE_PERM_OF_BROKER',
  from: ['admin'],
  to: ['name-server'],
  request: { brokerName: str },
  response: { wipeTopicCount: i32 },
})

export const addWritePermOfBroker = defineCommand({
  code: 327,
  name: 'ADD_WRITE_PERM_OF_BROKER',
  from: ['admin'],
  to: ['name-server'],
  request: { brokerName: str },
  response: { addTopicCount: i32 },
})

export const updateNamesrvConfig = defineCommand({
  code: 318,
  name: 'UPDATE_NAMESRV_CONFIG',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  requestBody: 'properties text',
})

export const getNamesrvConfig = defineCommand({
  code: 319,
  name: 'GET_NAMESRV_CONFIG',
  from: ['admin'],
  to: ['name-server'],
  request: {},
  response: {},
  responseBody: 'properties text',
})

export const registerBroker = defineCommand({
  code: 103,
  name: 'REGISTER_BROKER',
  from: ['broker'],
  to: ['name-server'],
  request: {
    brokerName: str,
    brokerAddr: str,
    clusterName: str,
    haServerAddr: str,
    brokerId: i64,
    heartbeatTimeoutMillis: optional(i64),
    enableActingMaster: optional(bool),
    compressed: optional(bool),
    bodyCrc32: withDefault(i32, 0),
  },
  response: { haServerAddr: optional(str), masterAddr: optional(str) },
  requestBody:
    'RegisterBrokerBody {topicConfigSerializeWrapper, filterServerList} JSON or compressed: zlib of lengths and parts',
  responseBody: 'JSON KVTable of ORDER_TOPIC_CONFIG when returnOrderTopicConfigToBroker',
})

export const unregisterBroker = defineCommand({
  code: 104,
  name: 'UNREGISTER_BROKER',
  from: ['broker'],
  to: ['name-server'],
  request: { brokerName: str, brokerAddr: str, clusterName: str, brokerId: i64 },
  response: {},
})

export const queryDataVersion = defineCommand({
  code: 322,
  name: 'QUERY_DATA_VERSION',
  from: ['broker'],
  to: ['name-server'],
  request: { brokerName: str, brokerAddr: str, clusterName: str, brokerId: i64 },
  response: { changed: bool },
  requestBody: 'JSON DataVersion',
  responseBody: 'JSON DataVersion of namesrv',
})

export const getBrokerMemberGroup = defineCommand({
  code: 901,
  name: 'GET_BROKER_MEMBER_GROUP',
  from: ['broker'],
  to: ['name-server'],
  request: { clusterName: str, brokerName: str },
  response: {},
  responseBody: 'JSON {brokerMemberGroup:{cluster,brokerName,brokerAddrs{id:addr}}}',
})
