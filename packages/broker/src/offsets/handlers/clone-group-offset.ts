import type { Log } from '@rocketmq-ts/platform'
import type { commands, TopicConfig } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { checkNotOwnProgress } from '../../groups/index.ts'
import { isLeft, type Subscriptions } from '../left-topics.ts'

export interface CloneOffsetParts {
  log: Log
  topics: { get(topic: string): TopicConfig | undefined }
  offsets: {
    topicsOf(group: string): readonly string[]
    copy(from: string, to: string, topic: string): void
    written(): Promise<void>
  }
  consumers: { subscriptionsOf(group: string): Subscriptions | undefined }
}

/**
 * CLONE_GROUP_OFFSET: gives a group the offsets of another one, in one topic or in all. Topics that the members of the
 * other group no longer subscribe to are left out, unless `offline` asks for them.
 */
export function cloneGroupOffset(parts: CloneOffsetParts): Handler<typeof commands.cloneGroupOffset> {
  return async ({ srcGroup, destGroup, topic, offline }, call) => {
    checkNotOwnProgress(destGroup)
    const online = offline === true ? undefined : parts.consumers.subscriptionsOf(srcGroup)
    const asked = topic === undefined || topic === '' ? parts.offsets.topicsOf(srcGroup) : [topic]
    const topics = asked.filter((name) => parts.topics.get(name) !== undefined && !isLeft(name, online))
    for (const name of topics) parts.offsets.copy(srcGroup, destGroup, name)
    const fields = { group: destGroup, from: srcGroup, topics, peer: call.connection.remoteAddress }
    parts.log.info(fields, 'a group was given the offsets of another one')
    await parts.offsets.written()
    return {}
  }
}
