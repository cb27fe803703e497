import type { SubscriptionGroupConfig } from '@rocketmq-ts/protocol'

/** Ordinal of V3_4_9: clients before it send a maxReconsumeTimes that they do not mean. */
const firstVersionThatMeansIt = 121

/**
 * How often a group is given a message again.
 * @param asked of the request, undefined when it leaves that to the group
 * @param clientVersion ordinal of the version that the request names
 */
export function redeliveriesMax(
  asked: number | undefined,
  clientVersion: number,
  config: SubscriptionGroupConfig,
): number {
  return asked === undefined || clientVersion < firstVersionThatMeansIt ? config.retryMaxTimes : asked
}
