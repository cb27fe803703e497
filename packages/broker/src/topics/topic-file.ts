import {
  dataVersionBody,
  type TopicConfig,
  type TopicConfigTable,
  topicConfigBody,
  topicConfigTableBody,
  type Writable,
} from '@rocketmq-ts/protocol'
import { tableFilePieces } from '../kept/index.ts'
import { formatTopicChange, parseTopicChange } from './topic-changes.ts'

/**
 * Reads the content of config/topics.json.
 * @throws BodyError when it is something else
 */
export function readTopicFile(text: string): TopicConfigTable {
  return topicConfigTableBody.parse(text)
}

/** The files that topics are kept in, and how they are read. */
export const topicFiles = {
  file: 'topics.json',
  parse: readTopicFile,
  journal: {
    file: 'topics.journal',
    versionOf: ({ dataVersion }: TopicConfigTable) => dataVersion,
    format: formatTopicChange,
    parse: parseTopicChange,
  },
} as const

/** The content of config/topics.json, in pieces; of the table as it is now. */
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
