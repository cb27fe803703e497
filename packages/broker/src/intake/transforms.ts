import {
  deadLetterTopicOf,
  decimalInteger,
  EncodedProperties,
  halfTopic,
  marksOf,
  ProtocolError,
  propertyName,
  retryTopicPrefix,
  scheduleTopic,
  sysFlag,
  timerTopic,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from './property-text.ts'
import { timedPlace, withShared } from './timed-properties.ts'

/** Decides about messages whose senders name a time. */
export interface TimerDecision {
  /**
   * Milliseconds since 1970, or undefined when its time has come.
   * @throws ProtocolError when it is not taken
   */
  outMs(properties: EncodedProperties): number | undefined
}

/**
 * How a message comes in: from a producer, alone or in a batch, sent back by a consumer, due after its delay, or by the
 * commit of its transaction.
 */
export type Origin = 'send' | 'batch' | 'send-back' | 'due' | 'commit'

export interface TransformRules {
  highestDelayLevel: number
  /** Redeliveries after which the group gets the message no more. */
  redeliveriesMax: number
  /** Undefined for messages that are due. */
  timer: TimerDecision | undefined
}

const timerMarks = marksOf('timerDelaySec', 'timerDelayMs', 'timerDeliverMs')

/** One thing that a message may become on its way in. */
export interface Transform {
  readonly origins: readonly Origin[]
  /** Only a message with one of these properties can be concerned; 0 when something else decides. */
  readonly marks: number
  /** The message that it becomes, or the same one when this does not concern it. */
  apply(message: StoreMessage, rules: TransformRules): StoreMessage
}

/** All that a message may become, in this order: each sees what those before it made. */
export const transforms: readonly Transform[] = [
  { origins: ['send', 'batch'], marks: marksOf('innerCount'), apply: refuseCountOfBatch },
  { origins: ['send'], marks: 0, apply: (message, rules) => deadLetter(message, rules, '-1') },
  { origins: ['send-back'], marks: 0, apply: (message, rules) => deadLetter(message, rules, '0') },
  { origins: ['send'], marks: marksOf('transactionPrepared'), apply: half },
  // A batch takes no delayed messages. One that is due keeps its property, and is not delayed again.
  { origins: ['send', 'send-back', 'commit'], marks: marksOf('delayLevel'), apply: delayLevel },
  { origins: ['send', 'send-back', 'commit'], marks: timerMarks, apply: timer },
]

/** Brokers count the messages of a batch that is stored whole by this property, and readers of its queue go by it. */
function refuseCountOfBatch(message: StoreMessage): StoreMessage {
  if (!message.properties.has('innerCount')) return message
  const remark = `the property ${propertyName.innerCount} is for batches that a broker stores whole: send a message without it`
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}

/** Whether a message waits for the end of a transaction. A redelivery after a delay that is marked so does not. */
export function isHalf(properties: EncodedProperties, reconsumeTimes: number): boolean {
  if (properties.value('transactionPrepared')?.toLowerCase() !== 'true') return false
  return reconsumeTimes <= 0 || delayLevelOf(properties) === undefined
}

/**
 * A message of a transaction goes to the topic of half messages; its real topic and queue travel as properties, and its
 * unique key as the id of the transaction.
 */
function half(message: StoreMessage, { timer: decision }: TransformRules): StoreMessage {
  const { properties } = message
  if (!isHalf(properties, message.reconsumeTimes)) return message
  // A time that is not taken is refused now: when the transaction is committed, it would be too late.
  if (properties.hasAny(timerMarks) && delayLevelOf(properties) === undefined) decision?.outMs(properties)
  return {
    ...message,
    handle: undefined,
    topic: halfTopic,
    queueId: 0,
    sysFlag: message.sysFlag & ~sysFlag.transactionMask,
    properties: changed(message, {
      [propertyName.transactionId]: properties.value('uniqueKey'),
      // A producer does not say which half this one renews.
      [propertyName.preparedQueueOffset]: undefined,
      [propertyName.realTopic]: message.topic,
      [propertyName.realQueueId]: String(message.queueId),
    }),
  }
}

/**
 * A message that its group had as often as it may goes to the dead letters, at once.
 * @param noDelay the delay level that official brokers give it, none that is waited for
 */
function deadLetter(message: StoreMessage, { redeliveriesMax }: TransformRules, noDelay: '-1' | '0'): StoreMessage {
  const { topic, reconsumeTimes } = message
  if (reconsumeTimes <= redeliveriesMax || !topic.startsWith(retryTopicPrefix)) return message
  return {
    ...message,
    handle: undefined,
    topic: deadLetterTopicOf(topic.slice(retryTopicPrefix.length)),
    queueId: 0,
    properties: changed(message, { [propertyName.delayLevel]: noDelay }),
  }
}

/**
 * A message with a delay level goes to the topic of delayed messages, with a queue for each level; its real topic and
 * queue travel as properties. Levels above the highest count as the highest.
 */
function delayLevel(message: StoreMessage, { highestDelayLevel }: TransformRules): StoreMessage {
  const asked = delayLevelOf(message.properties)
  if (asked === undefined || isUndecided(message)) return message
  const level = Math.min(asked, highestDelayLevel)
  return {
    ...message,
    handle: undefined,
    topic: scheduleTopic,
    queueId: level - 1,
    properties: changed(message, {
      [propertyName.delayLevel]: String(level),
      [propertyName.realTopic]: message.topic,
      [propertyName.realQueueId]: String(message.queueId),
      [propertyName.timerDelaySec]: undefined,
      [propertyName.timerDelayMs]: undefined,
      [propertyName.timerDeliverMs]: undefined,
    }),
  }
}

/**
 * A message whose sender names a time goes to the topic of the timer. One that has a delay level as well is in the topic
 * of delayed messages by now, and one that the timer had before is not delayed again.
 */
function timer(message: StoreMessage, { timer: decision }: TransformRules): StoreMessage {
  const { topic, queueId, properties } = message
  if (decision === undefined || topic === scheduleTopic || topic === timerTopic || isUndecided(message)) return message
  if (!properties.hasAny(timerMarks)) return message
  if (properties.has('timerOutMs')) return message
  const outMs = decision.outMs(properties)
  if (outMs === undefined) return message
  return {
    ...message,
    handle: undefined,
    topic: timerTopic,
    queueId: 0,
    properties: withShared(properties, timedPlace(outMs, topic, queueId)),
  }
}

/** A message of a transaction waits for its time from when the transaction is committed. */
function isUndecided({ sysFlag: flags }: StoreMessage): boolean {
  const transaction = flags & sysFlag.transactionMask
  return transaction !== 0 && transaction !== sysFlag.transactionCommit
}

/** The delay level that a message asks for, 1 or more; undefined for none. */
export function delayLevelOf(properties: EncodedProperties): number | undefined {
  const text = properties.value('delayLevel')
  if (text === undefined) return undefined
  const level = decimalInteger(text)
  return level > 0 ? level : undefined
}

function changed(
  { properties }: StoreMessage,
  values: Readonly<Record<string, string | undefined>>,
): EncodedProperties {
  return EncodedProperties.ofText(withProperties(properties.text, values))
}
