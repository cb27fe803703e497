import {
  type commands,
  type DataVersion,
  type TopicConfig,
  topicConfigAndMappingTableBody,
  withoutMappings,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { tablePage } from '../../configuration/index.ts'

export interface GetAllTopicConfigParts {
  topics: { readonly dataVersion: DataVersion; list(): ReadonlyMap<string, TopicConfig> }
}

/** GET_ALL_TOPIC_CONFIG: all topics, or a page of them. */
export function getAllTopicConfig(parts: GetAllTopicConfigParts): Handler<typeof commands.getAllTopicConfig> {
  return ({ topicSeq: from, maxTopicNum: countMax, dataVersion: version }) => {
    const { dataVersion } = parts.topics
    const topics = parts.topics.list()
    const topicConfigTable = tablePage(topics, dataVersion, { from, countMax, dataVersion: version })
    const table = withoutMappings({ dataVersion, topicConfigTable })
    return { header: { totalTopicNum: topics.size }, body: topicConfigAndMappingTableBody.encode(table) }
  }
}
