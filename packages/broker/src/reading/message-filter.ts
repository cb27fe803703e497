import type { SqlFilter } from '@rocketmq-ts/filter'
import {
  findMessageProperty,
  ProtocolError,
  propertyName,
  recordPropertiesStart,
  retryTopicPrefix,
  type SubscriptionData,
} from '@rocketmq-ts/protocol'
import type { RecordFilter } from '@rocketmq-ts/storage'
import type { ConsumerFilterTable, ExpressionCompiler } from '../filters/index.ts'
import { isByTags } from '../filters/is-by-tags.ts'
import { isInHeader, type PullSubscriptionHeader } from './pull-subscription.ts'

/** What of a queue's messages a pull wants, in two stages: by the unit of the consume queue, then by the record. */
export interface MessageFilter {
  matches(tagsCode: number): boolean
  /** Undefined when the unit tells everything. */
  readonly recordFilter: RecordFilter | undefined
}

export interface MessageFilterParts {
  compiler: Pick<ExpressionCompiler, 'compile' | 'checkEnabled'>
  filters: Pick<ConsumerFilterTable, 'get'>
  settings(): { filterSupportRetry: boolean }
}

/**
 * @param subscription of the pull
 * @throws ProtocolError when its expression is malformed, unknown here, older than the pull's, or not served
 */
export function messageFilter(
  subscription: SubscriptionData,
  header: PullSubscriptionHeader,
  parts: MessageFilterParts,
): MessageFilter {
  if (isByTags(subscription)) {
    return subscription.subString === '*' ? everything : { matches: tagsMatcher(subscription), recordFilter: undefined }
  }
  const filter = isInHeader(header) ? filterInHeader(subscription, parts) : filterOfGroup(header, parts)
  parts.compiler.checkEnabled(subscription.expressionType)
  if (parts.settings().filterSupportRetry && header.topic.startsWith(retryTopicPrefix)) {
    return { matches: matchesAll, recordFilter: retryFilter(header.consumerGroup, parts) }
  }
  return { matches: unitMatcher(filter), recordFilter: recordFilterOf(filter) }
}

/** Whether a message with a tags code belongs to a subscription by tags: to one without any, none does. */
export function tagsMatcher(subscription: SubscriptionData): (tagsCode: number) => boolean {
  if (subscription.subString === '*') return matchesAll
  if (subscription.codeSet.length === 1) {
    const [code] = subscription.codeSet
    return (tagsCode) => tagsCode === code
  }
  const codes = new Set(subscription.codeSet)
  return (tagsCode) => codes.has(tagsCode)
}

const matchesAll = (): boolean => true
const everything: MessageFilter = { matches: matchesAll, recordFilter: undefined }

function filterInHeader({ subString = '', expressionType }: SubscriptionData, parts: MessageFilterParts): SqlFilter {
  return parts.compiler.compile(expressionType, subString)
}

function filterOfGroup({ topic, consumerGroup, subVersion }: PullSubscriptionHeader, parts: MessageFilterParts) {
  const known = parts.filters.get(topic, consumerGroup)
  if (known === undefined) {
    const remark = `The broker's consumer filter data is not exist!Your expression may be wrong!`
    throw new ProtocolError('FILTER_DATA_NOT_EXIST', remark)
  }
  if (known.clientVersion < subVersion) {
    const remark = `the consumer's consumer filter data not latest: the heartbeat's is ${known.clientVersion}, the pull's ${subVersion}`
    throw new ProtocolError('FILTER_DATA_NOT_LATEST', remark)
  }
  return parts.compiler.compile(known.expressionType, known.expression)
}

/** Tags codes are hashes of 32 bits. In the slot may also stand a time of delivery, or where more is told: then it says nothing. */
function unitMatcher({ tagsCodes }: SqlFilter): (tagsCode: number) => boolean {
  if (tagsCodes === undefined) return matchesAll
  return (tagsCode) => tagsCodes.has(tagsCode) || tagsCode !== (tagsCode | 0)
}

/** Bytes of records that a pull looks at for an expression of a few comparisons; longer ones look at fewer. */
const lookedBytesMax = 4 * 1024 * 1024
const fewComparisons = 4

function lookedBytes({ comparisons }: SqlFilter): number {
  return Math.ceil(lookedBytesMax / Math.max(1, comparisons / fewComparisons))
}

function recordFilterOf(filter: SqlFilter): RecordFilter {
  return {
    matches: (bytes, start, byteCount) => filter.matches(bytes, recordPropertiesStart(bytes, start), start + byteCount),
    bytesMax: lookedBytes(filter),
  }
}

/** Messages that a group has again are matched by its expression for the topic that they are of, if it has one. */
function retryFilter(group: string, { compiler, filters }: MessageFilterParts): RecordFilter {
  return {
    matches: (bytes, start, byteCount) => {
      const from = recordPropertiesStart(bytes, start)
      const end = start + byteCount
      const topic = findMessageProperty(bytes.toString('utf8', from, end), propertyName.retryTopic)
      const known = topic === undefined ? undefined : filters.get(topic, group)
      return known === undefined || compiler.compile(known.expressionType, known.expression).matches(bytes, from, end)
    },
    bytesMax: lookedBytesMax / fewComparisons,
  }
}
