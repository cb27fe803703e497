import {
  dataVersionBody,
  type SubscriptionGroupConfig,
  type SubscriptionGroupTable,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
  type Writable,
} from '@rocketmq-ts/protocol'
import { tableFilePieces } from '../kept/index.ts'

/**
 * Reads the content of config/subscriptionGroup.json.
 * @throws BodyError when it is something else
 */
export function readGroupFile(text: string): SubscriptionGroupTable {
  return subscriptionGroupTableBody.parse(text)
}

/** The content of config/subscriptionGroup.json, in pieces; of the table as it is now. */
export function groupFilePieces(table: SubscriptionGroupTable): Iterable<string> {
  const { dataVersion, forbiddenTable, subscriptionGroupTable } = table
  const forbidden = [...forbiddenTable].map(([group, topics]): [string, Writable] => [group, new Map(topics)])
  return tableFilePieces([
    { name: 'dataVersion', value: dataVersionBody.toWritable(dataVersion) },
    { name: 'forbiddenTable', entries: forbidden },
    // A group that changes is another object then.
    { name: 'subscriptionGroupTable', entries: writableGroups([...subscriptionGroupTable]) },
  ])
}

function* writableGroups(groups: readonly [string, SubscriptionGroupConfig][]): Iterable<[string, Writable]> {
  for (const [name, group] of groups) yield [name, subscriptionGroupConfigBody.toWritable(group)]
}
