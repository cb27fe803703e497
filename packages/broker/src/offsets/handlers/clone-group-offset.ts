import type { Log } from '@rocketmq-ts/platform'
import type { commands, TopicConfig } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface CloneOffsetParts {
  log: Log
  topics: { get(topic: string): TopicConfig | undefined }
  offsets: { topicsOf(group: string): readonly string[]; copy(from: string, to: string, topic: string): void }
}

/** CLONE_GROUP_OFFSET: gives a group the offsets of another one, in one topic or in all. */
export function cloneGroupOffset(parts: CloneOffsetParts): Handler<typeof commands.cloneGroupOffset> {
  return ({ srcGroup, destGroup, topic }, call) => {
    const topics = topic === undefined || topic === '' ? parts.offsets.topicsOf(srcGroup) : [topic]
    for (const name of topics) {
      if (parts.topics.get(name) !== undefined) parts.offsets.copy(srcGroup, destGroup, name)
    }
    const fields = { group: destGroup, from: srcGroup, topics, peer: call.connection.remoteAddress }
    parts.log.info(fields, 'a group was given the offsets of another one')
    return {}
  }
}
