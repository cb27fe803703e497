import { type Case, differs } from '../case.ts'
import { batched, makeTopic, reaches, request, send, sendBatch } from '../steps.ts'

const hourMs = 3_600_000
/** The same for both brokers, so that the handles are. */
const laterMs = Math.floor(Date.now() / 1000) * 1000 + hourMs
const topic = 'Timed'

function timed(properties: Readonly<Record<string, string>>) {
  const [name, value] = Object.entries(properties)[0]!
  return send(topic, { body: `${name} ${value}`, properties: { UNIQ_KEY: 'key-of-timed', ...properties } })
}

function handleOf(...words: (string | number)[]): string {
  return Buffer.from(words.join(' ')).toString('base64url')
}

function recall(what: string, recallHandle: string, name = topic) {
  return request(`recall ${what}`, 370, { producerGroup: 'producers', topic: name, recallHandle })
}

export const timerCases: readonly Case[] = [
  {
    title: 'times at which messages are to be delivered, and handles by which they are taken back',
    steps: [
      makeTopic(topic),
      timed({ TIMER_DELIVER_MS: String(laterMs) }),
      timed({ TIMER_DELIVER_MS: String(laterMs + 1) }),
      timed({ TIMER_DELIVER_MS: String(laterMs + 999) }),
      ...['0', '-1', '1', '1700000000000'].map((TIMER_DELIVER_MS) => timed({ TIMER_DELIVER_MS })),
      ...['0', '-5'].map((TIMER_DELAY_SEC) => timed({ TIMER_DELAY_SEC })),
      ...['0', '-5'].map((TIMER_DELAY_MS) => timed({ TIMER_DELAY_MS })),
      ...['x', ' 1', '1.5', '1e3', '9223372036854775808'].map((TIMER_DELAY_SEC) => timed({ TIMER_DELAY_SEC })),
      timed({ TIMER_DELAY_SEC: '259201' }),
      timed({ TIMER_DELAY_MS: '259201000' }),
      timed({ TIMER_DELIVER_MS: String(Date.now() + 4 * 24 * hourMs) }),
      timed({ TIMER_DEL_UNIQKEY: 'k', TIMER_DELIVER_MS: '1' }),
      timed({ TIMER_OUT_MS: '1', TIMER_DELIVER_MS: String(laterMs) }),
      timed({ DELAY: '11', TIMER_DELAY_SEC: 'x' }),
      reaches(topic, 9),
      differs(timed({ TIMER_DELAY_SEC: '9223372036854775807' }), {
        reason: 'a delay of ages is not none',
        official: { code: 0 },
        ours: { code: 13, hasRemark: true },
      }),
      makeTopic('Recalled'),
      makeTopic('NotRecalled'),
      recall('what waits', handleOf('v1', 'Recalled', 'broker-a', laterMs, 'k1'), 'Recalled'),
      recall('what nobody knows', handleOf('v1', 'Recalled', 'broker-a', laterMs, 'nobody'), 'Recalled'),
      recall('of another topic', handleOf('v1', 'NotRecalled', 'broker-a', laterMs, 'k1'), 'Recalled'),
      recall('of a topic that is not there', handleOf('v1', 'Nowhere', 'broker-a', laterMs, 'k1'), 'Nowhere'),
      recall('of another broker', handleOf('v1', 'Recalled', 'broker-x', laterMs, 'k1'), 'Recalled'),
      recall('what is due', handleOf('v1', 'Recalled', 'broker-a', 1_700_000_000_000, 'k1'), 'Recalled'),
      recall('what is far away', handleOf('v1', 'Recalled', 'broker-a', laterMs + 96 * hourMs, 'k1'), 'Recalled'),
      recall('at no time', handleOf('v1', 'Recalled', 'broker-a', 'x', 'k1'), 'Recalled'),
      recall('by another version', handleOf('v2', 'Recalled', 'broker-a', laterMs, 'k1'), 'Recalled'),
      recall('by four words', handleOf('v1', 'Recalled', 'broker-a', laterMs), 'Recalled'),
      recall('by nothing', '', 'Recalled'),
      recall('by what is no base64', '*', 'Recalled'),
    ],
  },
  {
    title: 'a batch whose messages, or which itself, name times',
    steps: [
      makeTopic('TimedBatch'),
      sendBatch('TimedBatch', [batched('a', { TIMER_DELAY_SEC: '3600' }), batched('b')]),
      reaches('TimedBatch', 2),
    ],
  },
  {
    title: 'priorities',
    steps: [
      makeTopic('Priorities', { readQueueNums: 3, writeQueueNums: 3 }),
      ...['0', '1', '2', '3', '2147483647', '-1', 'x', '', '1.5', '+1', '2147483648'].map((value) =>
        send('Priorities', { body: `priority ${value}`, properties: { _SYS_MSG_PRIORITY_: value } }),
      ),
      send('Priorities', { properties: { _SYS_MSG_PRIORITY_: '2', __SHARDINGKEY: 'k' } }),
      send('Priorities', { properties: { _SYS_MSG_PRIORITY_: '2', DELAY: '5' } }),
      ...[7, 2, 3].map((count, queueId) => reaches('Priorities', count, queueId)),
    ],
  },
]
