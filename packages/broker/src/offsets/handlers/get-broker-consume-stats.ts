import {
  type ConsumeStats,
  type commands,
  consumeStatsListBody,
  type SubscriptionGroupConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type ConsumeProgressParts, consumeProgress } from '../consume-progress.ts'

export interface BrokerConsumeStatsParts extends ConsumeProgressParts {
  brokerAddress: string
  groups: { list(): ReadonlyMap<string, SubscriptionGroupConfig> }
}

/** GET_BROKER_CONSUME_STATS: the progress of all groups, or of those that consume in order. */
export function getBrokerConsumeStats(parts: BrokerConsumeStatsParts): Handler<typeof commands.getBrokerConsumeStats> {
  return ({ isOrder }) => {
    let totalDiff = 0
    let totalInflightDiff = 0
    const consumeStatsList: Map<string, ConsumeStats[]>[] = []
    for (const group of parts.groups.list().keys()) {
      const ofGroup: ConsumeStats[] = []
      for (const topic of parts.offsets.topicsOf(group)) {
        if (isOrder && parts.topics.get(topic)?.order !== true) continue
        const stats = consumeProgress(parts, group, topic)
        if (stats === undefined) continue
        for (const [, progress] of stats.offsetTable) {
          // This answer tells nothing of what was only pulled.
          progress.pullOffset = 0
          totalDiff += progress.brokerOffset - progress.consumerOffset
          totalInflightDiff += progress.pullOffset - progress.consumerOffset
        }
        ofGroup.push(stats)
      }
      consumeStatsList.push(new Map([[group, ofGroup]]))
    }
    const list = { brokerAddr: parts.brokerAddress, consumeStatsList, totalDiff, totalInflightDiff }
    return { body: consumeStatsListBody.encode(list) }
  }
}
