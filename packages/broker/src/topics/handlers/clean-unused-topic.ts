import { type commands, isLightQueue, type TopicConfig } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface CleanUnusedTopicParts {
  topics: { get(topic: string): TopicConfig | undefined }
  store: { topicsWithQueues(): ReadonlySet<string>; removeTopic(topic: string): void }
}

/** CLEAN_UNUSED_TOPIC: deletes the queues of topics that do not exist. Light queues are no topics. */
export function cleanUnusedTopic(parts: CleanUnusedTopicParts): Handler<typeof commands.cleanUnusedTopic> {
  return () => {
    const { topics, store } = parts
    for (const topic of store.topicsWithQueues()) {
      if (topics.get(topic) === undefined && !isLightQueue(topic)) store.removeTopic(topic)
    }
    return {}
  }
}
