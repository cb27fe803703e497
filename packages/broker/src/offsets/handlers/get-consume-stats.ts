import { BodyInParts, type commands, consumeStatsBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { Walks } from '../../loop-share.ts'
import { type ConsumeProgressParts, consumeProgress } from '../consume-progress.ts'
import { isLeft, type Subscriptions } from '../left-topics.ts'

export interface ConsumeStatsParts extends ConsumeProgressParts {
  walks: Walks
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
  return async ({ consumerGroup, topic, topicList }) => {
    const online = parts.consumers.subscriptionsOf(consumerGroup)
    const topics = topicsAskedFor(topic, topicList) ?? parts.offsets.topicsOf(consumerGroup)
    const body = new BodyInParts(consumeStatsBody, 'offsetTable', (offsetTable) => ({ consumeTps: 0, offsetTable }))
    let consumeTps = 0
    await parts.walks.forEach(topics, (name) => {
      if (isLeft(name, online)) return
      const noOffset = parts.mappings.get(name) === undefined ? 0 : -1
      const stats = consumeProgress(parts, consumerGroup, name, noOffset)
      if (stats === undefined) return
      consumeTps += stats.consumeTps
      for (const progress of stats.offsetTable) body.add(progress)
    })
    return { body: body.end({ consumeTps, offsetTable: [] }) }
  }
}

/** Undefined when all are meant. */
function topicsAskedFor(topic: string | undefined, topicList: string | undefined): readonly string[] | undefined {
  if (topic !== undefined && topic !== '') return [topic]
  const listed = (topicList ?? '').split(';').filter((name) => name !== '')
  return listed.length > 0 ? listed : undefined
}
