import { type commands, isLightQueue, type TopicConfig } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface CleanUnusedTopicParts {
  topics: {
    get(topic: string): TopicConfig | undefined
    isSystem(topic: string): boolean
    delete(topic: string, peer: string): boolean
  }
  store: { topicsWithQueues(): ReadonlySet<string>; removeTopic(topic: string): void }
  /** Resolves when the progress of groups in them is gone for good. */
  whenProgressRemoved(deleted: readonly string[]): Promise<void>
}

/**
 * CLEAN_UNUSED_TOPIC: deletes the queues of topics that do not exist, and the offsets of groups in them: one that is made
 * under such a name begins at 0. Light queues are no topics.
 */
export function cleanUnusedTopic(parts: CleanUnusedTopicParts): Handler<typeof commands.cleanUnusedTopic> {
  return async (_header, call) => {
    const { topics, store } = parts
    const deleted: string[] = []
    for (const topic of store.topicsWithQueues()) {
      if (topics.get(topic) !== undefined || isLightQueue(topic)) continue
      if (topics.isSystem(topic)) store.removeTopic(topic)
      else {
        topics.delete(topic, call.connection.remoteAddress)
        deleted.push(topic)
      }
    }
    await parts.whenProgressRemoved(deleted)
    return {}
  }
}
