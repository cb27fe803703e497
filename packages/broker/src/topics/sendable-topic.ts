import type { TopicConfig } from '@rocketmq-ts/protocol'
import { TopicHandle } from '@rocketmq-ts/storage'
import type { StaticTopic } from '../static-topics/static-topic.ts'
import type { TopicCounters } from '../statistics/index.ts'
import { isCompacted } from './compacted-topics.ts'
import { queueTypeIn } from './queue-types.ts'

/** A topic that may be sent to, with what else each of its messages needs: found together, by one lookup. */
export class SendableTopic extends TopicHandle {
  readonly config: TopicConfig
  /** Whether each message must have a key: the last one of each is kept. */
  readonly needsKey: boolean
  /** For the statistics; undefined at first. */
  counters: TopicCounters | undefined
  /** Whether batches are stored whole. */
  readonly isOfBatches: boolean
  /** Where the messages of a static topic go; undefined for an ordinary one. */
  readonly mapping: StaticTopic | undefined

  constructor(config: TopicConfig, mapping?: StaticTopic) {
    super(config.topicName)
    this.config = config
    this.needsKey = isCompacted(config.attributes)
    this.counters = undefined
    this.isOfBatches = queueTypeIn(config) === 'BatchCQ'
    this.mapping = mapping
  }
}
