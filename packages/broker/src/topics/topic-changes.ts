import {
  type DataVersion,
  dataVersionBody,
  stringifyStandard,
  type TopicConfig,
  topicConfigBody,
} from '@rocketmq-ts/protocol'

/** What changed in a topic table, and the version that it has since. */
export interface TopicChange {
  dataVersion: DataVersion
  set: TopicConfig[]
  removed: string[]
}

export function formatTopicChange({ dataVersion, set, removed }: TopicChange): string {
  return stringifyStandard({
    dataVersion: dataVersionBody.toWritable(dataVersion),
    set: set.map((topic) => topicConfigBody.toWritable(topic)),
    removed,
  })
}

/** @throws Error when the line is no such change */
export function parseTopicChange(line: string): TopicChange {
  const { dataVersion, set, removed } = JSON.parse(line) as Record<keyof TopicChange, unknown>
  return {
    dataVersion: dataVersionBody.parse(JSON.stringify(dataVersion)),
    set: (set as unknown[]).map((topic) => topicConfigBody.parse(JSON.stringify(topic))),
    removed: removed as string[],
  }
}
