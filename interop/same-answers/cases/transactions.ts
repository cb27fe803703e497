import { type Case, type Difference, differs, type Server, type Step } from '../case.ts'
import {
  batched,
  eventually,
  type Fields,
  makeTopic,
  pull,
  reaches,
  type Sent,
  sendBatch,
  sendRequest,
  textsOf,
} from '../steps.ts'

const group = 'producers'

/** A half message, under a label by which it is ended. */
function half(topic: string, label: string, { properties = {}, ...sent }: Sent = {}): Step {
  const all = { TRAN_MSG: 'true', PGROUP: group, ...properties }
  return {
    what: `half message ${label} ${JSON.stringify({ ...properties, ...sent.fields })}`,
    run: (server) => server.half(label, sendRequest(topic, { body: label, properties: all, ...sent })),
  }
}

/** END_TRANSACTION of a half message; `shift` moves what it says of its places. */
function end(
  label: string,
  commitOrRollback: number,
  fields: Fields = {},
  shift: { queueOffset?: number; physicalOffset?: number } = {},
): Step {
  return {
    what: `end ${label} by ${commitOrRollback} ${JSON.stringify({ ...fields, ...shift })}`,
    run(server: Server) {
      const place = server.placeOfHalf(label)
      const all: Fields = {
        producerGroup: group,
        tranStateTableOffset: place.queueOffset + (shift.queueOffset ?? 0),
        commitLogOffset: place.physicalOffset + (shift.physicalOffset ?? 0),
        commitOrRollback,
        fromTransactionCheck: false,
        msgId: 'id',
        transactionId: 'id',
        ...fields,
      }
      return server.request({ code: 37, fields: textsOf(all) })
    },
  }
}

const pullOf = (topic: string, body: string) => eventually(pull(topic), (text) => text.includes(`"${body}"`))

const commit = 8
const rollback = 12

/** The official broker stores the message once more. */
const onceOnly: Difference = {
  reason: 'a transaction ends once',
  official: { code: 0 },
  ours: { code: 1, hasRemark: true },
}

export const transactionCases: readonly Case[] = [
  {
    title: 'a half message that is committed',
    steps: [
      makeTopic('TransactionCommit'),
      half('TransactionCommit', 'committed', {
        properties: { KEYS: 'k', TAGS: 't', WAIT: 'true', mine: 'x' },
        fields: { flag: 7 },
      }),
      end('committed', commit),
      pullOf('TransactionCommit', 'committed'),
    ],
  },
  {
    title: 'a half message with the flags and ids that clients send',
    steps: [
      makeTopic('TransactionFlags'),
      half('TransactionFlags', 'flagged', { properties: { UNIQ_KEY: 'unique' }, fields: { sysFlag: 4 } }),
      end('flagged', commit),
      half('TransactionFlags', 'compressed', { fields: { sysFlag: 5 } }),
      end('compressed', commit),
      pullOf('TransactionFlags', 'compressed'),
    ],
  },
  {
    title: 'a half message that is rolled back, and one after it',
    steps: [
      makeTopic('TransactionRollback'),
      half('TransactionRollback', 'rolled-back'),
      end('rolled-back', rollback),
      half('TransactionRollback', 'next'),
      end('next', commit),
      pullOf('TransactionRollback', 'next'),
      differs(end('rolled-back', commit), onceOnly),
    ],
  },
  {
    title: 'ends that do not fit to their half message',
    steps: [
      makeTopic('TransactionUnfit'),
      half('TransactionUnfit', 'unfit'),
      end('unfit', commit, { producerGroup: 'others' }),
      end('unfit', commit, {}, { queueOffset: 1 }),
      end('unfit', commit, {}, { physicalOffset: 1_000_000_000 }),
      end('unfit', rollback, { producerGroup: 'others' }),
      end('unfit', rollback, {}, { queueOffset: -1 }),
      reaches('TransactionUnfit', 0),
      end('unfit', commit),
      pullOf('TransactionUnfit', 'unfit'),
    ],
  },
  {
    title: 'what says that it is a half message',
    steps: [
      makeTopic('TransactionMarks'),
      half('TransactionMarks', 'TRUE', { properties: { TRAN_MSG: 'TRUE' } }),
      half('TransactionMarks', 'no', { properties: { TRAN_MSG: 'no' } }),
      half('TransactionMarks', 'empty', { properties: { TRAN_MSG: '' } }),
      half('TransactionMarks', 'redelivered', { fields: { reconsumeTimes: 1 } }),
      half('TransactionMarks', 'last', { properties: { TRAN_MSG: 'false' } }),
      pullOf('TransactionMarks', 'last'),
    ],
  },
  {
    title: 'half messages in a batch',
    steps: [
      makeTopic('TransactionBatch'),
      sendBatch('TransactionBatch', [batched('a', { TRAN_MSG: 'true', PGROUP: group }), batched('b')]),
      sendBatch('TransactionBatch', [batched('c'), batched('d')], { properties: { TRAN_MSG: 'true' } }),
      pullOf('TransactionBatch', 'd'),
    ],
  },
  {
    title: 'half messages without a group, and of a queue that does not exist',
    steps: [
      makeTopic('TransactionGroup'),
      half('TransactionGroup', 'groupless', { properties: { PGROUP: '' } }),
      end('groupless', commit),
      half('TransactionGroup', 'no-queue', { fields: { queueId: 9 } }),
      half('NewTopicOfTransaction', 'new-topic', { fields: { queueId: 1 } }),
      end('new-topic', commit),
      eventually(pull('NewTopicOfTransaction', { queueId: 1 }), (text) => text.includes('new-topic')),
    ],
  },
  {
    title: 'half messages that ask for time',
    steps: [
      makeTopic('TransactionImmune'),
      half('TransactionImmune', 'over', { properties: { CHECK_IMMUNITY_TIME_IN_SECONDS: '1' } }),
      end('over', commit),
      end('over', rollback),
      end('over', commit, { fromTransactionCheck: true }),
      half('TransactionImmune', 'malformed', { properties: { CHECK_IMMUNITY_TIME_IN_SECONDS: 'x' } }),
      end('malformed', commit),
      half('TransactionImmune', 'negative', { properties: { CHECK_IMMUNITY_TIME_IN_SECONDS: '-1' } }),
      end('negative', commit),
      half('TransactionImmune', 'long', { properties: { CHECK_IMMUNITY_TIME_IN_SECONDS: '1000000000' } }),
      end('long', commit),
      pullOf('TransactionImmune', 'long'),
    ],
  },
  {
    title: 'half messages with a delay',
    steps: [
      makeTopic('TransactionDelay'),
      half('TransactionDelay', 'level-of-redelivery', { properties: { DELAY: '1' }, fields: { reconsumeTimes: 1 } }),
      half('TransactionDelay', 'zero', { properties: { DELAY: '0' } }),
      end('zero', commit),
      pullOf('TransactionDelay', 'level-of-redelivery'),
      half('TransactionDelay', 'level', { properties: { DELAY: '1' } }),
      end('level', commit),
      differs(pullOf('TransactionDelay', 'level'), {
        reason: 'the message comes after its delay, which begins with the commit',
        official: { fields: { maxOffset: '2' } },
        ours: { fields: { maxOffset: '3' } },
      }),
    ],
  },
]
