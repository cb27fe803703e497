import {
  type DataVersion,
  formatConfigJson,
  type TopicConfig,
  type TopicConfigTable,
  topicConfigTableBody,
} from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'

/**
 * Reads config/topics.json, or the copy of it before its last change.
 * @throws Error when neither can be used
 */
export function readTopicFile(file: ConfigFile): TopicConfigTable | undefined {
  return file.load((text) => topicConfigTableBody.parse(text))
}

/** @throws the file system's errors */
export function writeTopicFile(
  file: ConfigFile,
  dataVersion: DataVersion,
  topicConfigTable: ReadonlyMap<string, TopicConfig>,
): void {
  const table = { dataVersion, topicConfigTable: topicConfigTable as Map<string, TopicConfig> }
  file.save(formatConfigJson(topicConfigTableBody.toWritable(table)))
}
