import { type commands, consumeStatsBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type ConsumeProgressParts, consumeProgress } from '../consume-progress.ts'
import { isLeft, type Subscriptions } from '../left-topics.ts'

export interface ConsumeStatsParts extends ConsumeProgressParts {
  consumers: { subscriptionsOf(group: string): Subscriptions | undefined }
  /** The static topics. */
  mappings: { get(topic: string): unknown }
}

/**
 * GET_CONSUME_STATS: a group's progress in one topic, in a list of them, or in all that it has offsets in. Topics that the
 * group's members no longer subscribe to are left out. In a queue of a static topic no offset is -1: the group may have one
 * in another part of the same logical queue.
 */
export function getConsumeStats(parts: ConsumeStatsParts): Handler<typeof commands.getConsumeStats> {
  return ({ consumerGroup, topic, topicList }) => {
    const online = parts.consumers.subscriptionsOf(consumerGroup)
    const stats = topicsAskedFor(topic, topicList, () => parts.offsets.topicsOf(consumerGroup))
      .filter((name) => !isLeft(name, online))
      .flatMap(
        (name) => consumeProgress(parts, consumerGroup, name, parts.mappings.get(name) === undefined ? 0 : -1) ?? [],
      )
    return {
      body: consumeStatsBody.encode({
        consumeTps: stats.reduce((sum, { consumeTps }) => sum + consumeTps, 0),
        offsetTable: stats.flatMap(({ offsetTable }) => offsetTable),
      }),
    }
  }
}

function topicsAskedFor(
  topic: string | undefined,
  topicList: string | undefined,
  all: () => readonly string[],
): readonly string[] {
  if (topic !== undefined && topic !== '') return [topic]
  const listed = (topicList ?? '').split(';').filter((name) => name !== '')
  return listed.length > 0 ? listed : all()
}
