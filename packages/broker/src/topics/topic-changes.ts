import {
  type DataVersion,
  dataVersionBody,
  stringifyStandard,
  type TopicConfig,
  topicConfigBody,
} from '@rocketmq-ts/protocol'
import { bodyIn, changeFields, listIn, textIn } from '../kept/index.ts'

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

/** @throws BodyError when the line is no such change */
export function parseTopicChange(line: string): TopicChange {
  const fields = changeFields(line)
  return {
    dataVersion: bodyIn(dataVersionBody, fields.dataVersion),
    set: listIn(fields, 'set').map((topic) => bodyIn(topicConfigBody, topic)),
    removed: listIn(fields, 'removed').map((topic) => textIn('removed', topic)),
  }
}
