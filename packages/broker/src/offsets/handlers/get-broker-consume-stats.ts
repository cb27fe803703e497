import {
  BodyInParts,
  type ConsumeStats,
  type commands,
  consumeStatsListBody,
  consumeStatsOfGroupBody,
  type SubscriptionGroupConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LoopShare } from '../../loop-share.ts'
import { type ConsumeProgressParts, consumeProgress } from '../consume-progress.ts'
import { isLeft, type Subscriptions } from '../left-topics.ts'

export interface BrokerConsumeStatsParts extends ConsumeProgressParts {
  walks: LoopShare
  brokerAddress: string
  groups: { list(): ReadonlyMap<string, SubscriptionGroupConfig> }
  consumers: { subscriptionsOf(group: string): Subscriptions | undefined }
}

/**
 * GET_BROKER_CONSUME_STATS: the progress of all groups, or of those that consume in order. Topics that the members of a group no
 * longer subscribe to are left out, and so are light queues, to which nobody subscribes.
 */
export function getBrokerConsumeStats(parts: BrokerConsumeStatsParts): Handler<typeof commands.getBrokerConsumeStats> {
  return async ({ isOrder }) => {
    const total = { brokerAddr: parts.brokerAddress, totalDiff: 0, totalInflightDiff: 0 }
    const whole = (consumeStatsList: Map<string, ConsumeStats[]>[]) => ({ ...total, consumeStatsList })
    const body = new BodyInParts(consumeStatsListBody, 'consumeStatsList', whole)
    for (const group of [...parts.groups.list().keys()]) {
      const table = (stats: ConsumeStats[]) => new Map([[group, stats]])
      const ofGroup = new BodyInParts(consumeStatsOfGroupBody, group, table)
      const online = parts.consumers.subscriptionsOf(group)
      await parts.walks.forEach(parts.offsets.topicsOf(group), (topic) => {
        if (isLeft(topic, online) || (isOrder && parts.topics.get(topic)?.order !== true)) return
        const stats = consumeProgress(parts, group, topic)
        if (stats === undefined) return
        for (const [, progress] of stats.offsetTable) {
          // This answer tells nothing of what was only pulled.
          progress.pullOffset = 0
          total.totalDiff += progress.brokerOffset - progress.consumerOffset
          total.totalInflightDiff += progress.pullOffset - progress.consumerOffset
        }
        ofGroup.add(stats)
      })
      body.addEncoded(ofGroup.end())
    }
    return { body: body.end() }
  }
}
