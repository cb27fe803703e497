import {
  type commands,
  type DataVersion,
  type TopicConfig,
  topicConfigAndMappingTableBody,
  withoutMappings,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface GetAllTopicConfigParts {
  topics: { readonly dataVersion: DataVersion; list(): ReadonlyMap<string, TopicConfig> }
}

/** GET_ALL_TOPIC_CONFIG */
export function getAllTopicConfig(parts: GetAllTopicConfigParts): Handler<typeof commands.getAllTopicConfig> {
  return () => {
    const { dataVersion } = parts.topics
    const topicConfigTable = new Map(parts.topics.list())
    const table = withoutMappings({ dataVersion, topicConfigTable })
    return { header: { totalTopicNum: topicConfigTable.size }, body: topicConfigAndMappingTableBody.encode(table) }
  }
}
