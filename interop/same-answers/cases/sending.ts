import { type Case, type Difference, differs, type Step } from '../case.ts'
import {
  batched,
  eventually,
  makeGroup,
  makeTopic,
  maxOffset,
  pull,
  reaches,
  send,
  sendBack,
  sendBatch,
  sendV2,
} from '../steps.ts'

const message = batched('in a batch')

/** A pull once the message is there that a step before sent. */
const pullOf = (topic: string, body: string) => eventually(pull(topic), (text) => text.includes(body))

/** Fields that the official server takes a topic's default for, or fails without. */
const requiredLetters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

/** Without it, no topic can be made. */
const noDefaultTopic: Difference = {
  reason: 'a topic that does not exist and cannot be made is told as such',
  official: { code: 1 },
  ours: { code: 17 },
}
const noQueueNumber: Difference = {
  reason: 'a topic that is made on sending has a queue to send to',
  official: { code: 1 },
  ours: { code: 0 },
}
const noQueues: Difference = { ...noQueueNumber, official: { code: 29 } }
const unlessTold = (step: Step, difference: Difference | undefined): Step =>
  difference === undefined ? step : differs(step, difference)
const ofNewTopic: Readonly<Record<string, Difference>> = {
  c: noDefaultTopic,
  d: noQueueNumber,
  defaultTopic: noDefaultTopic,
  defaultTopicQueueNums: noQueueNumber,
}
const longNames = [
  'producerGroup',
  'topic',
  'defaultTopic',
  'defaultTopicQueueNums',
  'queueId',
  'sysFlag',
  'bornTimestamp',
  'flag',
] as const

/** sysFlag of a message that is no half of a transaction, whatever it says. */
const sysFlags = [0, 1, 2, 4, 8, 12, 64, 128, 192, 256, 768, 0x700, 1024, 2048, 0x7fffffff, -1, -2147483648]

export const sendingCases: readonly Case[] = [
  {
    title: 'messages of another kind than their topic',
    steps: ['NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'UNSPECIFIED'].flatMap((type) => [
      makeTopic(`Type${type}`, { attributes: `+message.type=${type}` }),
      send(`Type${type}`, { body: 'plain' }),
      send(`Type${type}`, { body: 'ordered', properties: { __SHARDINGKEY: 'k' } }),
      send(`Type${type}`, { body: 'delayed', properties: { DELAY: '18' } }),
      reaches(`Type${type}`, 2),
    ]),
  },
  ...requiredLetters.map((letter) => ({
    title: `a V2 send without ${letter}`,
    steps: [
      makeTopic(`Letter-${letter}`),
      sendV2(`Letter-${letter}`, { body: 'without', fields: { [letter]: undefined } }),
      unlessTold(
        sendV2(`Letter-${letter}`, { body: 'of a new topic', fields: { b: `New-${letter}`, [letter]: undefined } }),
        ofNewTopic[letter],
      ),
      sendV2(`Letter-${letter}`, { body: 'binary', fields: { [letter]: undefined }, rest: { form: 'ROCKETMQ' } }),
      sendBatch(`Letter-${letter}`, [message], { fields: { [letter]: undefined } }),
      reaches(`Letter-${letter}`, 'acd'.includes(letter) ? 3 : 0),
    ],
  })),
  ...longNames.map((name) => ({
    title: `a send without ${name}`,
    steps: [
      makeTopic(`Long-${name}`),
      send(`Long-${name}`, { body: 'without', fields: { [name]: undefined } }),
      unlessTold(
        send(`Long-${name}`, { body: 'of a new topic', fields: { topic: `LongNew-${name}`, [name]: undefined } }),
        ofNewTopic[name],
      ),
      reaches(`Long-${name}`, ['producerGroup', 'defaultTopic', 'defaultTopicQueueNums'].includes(name) ? 1 : 0),
    ],
  })),
  {
    title: 'a V2 send with nothing but its topic',
    steps: [
      makeTopic('OnlyTopic'),
      sendV2('OnlyTopic', {
        fields: Object.fromEntries('acdefghijkmn'.split('').map((letter) => [letter, undefined])),
      }),
      maxOffset('OnlyTopic'),
    ],
  },
  {
    title: 'optional fields of a send that are empty or absent',
    steps: [
      makeTopic('Optional'),
      sendV2('Optional', { fields: { i: undefined, j: undefined, k: undefined, m: undefined, n: undefined } }),
      sendV2('Optional', { fields: { j: '' } }),
      sendV2('Optional', { fields: { k: '' } }),
      sendV2('Optional', { fields: { l: '' } }),
      sendV2('Optional', { fields: { m: '' } }),
      sendV2('Optional', { fields: { n: 'another-broker' } }),
      sendV2('Optional', { fields: { a: '' } }),
      sendV2('Optional', { fields: { c: '' } }),
      sendV2('Optional', { fields: { d: -1 } }),
      sendV2('Optional', { fields: { d: 0 } }),
      eventually(pull('Optional'), (text) => text.includes('"queueOffset":7')),
      differs(sendV2('Optional', { body: '' }), {
        reason: 'a message may be empty',
        official: { code: 1 },
        ours: { code: 0, fields: { queueOffset: '8' } },
      }),
    ],
  },
  {
    title: 'default topics of a send to a new topic',
    steps: [
      sendV2('Auto1', { fields: { d: 4 } }),
      differs(sendV2('Auto2', { fields: { d: 0 } }), noQueues),
      differs(sendV2('Auto3', { fields: { d: -1 } }), noQueues),
      sendV2('Auto4', { fields: { d: 100 } }),
      sendV2('Auto5', { fields: { c: 'NoSuchTopic' } }),
      sendV2('Auto6', { fields: { c: 'Auto1' } }),
      sendV2('Auto7', { fields: { c: '' } }),
      sendV2('Auto8', { fields: { e: 3 } }),
      sendV2('Auto9', { fields: { e: 4 } }),
      ...[5, 6, 7, 9].map((number) => maxOffset(`Auto${number}`)),
      reaches('Auto1', 1),
      reaches('Auto4', 1),
      reaches('Auto8', 1, 3),
    ],
  },
  ...sysFlags.map((sysFlag) => ({
    title: `a send with sysFlag ${sysFlag} and no TRAN_MSG`,
    steps: [
      makeTopic(`SysFlag${sysFlag}`),
      send(`SysFlag${sysFlag}`, { body: 'before' }),
      send(`SysFlag${sysFlag}`, { body: 'flagged', fields: { sysFlag } }),
      send(`SysFlag${sysFlag}`, { body: 'after' }),
      pullOf(`SysFlag${sysFlag}`, 'after'),
    ],
  })),
  {
    title: 'sends whose sysFlag tells of IPv6 addresses that they do not have',
    harm: 'the official broker cannot read these records, and skips what it has read of the log behind them',
    steps: [
      makeTopic('AddressFlags'),
      send('AddressFlags', { body: 'born', fields: { sysFlag: 16 } }),
      differs(send('AddressFlags', { body: 'stored', fields: { sysFlag: 32 } }), {
        reason: 'an id holds the address of this broker',
        official: { code: 0, fields: { msgId: '<id of 56>' } },
        ours: { code: 0, fields: { msgId: '<id of 32>' } },
      }),
      send('AddressFlags', { body: 'after' }),
      differs(pull('AddressFlags'), {
        reason: 'the official broker writes addresses in the form of the flag and loses the messages',
        official: {},
        ours: { body: [{ body: 'born', sysFlag: 0 }, { body: 'stored', sysFlag: 0 }, { body: 'after' }] },
      }),
    ],
  },
  ...[0, 4, 8, 12, -1].map((f) => ({
    title: `a batch with sysFlag ${f}`,
    steps: [
      makeTopic(`BatchFlag${f}`),
      sendBatch(`BatchFlag${f}`, [message, batched('second')], { fields: { f } }),
      send(`BatchFlag${f}`, { body: 'after' }),
      pullOf(`BatchFlag${f}`, 'after'),
    ],
  })),
  {
    title: 'a batch with outer properties',
    steps: [
      makeTopic('Outer'),
      ...['1', '0', '-1', '19', ''].map((DELAY) => sendBatch('Outer', [message], { properties: { DELAY } })),
      sendBatch('Outer', [message], { properties: { UNIQ_KEY: 'outer-id' } }),
      sendBatch('Outer', [message], { properties: { WAIT: 'false' } }),
      sendBatch('Outer', [message], { properties: { KEYS: 'outer' } }),
      eventually(pull('Outer'), (text) => text.includes('"queueOffset":5')),
    ],
  },
  {
    title: 'a batch with inner properties',
    steps: [
      makeTopic('Inner'),
      sendBatch('Inner', [batched('a', { DELAY: '0' })]),
      sendBatch('Inner', [
        batched('b', { TAGS: 'a', KEYS: 'k', UNIQ_KEY: 'of-b' }),
        batched('c', { UNIQ_KEY: 'of-c' }),
      ]),
      eventually(pull('Inner'), (text) => text.includes('of-c')),
      differs(sendBatch('Inner', [message, batched('d', { DELAY: '1' })], { properties: { UNIQ_KEY: 'inner-id' } }), {
        reason: 'a message that asks for a delay is not delivered at once',
        official: { code: 0 },
        ours: { code: 13 },
      }),
    ],
  },
  {
    title: 'batches that are none',
    steps: [
      makeTopic('NoBatch'),
      ...[
        sendBatch('NoBatch', []),
        sendBatch('NoBatch', [Buffer.from('not a batch, of more than twenty bytes')]),
        sendBatch('NoBatch', [message.subarray(0, message.length - 1)]),
        sendBatch('NoBatch', [message, Buffer.alloc(3)]),
        sendV2('NoBatch', { body: 'x', fields: { m: true } }),
      ].map((step) =>
        differs(step, { reason: 'it can never succeed', official: { code: 1 }, ours: { code: 13, hasRemark: true } }),
      ),
      sendBatch('%RETRY%no-batch', [message]),
      maxOffset('NoBatch'),
      ...[false, undefined].map((m) =>
        differs(sendBatch('NoBatch', [message], { fields: { m } }), {
          reason: 'what is sent as a batch is one: as one message, nobody could read it',
          official: { code: 0, fields: { transactionId: '<id>' } },
          ours: { code: 0, fields: { transactionId: undefined } },
        }),
      ),
    ],
  },
  {
    title: 'a batch with a sysFlag of IPv6 addresses',
    steps: [
      makeTopic('BatchAddress'),
      differs(sendBatch('BatchAddress', [message], { fields: { f: 16 } }), {
        reason: 'the flag tells of the address that a record has, which the broker knows',
        official: { code: 1 },
        ours: { code: 0 },
      }),
    ],
  },
  {
    title: 'delay levels that are no levels',
    steps: [
      makeTopic('Levels'),
      ...['0', '-1', '+0', '-0', ''].map((DELAY) => send('Levels', { body: `level ${DELAY}`, properties: { DELAY } })),
      reaches('Levels', 5),
      ...['x', ' 0', '0.0', '0x0', '1e0', '2147483648'].map((DELAY) =>
        differs(send('Levels', { body: `level ${DELAY}`, properties: { DELAY } }), {
          reason: 'it can never succeed',
          official: { code: 1 },
          ours: { code: 13, hasRemark: true },
        }),
      ),
    ],
  },
  {
    title: 'queues of a topic without queues to write to',
    steps: [
      makeTopic('NoWrite', { readQueueNums: 2, writeQueueNums: 0 }),
      ...[-1, 0, 1, 2, -2147483648].map((queueId) => send('NoWrite', { fields: { queueId } })),
      sendBatch('NoWrite', [message], { fields: { e: -1 } }),
      sendBatch('NoWrite', [message], { fields: { e: 0 } }),
      pull('NoWrite', { queueId: 1 }),
      reaches('NoWrite', 2),
    ],
  },
  {
    title: 'queues of a topic without queues to read',
    steps: [
      makeTopic('NoRead', { readQueueNums: 0, writeQueueNums: 1 }),
      send('NoRead', { fields: { queueId: -1 } }),
      send('NoRead', { fields: { queueId: 1 } }),
      ...[-1, 0, 1].map((queueId) => pull('NoRead', { queueId })),
      pull('NoRead', {}, { code: 361 }),
    ],
  },
  {
    title: 'queues past the ends',
    steps: [
      makeTopic('Ends', { readQueueNums: 1, writeQueueNums: 1 }),
      ...[-2, -1, 0, 1, 2147483647].map((queueId) => send('Ends', { fields: { queueId } })),
      ...[-2, -1, 1, 2147483647].map((queueId) => pull('Ends', { queueId })),
      ...[-1, 1].map((queueId) => maxOffset('Ends', queueId)),
      reaches('Ends', 3),
    ],
  },
  ...[
    { version: 0, maxReconsumeTimes: 0, isDead: false },
    { version: 120, maxReconsumeTimes: 0, isDead: false },
    { version: 121, maxReconsumeTimes: 0, isDead: true },
    { version: 121, maxReconsumeTimes: undefined, isDead: false },
    { version: 122, maxReconsumeTimes: 0, isDead: true },
    { version: 513, maxReconsumeTimes: 0, isDead: true },
    { version: 513, maxReconsumeTimes: -1, isDead: true },
    { version: 513, maxReconsumeTimes: 1, isDead: false },
    { version: 513, maxReconsumeTimes: undefined, isDead: false },
  ].map(({ version, maxReconsumeTimes, isDead }) => {
    const name = `back-${version}-${maxReconsumeTimes ?? 'none'}`
    return {
      title: `a message sent back by version ${version} with maxReconsumeTimes ${maxReconsumeTimes}`,
      steps: [
        makeTopic(name),
        makeGroup(name),
        send(name, { body: 'to send back' }),
        pullOf(name, 'to send back'),
        sendBack(name, 0, name, { maxReconsumeTimes }, { version }),
        sendBack(name, 0, name, { maxReconsumeTimes }, { version, form: 'ROCKETMQ' }),
        reaches(`%DLQ%${name}`, isDead ? 2 : 0),
        maxOffset(`%RETRY%${name}`),
      ],
    }
  }),
  {
    title: 'messages sent back with delay levels',
    steps: [
      makeTopic('Levels2'),
      makeGroup('levels2', { retryMaxTimes: 3 }),
      send('Levels2', { body: 'to send back' }),
      pullOf('Levels2', 'to send back'),
      ...[-1, 0, 1, 18, 19].map((delayLevel) => sendBack('Levels2', 0, 'levels2', { delayLevel })),
      sendBack('Levels2', 0, 'levels2', { originTopic: undefined, unitMode: undefined }),
      sendBack('Levels2', 0, 'levels2', { delayLevel: undefined }),
      sendBack('Levels2', 0, 'levels2', { offset: -1 }),
      sendBack('Levels2', 0, 'levels2', { offset: 1e15 }),
      sendBack('Levels2', 0, 'no-such-group'),
      reaches('%DLQ%levels2', 1),
    ],
  },
  {
    title: 'sends to the retry topic by clients of any version',
    steps: [
      makeGroup('retrying', { retryMaxTimes: 2 }),
      ...[120, 121, 513].flatMap((version) => [
        ...[
          { reconsumeTimes: 1, maxReconsumeTimes: 1 },
          { reconsumeTimes: 2, maxReconsumeTimes: 1 },
          { reconsumeTimes: 1, maxReconsumeTimes: 0 },
          { reconsumeTimes: 0, maxReconsumeTimes: -1 },
          { reconsumeTimes: 2 },
          { reconsumeTimes: 3 },
          { reconsumeTimes: 3, maxReconsumeTimes: 3 },
          { reconsumeTimes: 4, maxReconsumeTimes: 3 },
          { reconsumeTimes: undefined, maxReconsumeTimes: 0 },
        ].map((fields) => send('%RETRY%retrying', { body: 'r', fields, rest: { version } })),
      ]),
      reaches('%DLQ%retrying', 13),
      reaches('%RETRY%retrying', 14),
    ],
  },
]
