import { ProtocolError, type TopicConfig } from '@rocketmq-ts/protocol'
import type { QueueType } from '@rocketmq-ts/storage'
import { type AttributeChanges, alteredAttributes, topicAttributeKinds } from '../configuration/index.ts'
import { refuseCompactedBatches } from './compacted-topics.ts'
import { queueTypeIn } from './queue-types.ts'

/** What an administrator wants a topic to be; its attributes as changes of those it has. */
export interface TopicUpdate extends Omit<TopicConfig, 'attributes'> {
  attributeChanges: AttributeChanges
}

/** What a broker can have of a topic. */
export interface TopicLimits {
  takesMixedTypes: boolean
  hasLightQueues: boolean
  /** The kinds of queues that an earlier topic of the name has left files of. */
  leftQueueTypes: readonly QueueType[]
  /** Ids of the highest queues that a static topic needs on this broker; undefined for another topic. */
  neededQueues: { read: number; written: number } | undefined
}

/** Queues of a topic above which a request is taken for a mistake. */
const queueNumsMax = 65_536
const typeAttribute = 'message.type'

/**
 * The topic as it is after an update.
 * @param before undefined for a new one
 * @throws ProtocolError INVALID_PARAMETER when it cannot be so
 */
export function updatedTopic(update: TopicUpdate, before: TopicConfig | undefined, limits: TopicLimits): TopicConfig {
  const after = changedTopic(update, before)
  refuseMixed(after, before, limits)
  if (before === undefined) {
    refuseOtherQueues(after, limits)
    refuseCompactedBatches(after)
  }
  refuseLite(after, before, limits)
  refuseFewerQueues(after, limits)
  return after
}

/** Whether it is a topic that has lite topics. */
export function isOfLite(topic: Pick<TopicConfig, 'attributes'> | undefined): boolean {
  return hasType(topic, 'LITE')
}

function hasType(topic: Pick<TopicConfig, 'attributes'> | undefined, type: string): boolean {
  return topic?.attributes.get(typeAttribute) === type
}

function changedTopic({ attributeChanges, ...config }: TopicUpdate, before: TopicConfig | undefined): TopicConfig {
  for (const queueNums of [config.readQueueNums, config.writeQueueNums]) {
    if (queueNums < 0 || queueNums > queueNumsMax) {
      refuse(`topic ${config.topicName} cannot have ${queueNums} queues: give a number from 0 to ${queueNumsMax}`)
    }
  }
  return { ...config, attributes: alteredAttributes(topicAttributeKinds, before?.attributes, attributeChanges) }
}

/** A topic that is to take messages of all types, where the settings have none. */
function refuseMixed(after: TopicConfig, before: TopicConfig | undefined, { takesMixedTypes }: TopicLimits): void {
  if (!hasType(after, 'MIXED') || hasType(before, 'MIXED') || takesMixedTypes) return
  refuse('MIXED message type is not supported: set enableMixedMessageType of the broker')
}

/** A topic that is to have other queues than those that are left of an earlier one. */
function refuseOtherQueues(topic: TopicConfig, { leftQueueTypes }: TopicLimits): void {
  const { topicName } = topic
  const type = queueTypeIn(topic)
  const other = leftQueueTypes.find((left) => left !== type)
  if (other === undefined) return
  refuse(
    `an earlier topic ${topicName} left queues of the kind ${other}: delete the topic before it is made as ${type}`,
  )
}

/** A topic of lite topics that can have none. */
function refuseLite(after: TopicConfig, before: TopicConfig | undefined, { hasLightQueues }: TopicLimits): void {
  if (!isOfLite(after) || isOfLite(before)) return
  if (!hasLightQueues) refuse('LITE message type is not supported: set enableLmq of the broker')
  if (queueTypeIn(after) === 'BatchCQ') {
    refuse('a topic with queues of batches (queue.type=BatchCQ) has no lite topics')
  }
}

/** A static topic that would lose queues which hold its messages. */
function refuseFewerQueues({ topicName, readQueueNums, writeQueueNums }: TopicConfig, limits: TopicLimits): void {
  const { neededQueues: needed } = limits
  if (needed === undefined || (needed.read < readQueueNums && needed.written < writeQueueNums)) return
  refuse(
    `the static topic ${topicName} needs ${needed.read + 1} queues to read and ${needed.written + 1} to write on this broker: it would have ${readQueueNums} and ${writeQueueNums}`,
  )
}

function refuse(remark: string): never {
  throw new ProtocolError('INVALID_PARAMETER', remark)
}
