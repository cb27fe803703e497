import {
  type commands,
  type DataVersion,
  type TopicConfig,
  type TopicQueueMappingDetail,
  topicConfigAndMappingTableBody,
  withoutMappings,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { tablePage } from '../../configuration/index.ts'

export interface GetAllTopicConfigParts {
  topics: { readonly dataVersion: DataVersion; list(): ReadonlyMap<string, TopicConfig> }
  mappings: {
    readonly dataVersion: DataVersion
    details(topics: Iterable<string>): Map<string, TopicQueueMappingDetail>
  }
}

/** GET_ALL_TOPIC_CONFIG: all topics, or a page of them, with this broker's parts of static topics. */
export function getAllTopicConfig(parts: GetAllTopicConfigParts): Handler<typeof commands.getAllTopicConfig> {
  return ({ topicSeq: from, maxTopicNum: countMax, dataVersion: version }) => {
    const { dataVersion } = parts.topics
    const topics = parts.topics.list()
    const topicConfigTable = tablePage(topics, dataVersion, { from, countMax, dataVersion: version })
    const table = {
      ...withoutMappings({ dataVersion, topicConfigTable }),
      mappingDataVersion: parts.mappings.dataVersion,
      topicQueueMappingDetailMap: parts.mappings.details(topicConfigTable.keys()),
    }
    return { header: { totalTopicNum: topics.size }, body: topicConfigAndMappingTableBody.encode(table) }
  }
}
