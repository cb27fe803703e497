import { type commands, querySubscriptionBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { GroupSubscriptions } from '../../reading/pull-subscription.ts'

export interface SubscriptionParts {
  consumers: { subscriptionsOf(group: string): GroupSubscriptions | undefined }
}

/** QUERY_SUBSCRIPTION_BY_CONSUMER: what a group's members subscribe to of a topic. */
export function querySubscriptionByConsumer(
  parts: SubscriptionParts,
): Handler<typeof commands.querySubscriptionByConsumer> {
  return ({ group, topic }) => {
    const subscriptionData =
      topic === undefined ? undefined : parts.consumers.subscriptionsOf(group)?.subscription(topic)
    return { body: querySubscriptionBody.encode({ group, topic, subscriptionData }) }
  }
}
