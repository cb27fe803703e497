import { decodeMessageProperties, encodeHost, recordBytes, timerTopic, writeRecord } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import {
  dueMessage,
  isOfTimer,
  isTakenBack,
  rolledMessage,
  type TimedRecord,
  timedMessage,
  timedRecord,
} from '../../src/timers/timer-message.ts'

const sender = encodeHost('10.1.2.3', 5000)
const broker = encodeHost('10.9.9.9', 10911)
const times = { enqueuedMs: 1_700_000_000_000, nowMs: 1_700_000_007_001 }

function bytesOf(properties: Record<string, string>, topic = timerTopic): Buffer {
  const text = Object.entries(properties).map(([name, value]) => `${name}\u0001${value}\u0002`)
  const one = {
    ...{ topicBytes: Buffer.from(topic), queueId: 0, flag: 7, sysFlag: 1, bornTimestamp: 11, bornHost: sender },
    ...{ storeHost: broker, reconsumeTimes: 3, preparedTransactionOffset: 0 },
    body: Buffer.from('body'),
    propertiesBytes: Buffer.from(text.join('')),
  }
  const bytes = Buffer.alloc(recordBytes(one))
  writeRecord(bytes, 0, bytes.length, one, 5, 4000, 12)
  return bytes
}

function recordOf(properties: Record<string, string>): TimedRecord {
  return timedRecord(bytesOf(properties), true)!
}

const timed = { UNIQ_KEY: 'k', TIMER_OUT_MS: '1700000005000', REAL_TOPIC: 'T', REAL_QID: '2' }

function propertiesOf(message: { properties: { text: string } } | undefined): Record<string, string> {
  return Object.fromEntries(decodeMessageProperties(message!.properties.text))
}

test('a record of the timer tells when its message is due, and for which topic', () => {
  expect(timedMessage(recordOf(timed))).toEqual({ outMs: 1_700_000_005_000, topic: 'T', isDelete: false })
  expect(timedMessage(recordOf({ ...timed, TIMER_DEL_UNIQKEY: 'k' }))).toMatchObject({ isDelete: true })
  for (const broken of [{ TIMER_OUT_MS: 'x' }, { TIMER_OUT_MS: '-1' }, { REAL_TOPIC: '' }]) {
    expect(timedMessage(recordOf({ ...timed, ...broken }))).toBeUndefined()
  }
})

test('a damaged record is none, and one of another topic is not of the timer', () => {
  const damaged = bytesOf(timed)
  damaged[damaged.indexOf('body')]!++
  expect(timedRecord(damaged, true)).toBeUndefined()
  expect(timedRecord(undefined, true)).toBeUndefined()
  expect(timedRecord(bytesOf(timed).subarray(0, -1), false)).toBeUndefined()
  expect(isOfTimer(recordOf(timed))).toBe(true)
  for (const other of ['T', `${timerTopic}2`, timerTopic.slice(1)]) {
    expect(isOfTimer(timedRecord(bytesOf(timed, other), true)!)).toBe(false)
  }
})

test('a message that is due is what was sent, in its real place, with the times of the timer', () => {
  const due = dueMessage(recordOf(timed), broker, times)
  expect(due).toMatchObject({ topic: 'T', queueId: 2, flag: 7, sysFlag: 1, bornTimestamp: 11, reconsumeTimes: 3 })
  expect(due!.bornHost).toEqual(sender)
  expect(due!.body.toString()).toBe('body')
  const expected = { ...timed, TIMER_ENQUEUE_MS: '1700000000000', TIMER_DEQUEUE_MS: '1700000007001' }
  expect(propertiesOf(due)).toEqual(expected)
  const later = dueMessage(recordOf(timed), broker, { ...times, nowMs: times.nowMs + 1 })
  expect(propertiesOf(later)).toEqual({ ...expected, TIMER_DEQUEUE_MS: '1700000007002' })
})

test('a message that does not say where it belongs never becomes due', () => {
  for (const broken of [{ REAL_TOPIC: '' }, { REAL_QID: '' }, { REAL_QID: '-1' }, { REAL_QID: '2147483648' }]) {
    expect(dueMessage(recordOf({ ...timed, ...broken }), broker, times)).toBeUndefined()
  }
})

test('a message that goes around counts how often, and has the newest times', () => {
  const once = rolledMessage(recordOf(timed), broker, times)
  expect(once).toMatchObject({ topic: timerTopic, queueId: 0 })
  const ofTimer = { TIMER_ENQUEUE_MS: '1700000000000', TIMER_DEQUEUE_MS: '1700000007001' }
  expect(propertiesOf(once)).toEqual({ ...timed, ...ofTimer, TIMER_ROLL_TIMES: '1' })
  const again = rolledMessage(recordOf(propertiesOf(once)), broker, { ...times, enqueuedMs: 1_700_000_008_000 })
  expect(propertiesOf(again)).toEqual({
    ...timed,
    ...ofTimer,
    TIMER_ENQUEUE_MS: '1700000008000',
    TIMER_ROLL_TIMES: '2',
  })
})

test('a key of either form takes a message back', () => {
  for (const key of ['k', 'T+k']) expect(isTakenBack(new Set([key]), recordOf(timed))).toBe(true)
  for (const key of ['', 'k2', 'U+k']) expect(isTakenBack(new Set([key]), recordOf(timed))).toBe(false)
  expect(isTakenBack(new Set(), recordOf(timed))).toBe(false)
})
