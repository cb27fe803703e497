import {
  dataVersionBody,
  type TopicConfig,
  type TopicConfigTable,
  topicConfigBody,
  topicConfigTableBody,
  type Writable,
} from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'
import { tableFilePieces } from '../configuration/index.ts'

/**
 * Reads config/topics.json, or the copy of it before its last change.
 * @throws Error when neither can be used
 */
export function readTopicFile(file: ConfigFile): TopicConfigTable | undefined {
  return file.load((text) => topicConfigTableBody.parse(text))
}

/** The content of config/topics.json (wire formats, section 6), in pieces; of the table as it is now. */
export function topicFilePieces({ dataVersion, topicConfigTable }: TopicConfigTable): Iterable<string> {
  return tableFilePieces([
    { name: 'dataVersion', value: dataVersionBody.toWritable(dataVersion) },
    // A topic that changes is another object then.
    { name: 'topicConfigTable', entries: writableTopics([...topicConfigTable]) },
  ])
}

function* writableTopics(topics: readonly [string, TopicConfig][]): Iterable<[string, Writable]> {
  for (const [name, topic] of topics) yield [name, topicConfigBody.toWritable(topic)]
}
