import type { Random } from '@rocketmq-ts/platform'
import { popRetryTopicOf, type TopicConfig } from '@rocketmq-ts/protocol'
import type { PopQueue } from './pop-reader.ts'

export interface PopPlanParts {
  random: Random
  topics: { get(topic: string): TopicConfig | undefined }
  settings(): PopPlanSettings
}

export interface PopPlanSettings {
  enableRetryTopicV2: boolean
  retrieveMessageFromPopRetryTopicV1: boolean
  popFromRetryProbability: number
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

/** The queues that a request reads, in this order: where it begins is left to chance, so that no queue is neglected. */
export function popPlan(request: PopPlanRequest, config: TopicConfig, parts: PopPlanParts): PopQueue[] {
  const { queueId, topic, isOrdered } = request
  const own = queueId >= 0 ? [{ topic, queueId }] : allQueues(config, parts.random)
  if (isOrdered) return own
  const again = retryQueues(request, parts)
  const isAgainFirst = parts.random.below(percents) < parts.settings().popFromRetryProbability
  return isAgainFirst ? [...again, ...own] : [...own, ...again]
}

/** The queues of a group's retry topics, as far as there are such topics. */
export function retryQueues(
  { topic, group }: Pick<PopPlanRequest, 'topic' | 'group'>,
  parts: PopPlanParts,
): PopQueue[] {
  const { enableRetryTopicV2, retrieveMessageFromPopRetryTopicV1 } = parts.settings()
  const sources: ('1' | '2')[] = enableRetryTopicV2 ? (retrieveMessageFromPopRetryTopicV1 ? ['2', '1'] : ['2']) : ['1']
  return sources.flatMap((source) => {
    const config = parts.topics.get(popRetryTopicOf(group, topic, source))
    return config === undefined ? [] : allQueues(config, parts.random)
  })
}

function allQueues({ topicName, readQueueNums }: TopicConfig, random: Random): PopQueue[] {
  if (readQueueNums <= 0) return []
  const first = random.below(readQueueNums)
  return Array.from({ length: readQueueNums }, (_, index) => ({
    topic: topicName,
    queueId: (first + index) % readQueueNums,
  }))
}
