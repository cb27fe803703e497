/** Consumer groups. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, optional, rpcFields, str, topicFields, withDefault } from '../fields.ts'

export const updateAndCreateSubscriptiongroup = defineCommand({
  code: 200,
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'JSON SubscriptionGroupConfig',
})

export const updateAndCreateSubscriptiongroupList = defineCommand({
  code: 225,
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'JSON SubscriptionGroupList {groupConfigList:[]}',
})

export const getAllSubscriptiongroupConfig = defineCommand({
  code: 201,
  name: 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG',
  from: ['admin', 'broker'],
  to: ['broker'],
  request: { groupSeq: optional(i32), maxGroupNum: optional(i32), dataVersion: optional(str) },
  response: { totalGroupNum: i32 },
  responseBody: 'JSON SubscriptionGroupWrapper {subscriptionGroupTable, forbiddenTable, dataVersion}',
})

export const getSubscriptiongroupConfig = defineCommand({
  code: 352,
  name: 'GET_SUBSCRIPTIONGROUP_CONFIG',
  from: ['admin'],
  to: ['broker'],
  request: { group: str, ...rpcFields },
  response: {},
  responseBody: 'JSON SubscriptionGroupConfig',
})

export const deleteSubscriptiongroup = defineCommand({
  code: 207,
  name: 'DELETE_SUBSCRIPTIONGROUP',
  from: ['admin'],
  to: ['broker'],
  request: { groupName: str, cleanOffset: withDefault(bool, false), ...rpcFields },
  response: {},
})

export const updateAndGetGroupForbidden = defineCommand({
  code: 353,
  name: 'UPDATE_AND_GET_GROUP_FORBIDDEN',
  from: ['admin'],
  to: ['broker'],
  request: { group: str, topic: str, readable: optional(bool), ...topicFields },
  response: {},
  responseBody: 'JSON GroupForbidden {topic, group, readable}',
})

export const querySubscriptionByConsumer = defineCommand({
  code: 345,
  name: 'QUERY_SUBSCRIPTION_BY_CONSUMER',
  from: ['admin'],
  to: ['broker'],
  request: { group: str, topic: optional(str), ...topicFields },
  response: {},
  responseBody: 'JSON QuerySubscriptionResponseBody {group, topic, subscriptionData?}',
})
