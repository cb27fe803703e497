import {
  EncodedProperties,
  marksOf,
  propertyName,
  type RecordLayout,
  RepeatedValues,
  readRecord,
  recordPosition,
  timerTopic,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { type SharedProperties, sharedProperties, withShared } from '../intake/timed-properties.ts'
import { placeIn } from '../stored-message.ts'

/** A record of the timer's topic. */
export interface TimedRecord {
  readonly bytes: Buffer
  readonly layout: RecordLayout
  readonly properties: EncodedProperties
}

/**
 * @param isBodyChecked whether the body is compared with its checksum
 * @returns undefined when there is no record, or it is damaged
 */
export function timedRecord(bytes: Buffer | undefined, isBodyChecked: boolean): TimedRecord | undefined {
  if (bytes === undefined) return undefined
  const reading = readRecord(bytes, 0, isBodyChecked)
  if (reading.kind !== 'record' || reading.record.totalSize !== bytes.length) return undefined
  const layout = reading.record
  const properties = new EncodedProperties(bytes.subarray(layout.propertiesStart, layout.propertiesEnd))
  return { bytes, layout, properties }
}

const timerTopicBytes = Buffer.from(timerTopic)

/** Whether a record stands in the timer's topic indeed. */
export function isOfTimer({ bytes, layout: { topicStart, topicEnd } }: TimedRecord): boolean {
  return timerTopicBytes.compare(bytes, topicStart, topicEnd) === 0
}

/** What the timer has to know of a message in its topic. */
export interface TimedMessage {
  outMs: number
  /** The topic that it is for. */
  topic: string
  isDelete: boolean
}

const realTopics = new RepeatedValues('realTopic')

/** The topic that a message is for. */
export function realTopicOf({ properties }: TimedRecord): string | undefined {
  return realTopics.of(properties)
}

/** @returns undefined for a message that no broker put there */
export function timedMessage(record: TimedRecord): TimedMessage | undefined {
  const { properties } = record
  const outMs = properties.integer('timerOutMs')
  const topic = realTopicOf(record)
  if (topic === undefined || !Number.isSafeInteger(outMs) || outMs < 0) return undefined
  return { outMs, topic, isDelete: properties.has('timerDeleteUniqueKey') }
}

/** When a message was added to the wheel, and when it comes from it. */
export interface TimerTimes {
  enqueuedMs: number
  nowMs: number
}

const timesMarks = marksOf('timerEnqueueMs', 'timerDequeueMs')
let lastTimes: TimerTimes | undefined
let lastShared: SharedProperties | undefined

/** Messages that come from the wheel together have the same times mostly. */
function sharedTimes(times: TimerTimes): SharedProperties {
  const { enqueuedMs, nowMs } = times
  if (lastShared === undefined || lastTimes?.enqueuedMs !== enqueuedMs || lastTimes.nowMs !== nowMs) {
    lastTimes = times
    lastShared = sharedProperties(timesMarks, {
      [propertyName.timerEnqueueMs]: String(enqueuedMs),
      [propertyName.timerDequeueMs]: String(nowMs),
    })
  }
  return lastShared
}

/**
 * The message that a timed one becomes when its time has come: in its real topic and queue, with the times at which the
 * timer had it. REAL_TOPIC and REAL_QID stay among its properties, as the official broker leaves them.
 * @returns undefined when it does not say where it belongs
 */
export function dueMessage(record: TimedRecord, storeHost: Buffer, times: TimerTimes): StoreMessage | undefined {
  const place = placeIn(realTopicOf(record), record.properties.integer('realQueueId'))
  return place && copyOf(record, place, storeHost, withShared(record.properties, sharedTimes(times)))
}

/** The message as it waits once more, since its time is later than the wheel reaches. */
export function rolledMessage(record: TimedRecord, storeHost: Buffer, times: TimerTimes): StoreMessage {
  const { properties, layout } = record
  const rolled = properties.has('timerRollTimes') ? properties.integer('timerRollTimes') : 0
  const counted = sharedProperties(marksOf('timerRollTimes'), { [propertyName.timerRollTimes]: String(rolled + 1) })
  const place = { topic: timerTopic, queueId: layout.queueId }
  return copyOf(record, place, storeHost, withShared(withShared(properties, counted), sharedTimes(times)))
}

function copyOf(
  { bytes, layout }: TimedRecord,
  { topic, queueId }: { topic: string; queueId: number },
  storeHost: Buffer,
  properties: EncodedProperties,
): StoreMessage {
  return {
    topic,
    queueId,
    flag: layout.flag,
    sysFlag: layout.sysFlag,
    bornTimestamp: layout.bornTimestamp,
    bornHost: bytes.subarray(recordPosition.bornHost, layout.storeTimestampAt),
    storeHost,
    reconsumeTimes: layout.reconsumeTimes,
    preparedTransactionOffset: 0,
    body: bytes.subarray(layout.bodyStart, layout.bodyEnd),
    properties,
  }
}

const topicEnd = '+'

/** How a message that takes another one back names it. */
export function deleteKeyOf(topic: string, uniqueKey: string, isTopicAppended: boolean): string {
  return isTopicAppended ? `${topic}${topicEnd}${uniqueKey}` : uniqueKey
}

/** Whether one of the keys, of either form, names a message. */
export function isTakenBack(keys: ReadonlySet<string>, record: TimedRecord): boolean {
  if (keys.size === 0) return false
  const uniqueKey = record.properties.value('uniqueKey')
  const topic = realTopicOf(record)
  if (uniqueKey === undefined || topic === undefined) return false
  return keys.has(uniqueKey) || keys.has(deleteKeyOf(topic, uniqueKey, true))
}
