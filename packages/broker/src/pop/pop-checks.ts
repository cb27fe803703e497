import {
  ProtocolError,
  permission,
  popCountMax,
  reviveGroup,
  reviveTopicOf,
  type SubscriptionGroupConfig,
  type TopicConfig,
  timerTopic,
} from '@rocketmq-ts/protocol'

/** What every request of a consumer by POP names. */
export interface PopHeader {
  topic: string
  consumerGroup: string
  queueId: number
}

export interface PopCheckParts {
  topics: { get(topic: string): TopicConfig | undefined }
  groups: {
    find(group: string): SubscriptionGroupConfig | undefined
    isReadForbidden(group: string, topic: string): boolean
  }
  brokerPermission(): number
}

/**
 * Whether a group may have messages of a topic.
 * @returns the topic
 * @throws ProtocolError that says why it may not
 */
export function checkedTopic(header: PopHeader, parts: PopCheckParts): TopicConfig {
  const { topic, consumerGroup, queueId } = header
  if ((parts.brokerPermission() & permission.read) === 0) {
    throw new ProtocolError(
      'NO_PERMISSION',
      'the broker pop message is forbidden: its brokerPermission has no read bit',
    )
  }
  // Their offsets are the broker's own: those of what it has dealt with.
  if (consumerGroup === reviveGroup || topic === timerTopic || topic.startsWith(reviveTopicOf(''))) {
    throw new ProtocolError('NO_PERMISSION', 'only the broker reads its own topics by POP: consume them by pull')
  }
  const config = knownTopic(topic, parts)
  if ((config.perm & permission.read) === 0) {
    throw new ProtocolError(
      'NO_PERMISSION',
      `the topic[${topic}] peeking message is forbidden: its perm has no read bit`,
    )
  }
  if (queueId >= config.readQueueNums) {
    const remark = `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${config.readQueueNums}]`
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  const group = parts.groups.find(consumerGroup)
  if (group === undefined) {
    const remark = `subscription group [${consumerGroup}] does not exist: create it, or set autoCreateSubscriptionGroup`
    throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', remark)
  }
  if (!group.consumeEnable) {
    throw new ProtocolError('NO_PERMISSION', `subscription group no permission, ${consumerGroup}: consumeEnable is off`)
  }
  if (parts.groups.isReadForbidden(consumerGroup, topic)) {
    throw new ProtocolError('NO_PERMISSION', `the consumer group[${consumerGroup}] is forbidden for topic[${topic}]`)
  }
  return config
}

/** @throws ProtocolError TOPIC_NOT_EXIST */
export function knownTopic(topic: string, { topics }: Pick<PopCheckParts, 'topics'>): TopicConfig {
  const config = topics.get(topic)
  if (config !== undefined) return config
  throw new ProtocolError('TOPIC_NOT_EXIST', `topic[${topic}] not exist, apply first please!`)
}

/** @throws ProtocolError INVALID_PARAMETER when nothing may wait for so long */
export function checkInvisibleTime(invisibleTime: number, { timerMaxDelaySec }: { timerMaxDelaySec: number }): void {
  if (invisibleTime <= timerMaxDelaySec * 1000) return
  const remark =
    `invisibleTime is ${invisibleTime} ms, over ${timerMaxDelaySec} s: ` +
    'give less, or raise timerMaxDelaySec of the broker'
  throw new ProtocolError('INVALID_PARAMETER', remark)
}

/** How long a request waits at most. */
export interface Wait {
  /** Milliseconds since 1970 by the client's clock; 0 when it does not tell. */
  bornTime: number
  /** Milliseconds from then on. */
  pollTime: number
}

/** Milliseconds for which a request waits still; less than 0 when its wait is over by its client's clock. */
export function waitLeftMs({ bornTime, pollTime }: Wait, nowMs: number): number {
  // A client whose clock is ahead waits no longer for that.
  return bornTime === 0 ? pollTime : Math.min(pollTime, bornTime + pollTime - nowMs)
}

/** So much later a request may be served still: it was under way. */
const lateMsMax = 500

/**
 * What someone is told whose wait was over before the request came: nobody takes the answer.
 * @returns undefined when it may be served
 */
export function overdueRemark(wait: Wait, nowMs: number): string | undefined {
  const lateMs = -waitLeftMs(wait, nowMs)
  if (lateMs <= lateMsMax) return undefined
  return (
    `the broker pop message is timeout too much: its wait was over ${lateMs} ms ago by its bornTime: ` +
    'compare the clocks of client and broker, or leave bornTime 0'
  )
}

/** What someone is told who can be given nothing more. @param max popCkMaxBufferSize */
export function tooMuchGiven(max: number): string {
  return (
    `${max} requests were given messages that are not acknowledged (popCkMaxBufferSize): ` +
    'acknowledge them, or wait until they are visible again'
  )
}

/** It is kept as long as the messages are that were given to it. */
const attemptCharactersMax = 255

/** @throws ProtocolError INVALID_PARAMETER when the id of an attempt is longer than anybody's */
export function checkAttempt(attemptId: string | undefined): void {
  if (attemptId === undefined || attemptId.length <= attemptCharactersMax) return
  const remark = `attemptId has ${attemptId.length} characters: give at most ${attemptCharactersMax}`
  throw new ProtocolError('INVALID_PARAMETER', remark)
}

/**
 * @param countName the field that says how many messages are asked for
 * @param invisibleTime milliseconds
 * @throws ProtocolError INVALID_PARAMETER
 */
export function checkPopSize(countName: string, count: number, invisibleTime: number): void {
  if (count > popCountMax || count < 1) {
    const official = count < 1 ? '' : "the broker pop message's num is greater than 32: "
    const remark = `${official}${countName} is ${count}, give 1 to ${popCountMax}`
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  if (invisibleTime > 0) return
  const remark = `invisibleTime is ${invisibleTime}: give the milliseconds of work with the messages`
  throw new ProtocolError('INVALID_PARAMETER', remark)
}
