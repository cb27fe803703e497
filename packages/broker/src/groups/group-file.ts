import {
  type DataVersion,
  formatConfigJson,
  type SubscriptionGroupConfig,
  type SubscriptionGroupTable,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'

/**
 * Reads config/subscriptionGroup.json, or the copy of it before its last change.
 * @throws Error when neither can be used
 */
export function readGroupFile(file: ConfigFile): SubscriptionGroupTable | undefined {
  return file.load((text) => subscriptionGroupTableBody.parse(text))
}

/** @throws the file system's errors */
export function writeGroupFile(
  file: ConfigFile,
  dataVersion: DataVersion,
  groups: ReadonlyMap<string, SubscriptionGroupConfig>,
  forbidden: ReadonlyMap<string, ReadonlyMap<string, number>>,
): void {
  const table = {
    dataVersion,
    subscriptionGroupTable: groups as Map<string, SubscriptionGroupConfig>,
    forbiddenTable: forbidden as Map<string, Map<string, number>>,
  }
  file.save(formatConfigJson(subscriptionGroupTableBody.toWritable(table)))
}
