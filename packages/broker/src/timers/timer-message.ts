import {
  type DecodedMessage,
  decimalInteger,
  EncodedProperties,
  findMessageProperty,
  propertyName,
  timerTopic,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from '../intake/property-text.ts'
import { storedAgain } from '../intake/stored-again.ts'
import { realPlace } from '../stored-message.ts'

/** What the timer has to know of a message in its topic. */
export interface TimedMessage {
  outMs: number
  /** The topic that it is for. */
  topic: string
  isDelete: boolean
}

/** @returns undefined for a message that no broker put there */
export function timedMessage({ properties }: DecodedMessage): TimedMessage | undefined {
  const outText = findMessageProperty(properties, propertyName.timerOutMs)
  const topic = findMessageProperty(properties, propertyName.realTopic)
  const outMs = outText === undefined ? Number.NaN : decimalInteger(outText)
  if (topic === undefined || !Number.isSafeInteger(outMs) || outMs < 0) return undefined
  return { outMs, topic, isDelete: findMessageProperty(properties, propertyName.timerDeleteUniqueKey) !== undefined }
}

/** When a message was added to the wheel, and when it comes from it. */
export interface TimerTimes {
  enqueuedMs: number
  nowMs: number
}

/**
 * The message that a timed one becomes when its time has come: in its real topic and queue, with the times at which the
 * timer had it. REAL_TOPIC and REAL_QID stay among its properties, as the official broker leaves them.
 * @returns undefined when it does not say where it belongs
 */
export function dueMessage(message: DecodedMessage, storeHost: Buffer, times: TimerTimes): StoreMessage | undefined {
  const place = realPlace(message)
  return place && copyOf(message, place, storeHost, times)
}

/** The message as it waits once more, since its time is later than the wheel reaches. */
export function rolledMessage(message: DecodedMessage, storeHost: Buffer, times: TimerTimes): StoreMessage {
  const rolled = Number(findMessageProperty(message.properties, propertyName.timerRollTimes) ?? 0)
  const changes = { [propertyName.timerRollTimes]: String(rolled + 1) }
  return copyOf(message, { topic: timerTopic, queueId: message.queueId }, storeHost, times, changes)
}

function copyOf(
  message: DecodedMessage,
  place: { topic: string; queueId: number },
  storeHost: Buffer,
  { enqueuedMs, nowMs }: TimerTimes,
  changes: Readonly<Record<string, string>> = {},
): StoreMessage {
  return storedAgain(message, {
    ...place,
    storeHost,
    reconsumeTimes: message.reconsumeTimes,
    properties: EncodedProperties.ofText(
      withProperties(message.properties, {
        ...changes,
        [propertyName.timerEnqueueMs]: String(enqueuedMs),
        [propertyName.timerDequeueMs]: String(nowMs),
      }),
    ),
  })
}

const topicEnd = '+'

/** How a message that takes another one back names it. */
export function deleteKeyOf(topic: string, uniqueKey: string, isTopicAppended: boolean): string {
  return isTopicAppended ? `${topic}${topicEnd}${uniqueKey}` : uniqueKey
}

/** Whether one of the keys, of either form, names a message. */
export function isTakenBack(keys: ReadonlySet<string>, { properties }: DecodedMessage): boolean {
  const uniqueKey = findMessageProperty(properties, propertyName.uniqueKey)
  const topic = findMessageProperty(properties, propertyName.realTopic)
  if (uniqueKey === undefined || topic === undefined) return false
  return keys.has(uniqueKey) || keys.has(deleteKeyOf(topic, uniqueKey, true))
}
