import {
  batchAckRequestBody,
  checkClientBody,
  createTopicListBody,
  heartbeatBody,
  liteSubscriptionsBody,
  lockBatchRequestBody,
  messageRequestModeSettingBody,
  type QueueLockRequest,
  queryAssignmentRequestBody,
  subscriptionGroupConfigBody,
  subscriptionGroupListBody,
  unlockBatchRequestBody,
} from '@rocketmq-ts/protocol'
import { type Access, type Action, type Demand, namedInBody, onGroup, onTopic } from '@rocketmq-ts/remoting'

const sub: readonly Action[] = ['SUB']
const createIt: readonly Action[] = ['CREATE']
const updateIt: readonly Action[] = ['UPDATE']

/** Subscriptions of each consumer group. What a producer sends to is asked for at each send. */
export const heartbeatAccess: Access<never> = namedInBody((body) =>
  heartbeatBody
    .decode(body)
    .consumerDataSet.flatMap(({ groupName, subscriptionDataSet }) => [
      onGroup(groupName, sub),
      ...subscriptionDataSet.map(({ topic }) => onTopic(topic, sub)),
    ]),
)

function lockDemands({ consumerGroup, mqSet }: QueueLockRequest): Demand[] {
  const topics = new Set(mqSet.map(({ topic }) => topic))
  const onTopics = [...topics].map((topic) => onTopic(topic, sub))
  return consumerGroup === undefined ? onTopics : [onGroup(consumerGroup, sub), ...onTopics]
}

export const lockAccess: Access<never> = namedInBody((body) => lockDemands(lockBatchRequestBody.decode(body)))
export const unlockAccess: Access<never> = namedInBody((body) => lockDemands(unlockBatchRequestBody.decode(body)))

/** The subscription that a client is about to start with. A request without one asks for nothing. */
export const checkClientAccess: Access<never> = namedInBody((body) => {
  if (body.length === 0) return []
  const { group, subscriptionData } = checkClientBody.decode(body)
  const demands: Demand[] = []
  if (group !== undefined) demands.push(onGroup(group, sub))
  if (subscriptionData !== undefined) demands.push(onTopic(subscriptionData.topic, sub))
  return demands
})

/** The topic that a member of a group wants queues of. What it leaves out it is refused for later. */
export const queryAssignmentAccess: Access<never> = namedInBody((body) => {
  const { topic, consumerGroup } = queryAssignmentRequestBody.decode(body)
  const demands: Demand[] = []
  if (consumerGroup !== undefined) demands.push(onGroup(consumerGroup, sub))
  if (topic !== undefined) demands.push(onTopic(topic, sub))
  return demands
})

export const createTopicListAccess: Access<never> = namedInBody((body) =>
  createTopicListBody.decode(body).topicConfigList.map(({ topicName }) => onTopic(topicName, createIt)),
)

export const updateGroupAccess: Access<never> = namedInBody((body) => [
  onGroup(subscriptionGroupConfigBody.decode(body).groupName, createIt),
])

export const updateGroupListAccess: Access<never> = namedInBody((body) =>
  subscriptionGroupListBody.decode(body).groupConfigList.map(({ groupName }) => onGroup(groupName, createIt)),
)

/** The group and topic of each receipt. */
export const batchAckAccess: Access<never> = namedInBody((body) =>
  batchAckRequestBody.decode(body).acks.flatMap(({ c, t }) => [onGroup(c, sub), onTopic(t, sub)]),
)

/** The group and parent topic of each change. A request without a body changes nothing. */
export const liteSubscriptionAccess: Access<never> = namedInBody((body) => {
  if (body.length === 0) return []
  return liteSubscriptionsBody.decode(body).subscriptionSet.flatMap(({ group, topic }) => {
    const demands: Demand[] = []
    if (group !== undefined) demands.push(onGroup(group, sub))
    if (topic !== undefined) demands.push(onTopic(topic, sub))
    return demands
  })
})

/** The group and topic of which it is set how messages are got. */
export const requestModeAccess: Access<never> = namedInBody((body) => {
  const { topic, consumerGroup } = messageRequestModeSettingBody.decode(body)
  const demands: Demand[] = []
  if (consumerGroup !== undefined) demands.push(onGroup(consumerGroup, updateIt))
  if (topic !== undefined) demands.push(onTopic(topic, updateIt))
  return demands
})
