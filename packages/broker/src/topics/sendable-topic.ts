import type { TopicConfig } from '@rocketmq-ts/protocol'
import type { TopicMemo } from '@rocketmq-ts/storage'
import type { TopicCounters } from '../statistics/index.ts'

/** A topic that may be sent to, with what else each of its messages needs: found together, by one lookup. */
export interface SendableTopic extends TopicMemo {
  readonly config: TopicConfig
  /** For the statistics; undefined at first. */
  counters: TopicCounters | undefined
}

export function sendableTopic(config: TopicConfig): SendableTopic {
  return { topic: config.topicName, queues: undefined, config, counters: undefined }
}
