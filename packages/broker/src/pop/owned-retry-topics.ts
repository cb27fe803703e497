import { popRetryTopicOf, retryTopicPrefix } from '@rocketmq-ts/protocol'

export interface OwnedRetryParts {
  topics: { list(): ReadonlyMap<string, unknown>; get(topic: string): unknown }
  groups: { get(group: string): unknown }
  /** Groups that have offsets in a topic. */
  offsets: { groupsOf(topic: string): readonly string[] }
}

const separators = { '1': '_', '2': '+' } as const

/** Retry topics of POP in which messages of a topic stand, whether their group is there or was deleted without its offsets. */
export function retryTopicsOfTopic(topic: string, parts: OwnedRetryParts): string[] {
  const { groups, offsets } = parts
  return retryTopics(parts, (retried) => {
    for (const source of ['1', '2'] as const) {
      const group = retried.slice(0, -(topic.length + 1))
      if (group === '' || popRetryTopicOf(group, topic, source) !== retryTopicPrefix + retried) continue
      if (source === '2') return true
      const isKnown = groups.get(group) !== undefined || offsets.groupsOf(retryTopicPrefix + retried).includes(group)
      return isKnown && !isOfGroup(retried, parts)
    }
    return false
  })
}

/** Retry topics of POP in which messages stand that a group did not acknowledge. */
export function retryTopicsOfGroup(group: string, parts: OwnedRetryParts): string[] {
  return retryTopics(parts, (retried) => {
    if (retried.startsWith(group + separators['2'])) return true
    if (!retried.startsWith(group + separators['1'])) return false
    return parts.topics.get(retried.slice(group.length + 1)) !== undefined && !isOfGroup(retried, parts)
  })
}

/** @param isWanted asked for what follows the prefix */
function retryTopics({ topics }: OwnedRetryParts, isWanted: (retried: string) => boolean): string[] {
  const names = [...topics.list().keys()].filter((name) => name.startsWith(retryTopicPrefix))
  return names.filter((name) => isWanted(name.slice(retryTopicPrefix.length)))
}

/** What a group whose name is made of both sends back stands in a topic of the same name. */
function isOfGroup(group: string, { groups, offsets }: OwnedRetryParts): boolean {
  return groups.get(group) !== undefined || offsets.groupsOf(retryTopicPrefix + group).includes(group)
}
