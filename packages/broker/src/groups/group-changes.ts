import {
  type DataVersion,
  dataVersionBody,
  type JsonValue,
  type SubscriptionGroupConfig,
  stringifyStandard,
  subscriptionGroupConfigBody,
} from '@rocketmq-ts/protocol'
import { bodyIn, changeFields, integerIn, listIn, pairIn, textIn } from '../kept/index.ts'

/** What changed in a group table, and the version that it has since. */
export interface GroupChange {
  dataVersion: DataVersion
  set: SubscriptionGroupConfig[]
  removed: string[]
  /** All that the groups concerned are forbidden now: topic to bits. */
  forbidden: Map<string, Map<string, number>>
}

export function formatGroupChange({ dataVersion, set, removed, forbidden }: GroupChange): string {
  return stringifyStandard({
    dataVersion: dataVersionBody.toWritable(dataVersion),
    set: set.map((group) => subscriptionGroupConfigBody.toWritable(group)),
    removed,
    forbidden: [...forbidden].map(([group, topics]) => [group, [...topics]]),
  })
}

/** @throws BodyError when the line is no such change */
export function parseGroupChange(line: string): GroupChange {
  const fields = changeFields(line)
  return {
    dataVersion: bodyIn(dataVersionBody, fields.dataVersion),
    set: listIn(fields, 'set').map((group) => bodyIn(subscriptionGroupConfigBody, group)),
    removed: listIn(fields, 'removed').map((group) => textIn('removed', group)),
    forbidden: new Map(listIn(fields, 'forbidden').map(forbiddenOfGroup)),
  }
}

function forbiddenOfGroup(entry: JsonValue): [group: string, topics: Map<string, number>] {
  const [group, topics] = pairIn('forbidden', entry)
  return [group, new Map(listIn({ forbidden: topics }, 'forbidden').map(bitsOfTopic))]
}

function bitsOfTopic(entry: JsonValue): [topic: string, bits: number] {
  const [topic, bits] = pairIn('forbidden', entry)
  return [topic, integerIn('forbidden', bits)]
}
