import {
  type DataVersion,
  dataVersionBody,
  type SubscriptionGroupConfig,
  stringifyStandard,
  subscriptionGroupConfigBody,
} from '@rocketmq-ts/protocol'

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

/** @throws Error when the line is no such change */
export function parseGroupChange(line: string): GroupChange {
  const { dataVersion, set, removed, forbidden } = JSON.parse(line) as Record<keyof GroupChange, unknown>
  return {
    dataVersion: dataVersionBody.parse(JSON.stringify(dataVersion)),
    set: (set as unknown[]).map((group) => subscriptionGroupConfigBody.parse(JSON.stringify(group))),
    removed: removed as string[],
    forbidden: new Map(
      (forbidden as [string, [string, number][]][]).map(([group, topics]) => [group, new Map(topics)]),
    ),
  }
}
