import { type Case, differs, type Step } from '../case.ts'
import {
  batched,
  consumerOffset,
  type Fields,
  makeGroup,
  makeTopic,
  maxOffset,
  pull,
  reaches,
  request,
  send,
  sendBack,
  sendBatch,
} from '../steps.ts'

const batchTopic = (topic: string): Step => makeTopic(topic, { attributes: '+queue.type=BatchCQ' })

const minOffset = (topic: string): Step => request('min offset', 31, { topic, queueId: 0 })
const topicStats = (topic: string): Step => request('topic stats', 202, { topic }, { answer: 'json' })
const offsetAt = (topic: string, timestamp: number, boundaryType?: string): Step =>
  request(`offset at ${timestamp}, ${boundaryType}`, 29, { topic, queueId: 0, timestamp, boundaryType })
const reset = (name: string, fields: Fields): Step =>
  request(
    `reset ${JSON.stringify(fields)}`,
    222,
    { group: name, topic: name, isForce: true, ...fields },
    { answer: 'json' },
  )

const messages = (names: string): Buffer[] =>
  [...names].map((name) => batched(name, { UNIQ_KEY: `id-${name}`, KEYS: `key-${name}`, TAGS: 'Inner' }))
const whole = (topic: string, names: string, properties: Record<string, string> = {}): Step =>
  sendBatch(topic, messages(names), { properties: { UNIQ_KEY: `batch-${names}`, ...properties } })

const long = 4_000_000_000_000

/** Topics with `queue.type=BatchCQ`. */
export const batchQueueCases: readonly Case[] = [
  {
    title: 'a queue of batches without any message',
    steps: [
      batchTopic('BatchesEmpty'),
      minOffset('BatchesEmpty'),
      maxOffset('BatchesEmpty'),
      ...[0, -1, 5].map((queueOffset) => pull('BatchesEmpty', { queueOffset })),
      topicStats('BatchesEmpty'),
      consumerOffset('DEFAULT_CONSUMER', 'BatchesEmpty'),
    ],
  },
  {
    title: 'a batch that is stored whole, and messages beside it',
    steps: [
      batchTopic('Batches'),
      whole('Batches', 'abc'),
      send('Batches', { body: 'single', properties: { TAGS: 'Single' } }),
      sendBatch('Batches', messages('de')),
      whole('Batches', 'fghi', { TAGS: 'Outer', KEYS: 'outer' }),
      reaches('Batches', 10),
      minOffset('Batches'),
      topicStats('Batches'),
      ...[0, 1, 2, 3, 4, 5, 6, 9, 10, 11].map((queueOffset) => pull('Batches', { queueOffset })),
      ...[1, 2, 3, 4, 5, 6, 7, 9, 10].map((maxMsgNums) => pull('Batches', { maxMsgNums })),
      ...['Outer', 'Single', 'Inner', 'None'].map((subscription) => pull('Batches', { subscription })),
      pull('Batches', { subscription: 'Single', queueOffset: 1 }),
      ...[0, long].map((time) => offsetAt('Batches', time)),
      offsetAt('Batches', long, 'upper'),
    ],
  },
  {
    title: 'what of a batch that is stored whole is refused',
    steps: [
      batchTopic('BatchesRefused'),
      differs(whole('BatchesRefused', 'ab', { DELAY: '1' }), {
        reason: 'a batch that is refused has no id',
        official: { code: 13, fields: { batchUniqId: 'batch-ab' } },
        ours: { code: 13 },
      }),
      send('BatchesRefused', { properties: { INNER_NUM: '3' } }),
      differs(send('BatchesRefused', { fields: { sysFlag: 192 } }), {
        reason: 'consumers would take a single message for a batch',
        official: { code: 0 },
        ours: { code: 13, hasRemark: true },
      }),
      makeTopic('BatchesNot'),
      send('BatchesNot', { properties: { INNER_NUM: '3' } }),
      whole('BatchesNot', 'ab'),
      reaches('BatchesNot', 2),
      pull('BatchesNot'),
    ],
  },
  {
    title: 'a batch that is stored whole, sent back',
    steps: [
      batchTopic('BatchesBack'),
      makeGroup('batches-back'),
      whole('BatchesBack', 'ab'),
      reaches('BatchesBack', 2),
      differs(sendBack('BatchesBack', 0, 'batches-back'), {
        reason: 'the remark says how to send back one message of it',
        official: { code: 1, remark: 'MESSAGE_ILLEGAL' },
        ours: { code: 1, remark: undefined },
      }),
      differs(sendBack('BatchesBack', 0, 'batches-back', { originMsgId: 'id-b' }), {
        reason: 'one message of a batch is taken back',
        official: { code: 1 },
        ours: { code: 0 },
      }),
    ],
  },
  {
    title: 'offsets of a group in a queue of batches',
    steps: [
      batchTopic('batches-reset'),
      makeGroup('batches-reset'),
      whole('batches-reset', 'abc'),
      whole('batches-reset', 'de'),
      reaches('batches-reset', 5),
      ...[
        { queueId: 0, offset: 4, timestamp: 0 },
        { queueId: -1, timestamp: -1 },
        { queueId: -1, timestamp: long },
      ].flatMap((fields) => [
        reset('batches-reset', fields),
        pull('batches-reset', { consumerGroup: 'batches-reset', maxMsgNums: 1 }),
        consumerOffset('batches-reset', 'batches-reset'),
      ]),
    ],
  },
  {
    title: 'the kind of queues of a topic that is there',
    steps: [
      batchTopic('BatchesFixed'),
      makeTopic('BatchesFixed', { attributes: '+queue.type=SimpleCQ' }),
      makeTopic('BatchesFixed', { attributes: '-queue.type' }),
      request('configuration', 351, { topic: 'BatchesFixed' }, { answer: 'json' }),
    ],
  },
]
