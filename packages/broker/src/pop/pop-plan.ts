import type { Random } from '@rocketmq-ts/platform'
import { decimalInteger, popRetryTopicOf, type SubscriptionGroupConfig, type TopicConfig } from '@rocketmq-ts/protocol'
import type { PopQueue } from './queue-reads.ts'

export interface PopPlanParts {
  random: Random
  topics: { get(topic: string): TopicConfig | undefined }
  groups: { find(group: string): SubscriptionGroupConfig | undefined }
  settings(): PopPlanSettings
}

export interface PopPlanSettings {
  enableRetryTopicV2: boolean
  retrieveMessageFromPopRetryTopicV1: boolean
  popFromRetryProbability: number
  popFromRetryProbabilityForPriority: number
  priorityOrderAsc: boolean
}

export interface PopPlanRequest {
  topic: string
  group: string
  /** -1 for any. */
  queueId: number
  /** Messages in their order never come from a retry topic. */
  isOrdered: boolean
}

const percents = 100

/**
 * The queues that a request reads, in this order: where it begins is left to chance, so that no queue is neglected. A topic
 * of messages with priorities is read from the highest one on.
 */
export function popPlan(request: PopPlanRequest, config: TopicConfig, parts: PopPlanParts): PopQueue[] {
  const { queueId, topic, isOrdered } = request
  const { random, settings } = parts
  const isByPriority = !isOrdered && goesByPriority(request.group, config, parts)
  const orderOf = isByPriority ? byPriority : fromAnyOn
  const own = queueId >= 0 ? [{ topic, queueId }] : orderOf(config, parts)
  if (isOrdered) return own
  const again = retryQueues(request, parts, orderOf)
  const { popFromRetryProbability, popFromRetryProbabilityForPriority } = settings()
  const percent = isByPriority ? popFromRetryProbabilityForPriority : popFromRetryProbability
  const isAgainFirst = random.below(percents) < percent
  if (again.length === 0) return own
  return isAgainFirst ? [...again, ...own] : [...own, ...again]
}

/** The attribute says of how many of a hundred requests. */
function goesByPriority(group: string, { attributes }: TopicConfig, { random, groups }: PopPlanParts): boolean {
  if (attributes.get('message.type') !== 'PRIORITY') return false
  const factor = decimalInteger(groups.find(group)?.attributes.get('priority.factor') ?? String(percents))
  return random.below(percents) < factor
}

/** The queues of a group's retry topics, as far as there are such topics. */
function retryQueues(
  { topic, group }: PopPlanRequest,
  parts: PopPlanParts,
  orderOf: (config: TopicConfig, parts: PopPlanParts) => PopQueue[],
): PopQueue[] {
  const { enableRetryTopicV2, retrieveMessageFromPopRetryTopicV1 } = parts.settings()
  // One of the new name is there when the setting was on before: what stands in it is still to come.
  const sources: readonly ('1' | '2')[] = !enableRetryTopicV2
    ? ['1', '2']
    : retrieveMessageFromPopRetryTopicV1
      ? ['2', '1']
      : ['2']
  const queues: PopQueue[] = []
  for (const source of sources) {
    const config = parts.topics.get(popRetryTopicOf(group, topic, source))
    if (config !== undefined) queues.push(...orderOf(config, parts))
  }
  return queues
}

function fromAnyOn({ topicName, readQueueNums }: TopicConfig, { random }: PopPlanParts): PopQueue[] {
  if (readQueueNums <= 0) return []
  const first = random.below(readQueueNums)
  const queues: PopQueue[] = []
  for (let index = 0; index < readQueueNums; index++) {
    queues.push({ topic: topicName, queueId: (first + index) % readQueueNums })
  }
  return queues
}

/** Each priority has a queue of its own, as far as there are queues. */
function byPriority({ topicName, readQueueNums }: TopicConfig, { settings }: PopPlanParts): PopQueue[] {
  const queues = Array.from({ length: Math.max(0, readQueueNums) }, (_, queueId) => ({ topic: topicName, queueId }))
  return settings().priorityOrderAsc ? queues.reverse() : queues
}
