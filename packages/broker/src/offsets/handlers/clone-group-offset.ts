import type { Log } from '@rocketmq-ts/platform'
import type { commands, TopicConfig } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { checkNotOwnProgress } from '../../groups/index.ts'
import type { Walks } from '../../loop-share.ts'
import { isLeft, type Subscriptions } from '../left-topics.ts'

export interface CloneOffsetParts {
  log: Log
  topics: { get(topic: string): TopicConfig | undefined }
  walks: Walks
  offsets: {
    topicsOf(group: string): Iterable<string>
    copy(from: string, to: string, topic: string): void
    written(): Promise<void>
  }
  consumers: { subscriptionsOf(group: string): Subscriptions | undefined }
}

/** Topics that the log line names; of light queues there may be very many. */
const namedMax = 100

/**
 * CLONE_GROUP_OFFSET: gives a group the offsets of another one, in one topic or in all. Topics that the members of the
 * other group no longer subscribe to are left out, unless `offline` asks for them.
 */
export function cloneGroupOffset(parts: CloneOffsetParts): Handler<typeof commands.cloneGroupOffset> {
  return async ({ srcGroup, destGroup, topic, offline }, call) => {
    checkNotOwnProgress(destGroup)
    const online = offline === true ? undefined : parts.consumers.subscriptionsOf(srcGroup)
    const asked = topic === undefined || topic === '' ? parts.offsets.topicsOf(srcGroup) : [topic]
    const topics: string[] = []
    let topicCount = 0
    await parts.walks.forEach(asked, (name) => {
      if (parts.topics.get(name) === undefined || isLeft(name, online)) return
      parts.offsets.copy(srcGroup, destGroup, name)
      if (topicCount++ < namedMax) topics.push(name)
    })
    const fields = { group: destGroup, from: srcGroup, topicCount, topics, peer: call.connection.remoteAddress }
    parts.log.info(fields, 'a group was given the offsets of another one')
    await parts.offsets.written()
    return {}
  }
}
