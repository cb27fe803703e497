import type { Random } from '@rocketmq-ts/platform'
import {
  deadLetterTopicPrefix,
  ProtocolError,
  permission,
  retryTopicPrefix,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { type SendableTopic, unitFlagOf } from '../topics/index.ts'
import { redeliveriesMax } from './redeliveries-max.ts'

/** What sending needs to know about topics, and may create. */
export interface SendTopics {
  /**
   * Refuses names that are malformed or that only the system writes to.
   * @returns the topic when there is one
   */
  checkSendable(topic: string): SendableTopic | undefined
  /** Makes a topic as its default topic allows; undefined when it does not. */
  autoCreate(
    topic: string,
    defaultTopic: string,
    queueNums: number,
    topicSysFlag: number,
    peer: string,
  ): TopicConfig | undefined
  /** Makes a retry or dead letter topic if it is missing. */
  ensureInternal(topic: string, queueNums: number, topicSysFlag?: number): TopicConfig
}

export interface SendGroups {
  /** The group's settings; made when it is missing and that is allowed. */
  find(group: string): SubscriptionGroupConfig | undefined
}

export interface SendTargetParts {
  topics: SendTopics
  groups: SendGroups
  locks: {
    /** Whether members of a group hold queues for themselves: it consumes in order. */
    hasLocks(group: string): boolean
  }
  random: Random
  /** Permission bits of the broker. */
  brokerPermission(): number
}

export interface SendHeader {
  topic: string
  defaultTopic: string
  defaultTopicQueueNums: number
  queueId: number
  /** False when the queue of a static topic is one of the broker, not a logical one. */
  lo?: boolean | undefined
  unitMode?: boolean | undefined
  maxReconsumeTimes?: number | undefined
}

/** Who sends; a `Call` outside of tests. */
export interface Sender {
  /** The ordinal of the version that the client names. */
  readonly request: { readonly version: number }
  readonly connection: { readonly remoteAddress: string }
}

export interface SendTarget {
  topic: string
  queueId: number
  /** Of the topic, to write to. */
  queueNums: number
  /** Redeliveries after which a message to a retry topic goes to the dead letters. */
  redeliveriesMax: number
  /** Of the topic; undefined when it was made just now. */
  memo: SendableTopic | undefined
}

/** @throws ProtocolError when the broker's permission has no write bit */
export function checkTakesMessages(brokerPermission: number): void {
  if ((brokerPermission & permission.write) !== 0) return
  throw new ProtocolError('NO_PERMISSION', 'this broker takes no messages: its brokerPermission has no write bit')
}

/** @throws ProtocolError when there is no such group and none may be made */
export function knownGroup(groups: SendGroups, group: string): SubscriptionGroupConfig {
  const config = groups.find(group)
  if (config !== undefined) return config
  throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', `subscription group not exist, ${group}: create it first`)
}

/**
 * Decides where a sent message goes.
 * @param known its topic, as `checkSendable` gave it
 * @throws ProtocolError with what keeps it from going anywhere
 */
export function sendTarget(
  header: SendHeader,
  known: SendableTopic | undefined,
  parts: SendTargetParts,
  sender: Sender,
): SendTarget {
  const { topics, random } = parts
  checkTakesMessages(parts.brokerPermission())
  const { topic } = header
  const isRetry = topic.startsWith(retryTopicPrefix)
  const limit = isRetry ? retryLimit(header, parts, sender.request.version) : Number.POSITIVE_INFINITY
  const config = known?.config ?? createTopic(header, topics, sender)
  // The topic's own name: what is looked up by it is found without comparing texts.
  return {
    topic: config.topicName,
    queueId: targetQueue(header, config, known, random),
    queueNums: config.writeQueueNums,
    redeliveriesMax: limit,
    memo: known,
  }
}

/**
 * The asked queue, or any when none is asked. A topic that loses queues is read from more than it is written to for a
 * while: producers that have not heard of it may send to all that are read.
 */
function targetQueue(
  { topic, queueId, lo }: SendHeader,
  config: TopicConfig,
  known: SendableTopic | undefined,
  random: Random,
): number {
  const mapping = known?.mapping
  if (mapping !== undefined && lo !== false) return mapping.queueToWrite(queueId, (count) => random.below(count))
  const { readQueueNums, writeQueueNums } = config
  if (queueId >= writeQueueNums && queueId >= readQueueNums) {
    const remark = `queue ${queueId} of ${topic} does not exist: it has ${writeQueueNums} queues to write to, ${readQueueNums} to read`
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  if (queueId >= 0) return queueId
  if (writeQueueNums > 0) return random.below(writeQueueNums)
  // Producers try another broker when they get this code.
  throw new ProtocolError('SYSTEM_ERROR', `topic ${topic} has no queue to write to: give it some (writeQueueNums)`)
}

function createTopic(header: SendHeader, topics: SendTopics, { connection }: Sender): TopicConfig {
  const { topic, defaultTopic, defaultTopicQueueNums, unitMode } = header
  const isOfGroup = topic.startsWith(retryTopicPrefix) || topic.startsWith(deadLetterTopicPrefix)
  const flag = unitFlagOf(unitMode, isOfGroup)
  const created = topics.autoCreate(topic, defaultTopic, defaultTopicQueueNums, flag, connection.remoteAddress)
  if (created !== undefined) return created
  if (isOfGroup) return topics.ensureInternal(topic, 1, flag)
  const remark = `topic[${topic}] not exist, and it is not created on sending: create it, or set autoCreateTopicEnable`
  throw new ProtocolError('TOPIC_NOT_EXIST', remark)
}

/**
 * A client whose send-back failed sends to the retry topic itself: the limit of redeliveries holds there too. One that
 * consumes in order has tried in place, and sends what it gives up: that is not delivered again behind what came later.
 */
function retryLimit(header: SendHeader, { groups, locks }: SendTargetParts, clientVersion: number): number {
  const group = header.topic.slice(retryTopicPrefix.length)
  const config = knownGroup(groups, group)
  return locks.hasLocks(group) ? noRedelivery : redeliveriesMax(header.maxReconsumeTimes, clientVersion, config)
}

/** Below the count of any message. */
const noRedelivery = -1
