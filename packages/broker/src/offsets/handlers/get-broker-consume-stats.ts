import {
  BodyInParts,
  type ConsumeStats,
  type commands,
  consumeStatsListBody,
  consumeStatsOfGroupBody,
  type SubscriptionGroupConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { Walks } from '../../loop-share.ts'
import { type ConsumeProgressParts, consumeProgress } from '../consume-progress.ts'
import { isLeft, type Subscriptions } from '../left-topics.ts'

type GroupInParts = BodyInParts<Map<string, ConsumeStats[]>, ConsumeStats>

export interface BrokerConsumeStatsParts extends ConsumeProgressParts {
  walks: Walks
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
    const addTo = (ofGroup: GroupInParts, group: string, topic: string): void => {
      if (isOrder && parts.topics.get(topic)?.order !== true) return
      const stats = consumeProgress(parts, group, topic)
      if (stats === undefined) return
      for (const [, progress] of stats.offsetTable) {
        // This answer tells nothing of what was only pulled.
        progress.pullOffset = 0
        total.totalDiff += progress.brokerOffset - progress.consumerOffset
        total.totalInflightDiff += progress.pullOffset - progress.consumerOffset
      }
      ofGroup.add(stats)
    }
    // One walk for all groups: it is a long one when all of them together are.
    const steps = function* (): Generator<() => void> {
      for (const group of [...parts.groups.list().keys()]) {
        const ofGroup: GroupInParts = new BodyInParts(
          consumeStatsOfGroupBody,
          group,
          (stats) => new Map([[group, stats]]),
        )
        const online = parts.consumers.subscriptionsOf(group)
        for (const topic of parts.offsets.topicsOf(group)) {
          yield () => {
            if (!isLeft(topic, online)) addTo(ofGroup, group, topic)
          }
        }
        yield () => body.addEncoded(ofGroup.end())
      }
    }
    await parts.walks.forEach(steps(), (step) => step())
    return { body: body.end() }
  }
}
