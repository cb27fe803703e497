import { newTagSubscription, type SubscriptionData, TagExpressionError } from '@rocketmq-ts/protocol'
import type { Namespace } from '../connection/namespace.ts'
import { checkedTopic } from '../messages/outgoing-message.ts'
import { invalidArgument } from '../rocketmq-error.ts'

/** Which messages of a topic are wanted: tags as in `A || B`, `*` for all, or an expression of SQL92 over the properties. */
export type Filter = string | { readonly sql: string }

/** A topic, several, or topics with their filters. */
export type Topics = string | readonly string[] | Readonly<Record<string, Filter>>

/**
 * @param version milliseconds since 1970; a newer subscription has a higher one
 * @throws RocketMQError INVALID_ARGUMENT
 */
export function subscriptionsOf(topics: Topics, namespace: Namespace, version: number): SubscriptionData[] {
  const filters = filtersByTopic(topics)
  if (filters.length === 0) throw invalidArgument('no topic is given: write topics: "orders", or a list of them')
  return filters.map(([topic, filter]) => subscriptionOf(checkedTopic(topic, namespace), filter, version))
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function subscriptionOf(topic: string, filter: Filter, version: number): SubscriptionData {
  if (typeof filter !== 'string') {
    if (typeof filter?.sql !== 'string') {
      throw invalidArgument(`the filter of ${topic} is ${filter}: give tags as "A || B", or { sql: "size > 5" }`)
    }
    if (filter.sql.trim() === '') throw invalidArgument(`the filter of ${topic} is empty`)
    return {
      topic,
      subString: filter.sql,
      tagsSet: [],
      codeSet: [],
      subVersion: version,
      expressionType: 'SQL92',
      classFilterMode: false,
    }
  }
  try {
    return newTagSubscription(topic, filter, version)
  } catch (error) {
    if (error instanceof TagExpressionError) throw invalidArgument(error.message, error)
    throw error
  }
}

/** The broker compares hash codes of tags, which several tags may share: those that are wanted; undefined for all. */
export function wantedTags({ expressionType, tagsSet }: SubscriptionData): ReadonlySet<string> | undefined {
  return expressionType === 'TAG' && tagsSet.length > 0 ? new Set(tagsSet) : undefined
}

function filtersByTopic(topics: Topics): [topic: string, filter: Filter][] {
  if (typeof topics === 'string') return [[topics, '*']]
  if (isList(topics)) return topics.map((topic) => [topic, '*'])
  return typeof topics === 'object' && topics !== null ? Object.entries(topics) : []
}

function isList(topics: Topics): topics is readonly string[] {
  return Array.isArray(topics)
}
