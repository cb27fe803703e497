import {
  type ConsumerData,
  newTagSubscription,
  ProtocolError,
  type SubscriptionData,
  type SubscriptionGroupConfig,
  TagExpressionError,
} from '@rocketmq-ts/protocol'
import { isByTags } from '../filters/is-by-tags.ts'

/** What members of a group told in their heartbeats. */
export interface GroupSubscriptions {
  messageModel: ConsumerData['messageModel']
  subscription(topic: string): SubscriptionData | undefined
}

export interface PullSubscriptionHeader {
  topic: string
  consumerGroup: string
  sysFlag: number
  subscription?: string | undefined
  subVersion: number
  expressionType?: string | undefined
}

const subscriptionInHeader = 4

/**
 * What a pull wants of its topic: by its own header, or by what the group's heartbeats subscribed to.
 * @throws ProtocolError when it is malformed, unknown, newer than the heartbeat's, or not allowed
 */
export function pullSubscription(
  header: PullSubscriptionHeader,
  config: SubscriptionGroupConfig,
  group: GroupSubscriptions | undefined,
): SubscriptionData {
  return isInHeader(header) ? inHeader(header) : fromHeartbeats(header, config, group)
}

/** Whether a pull tells by itself what it wants. */
export function isInHeader({ sysFlag }: Pick<PullSubscriptionHeader, 'sysFlag'>): boolean {
  return (sysFlag & subscriptionInHeader) !== 0
}

function inHeader(header: PullSubscriptionHeader): SubscriptionData {
  const { topic, subscription = '*', subVersion, expressionType } = header
  if (expressionType !== undefined && !isByTags({ expressionType })) {
    return { ...newTagSubscription(topic, '*', subVersion), subString: subscription, expressionType }
  }
  try {
    return newTagSubscription(topic, subscription, subVersion)
  } catch (error) {
    if (!(error instanceof TagExpressionError)) throw error
    throw new ProtocolError('SUBSCRIPTION_PARSE_FAILED', `parse the consumer's subscription failed: ${error.message}`)
  }
}

function fromHeartbeats(
  header: PullSubscriptionHeader,
  config: SubscriptionGroupConfig,
  group: GroupSubscriptions | undefined,
): SubscriptionData {
  const { topic, consumerGroup } = header
  if (group === undefined) {
    const remark = `the consumer's group info not exist: group ${consumerGroup} sent no heartbeat to this broker`
    throw new ProtocolError('SUBSCRIPTION_NOT_EXIST', remark)
  }
  if (!config.consumeBroadcastEnable && group.messageModel === 'BROADCASTING') {
    throw new ProtocolError('NO_PERMISSION', `the consumer group[${consumerGroup}] can not consume by broadcast way`)
  }
  const subscription = group.subscription(topic)
  if (subscription === undefined) {
    const remark = `the consumer's subscription not exist: group ${consumerGroup} did not subscribe to ${topic}`
    throw new ProtocolError('SUBSCRIPTION_NOT_EXIST', remark)
  }
  if (subscription.subString === undefined) {
    const remark = `the subscription of group ${consumerGroup} to ${topic} has no subString: send "*" for all messages`
    throw new ProtocolError('SYSTEM_ERROR', remark)
  }
  if (subscription.subVersion < header.subVersion) {
    const remark = `the consumer's subscription not latest: the heartbeat's is ${subscription.subVersion}, the pull's ${header.subVersion}`
    throw new ProtocolError('SUBSCRIPTION_NOT_LATEST', remark)
  }
  return subscription
}
