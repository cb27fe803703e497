import type { QueueType, SyncedWithLog } from '@rocketmq-ts/storage'
import type { Identity } from '../identity.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { LiveSettings } from '../live-settings.ts'
import type { QueueOffsets } from '../offsets/queue-offsets.ts'
import type { MappingTable } from '../static-topics/mapping-table.ts'
import { logReservedMs } from '../store-options.ts'
import { compactTopics } from './compacted-topics.ts'
import { cleanUnusedTopic } from './handlers/clean-unused-topic.ts'
import { deleteTopicInBroker } from './handlers/delete-topic-in-broker.ts'
import { getAllTopicConfig } from './handlers/get-all-topic-config.ts'
import { getSystemTopicListFromBroker } from './handlers/get-system-topic-list-from-broker.ts'
import { getTopicConfig } from './handlers/get-topic-config.ts'
import { getTopicStatsInfo } from './handlers/get-topic-stats-info.ts'
import { updateAndCreateTopic } from './handlers/update-and-create-topic.ts'
import { updateAndCreateTopicList } from './handlers/update-and-create-topic-list.ts'
import type { TopicQueueTypes } from './queue-types.ts'
import { TopicReserves } from './topic-reserves.ts'
import { TopicTable } from './topic-table.ts'

export interface TopicsParts {
  config: KeptFolder
  /** The static topics. */
  mappings: MappingTable
  identity: Identity
  liveSettings: LiveSettings
  store: QueueOffsets & {
    topicsWithQueues(): ReadonlySet<string>
    removeTopic(topic: string): void
    queueTypesInFiles(topic: string): readonly QueueType[]
    compact(topic: string): void
    syncWithLog(table: SyncedWithLog): void
  }
  /** Told the table, once there is one. */
  queueTypes: Pick<TopicQueueTypes, 'follow'>
  counters: { topicPutTps(topic: string): number; removeTopic(topic: string): void }
  /** Resolves when the name servers know what changed. */
  whenRegistered(): Promise<void>
  /** Resolves when the progress of groups that was removed is gone for good. */
  whenProgressRemoved(deleted: readonly string[]): Promise<void>
}

/** The topics of the broker: what they are, and making, changing and deleting them. */
export function createTopics(parts: TopicsParts) {
  const { config, mappings, liveSettings, store, counters, whenRegistered, whenProgressRemoved } = parts
  const { log } = config
  const { clusterName, brokerName } = parts.identity
  const topics = new TopicTable({
    config,
    clusterName,
    brokerName,
    mappings,
    queueTypesInFiles: (topic) => store.queueTypesInFiles(topic),
    removeQueues: (topic) => store.removeTopic(topic),
    settings: () => liveSettings.current,
  })
  parts.queueTypes.follow(topics)
  liveSettings.onChange((changedKeys) => topics.settingsChanged(changedKeys))
  // A message that is confirmed as synced can be read after a failure of the power: its topic, made for it, is there.
  store.syncWithLog(topics)
  mappings.dropUnknown((topic) => topics.get(topic) !== undefined)
  topics.onDelete((topic) => {
    mappings.delete(topic)
    counters.removeTopic(topic)
  })
  compactTopics({ topics, store })
  return {
    table: topics,
    reserves: new TopicReserves({ log, topics, logReservedMs: () => logReservedMs(liveSettings.current) }),
    handlers: {
      updateAndCreateTopic: updateAndCreateTopic({ topics, whenRegistered }),
      updateAndCreateTopicList: updateAndCreateTopicList({ topics, whenRegistered }),
      getTopicConfig: getTopicConfig({ topics, mappings }),
      getAllTopicConfig: getAllTopicConfig({ topics, mappings }),
      deleteTopicInBroker: deleteTopicInBroker({ topics, mappings, whenProgressRemoved }),
      getTopicStatsInfo: getTopicStatsInfo({
        brokerName,
        topics,
        store,
        putTps: (topic) => counters.topicPutTps(topic),
      }),
      getSystemTopicListFromBroker: getSystemTopicListFromBroker({ topics }),
      cleanUnusedTopic: cleanUnusedTopic({ topics, store, whenProgressRemoved }),
    },
    close() {
      topics.close()
      mappings.close()
    },
    stats: () => ({ topics: topics.size, staticTopics: mappings.size }),
  }
}
