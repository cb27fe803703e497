import { ProtocolError, type TopicConfig } from '@rocketmq-ts/protocol'

export interface CompactedTopicsParts {
  topics: {
    list(): ReadonlyMap<string, TopicConfig>
    get(topic: string): TopicConfig | undefined
    onChange(listener: (topics: readonly string[]) => void): void
  }
  store: { compact(topic: string): void }
}

/** Whether only the last message of each key is kept of a topic with these attributes. Batches have no key. */
export function isCompacted(attributes: ReadonlyMap<string, string>): boolean {
  return attributes.get('cleanup.policy') === 'COMPACTION' && attributes.get('queue.type') !== 'BatchCQ'
}

/** @throws ProtocolError for a topic that would have to keep the last batch of each key */
export function refuseCompactedBatches({ attributes }: TopicConfig): void {
  if (attributes.get('cleanup.policy') !== 'COMPACTION' || isCompacted(attributes)) return
  const remark = 'a topic with queue.type=BatchCQ cannot have cleanup.policy=COMPACTION: batches have no key'
  throw new ProtocolError('INVALID_PARAMETER', remark)
}

/** Has the topics compacted that are now, and that come. What a topic is in this respect does not change. */
export function compactTopics({ topics, store }: CompactedTopicsParts): void {
  const take = ({ topicName, attributes }: TopicConfig): void => {
    if (isCompacted(attributes)) store.compact(topicName)
  }
  for (const topic of topics.list().values()) take(topic)
  topics.onChange((names) => {
    for (const name of names) {
      const topic = topics.get(name)
      if (topic !== undefined) take(topic)
    }
  })
}
