import { type Case, type Difference, differs, type Step } from '../case.ts'
import { makeTopic, request, topicConfig } from '../steps.ts'

/** Commands for which a broker of files has nothing to do, and others of their kind. */
const maintenance: readonly (readonly [string, number, Record<string, string>])[] = [
  ['CLEAN_EXPIRED_CONSUMEQUEUE', 306, {}],
  ['CLEAN_UNUSED_TOPIC', 316, {}],
  ['DELETE_EXPIRED_COMMITLOG', 329, {}],
  ['SET_COMMITLOG_READ_MODE normal', 2004, { READ_AHEAD_MODE: '0' }],
  ['SET_COMMITLOG_READ_MODE random', 2004, { READ_AHEAD_MODE: '1' }],
  ['SET_COMMITLOG_READ_MODE 2', 2004, { READ_AHEAD_MODE: '2' }],
  ['SET_COMMITLOG_READ_MODE -1', 2004, { READ_AHEAD_MODE: '-1' }],
  ['SET_COMMITLOG_READ_MODE x', 2004, { READ_AHEAD_MODE: 'x' }],
  ['SET_COMMITLOG_READ_MODE empty', 2004, { READ_AHEAD_MODE: '' }],
  ['SET_COMMITLOG_READ_MODE absent', 2004, {}],
  ['no command', 9999, {}],
]

const attributes = [
  '',
  '+message.type=NORMAL',
  '+message.type=FIFO',
  '+message.type=DELAY',
  '+message.type=MIXED',
  '+message.type=UNSPECIFIED',
  '+message.type=normal',
  '+message.type=',
  '+message.type',
  '+cleanup.policy=DELETE',
  '+queue.type=SimpleCQ',
  '+queue.type=BatchCQ',
  '+reserve.time=1000',
  '+reserve.time=-1',
  '+reserve.time=-2',
  '+reserve.time=x',
  '+lite.topic.expiration=43201',
  '+lite.topic.expiration=10',
  '+lite.topic.expiration=-1',
  '+no.such=1',
  '-message.type',
  'message.type=NORMAL',
  '+message.type=PRIORITY',
  '+message.type=NORMAL,+message.type=FIFO',
  '+message.type=FIFO,+reserve.time=1000',
  '+cleanup.policy=COMPACTION',
  '+message.type=FIFO,+cleanup.policy=COMPACTION',
  ',',
]

/** What RocketMQ knows and we do not serve yet. */
const unserved = ['+message.type=LITE']
const notYet: Difference = {
  reason: 'it is not served yet',
  official: { code: 0 },
  ours: { code: 29, hasRemark: true },
}

const numbers: readonly (readonly [string, Record<string, string | number | boolean | undefined>])[] = [
  ['Numbers1', { readQueueNums: 0, writeQueueNums: 0 }],
  ['Numbers2', { perm: 0 }],
  ['Numbers3', { perm: 8 }],
  ['Numbers4', { perm: -1 }],
  ['Numbers5', { perm: 15 }],
  ['Numbers6', { topicSysFlag: 1 }],
  ['Numbers7', { topicSysFlag: undefined }],
  ['Numbers8', { topicFilterType: 'MULTI_TAG' }],
  ['Numbers9', { topicFilterType: 'NONE' }],
  ['Numbers10', { order: true }],
  ['Numbers11', { defaultTopic: undefined }],
  ['Numbers12', { perm: undefined }],
  ['Numbers13', { order: undefined }],
]

const listOf = (...topics: Record<string, unknown>[]): Step =>
  request(
    `topic list ${JSON.stringify(topics)}`,
    18,
    {},
    {
      body: JSON.stringify({
        topicConfigList: topics.map((topic) => ({
          attributes: {},
          order: false,
          perm: 6,
          readQueueNums: 1,
          topicFilterType: 'SINGLE_TAG',
          topicSysFlag: 0,
          writeQueueNums: 1,
          ...topic,
        })),
      }),
    },
  )

export const administrationCases: readonly Case[] = [
  ...maintenance.map(([name, code, fields]) => ({
    title: `maintenance: ${name}`,
    steps: [request(name, code, fields)],
  })),
  ...attributes.map((text, index) => ({
    title: `a topic with the attributes "${text}"`,
    steps: [makeTopic(`Attributes${index}`, { attributes: text }), topicConfig(`Attributes${index}`)],
  })),
  ...unserved.map((text, index) => ({
    title: `a topic that is not served yet, with the attributes "${text}"`,
    steps: [differs(makeTopic(`Unserved${index}`, { attributes: text }), notYet)],
  })),
  {
    title: 'topics of a list with attributes',
    steps: [
      listOf({ topicName: 'ListA', attributes: { '+message.type': 'FIFO' } }),
      listOf({ topicName: 'ListB' }, { topicName: 'ListC' }),
      listOf({ topicName: 'ListD', attributes: { '+message.type': 'MIXED' } }),
      listOf({ topicName: 'ListE', attributes: { '+no.such': '1' } }),
      listOf({ topicName: 'ListF', attributes: { 'message.type': 'FIFO' } }),
      listOf(),
      ...['A', 'B', 'C', 'D', 'E', 'F'].map((letter) => topicConfig(`List${letter}`)),
      differs(listOf({ topicName: 'ListG', attributes: { '+message.type': 'LITE' } }), notYet),
      listOf({ topicName: 'ListH' }, { topicName: 'ListI', attributes: { '+no.such': '1' } }),
      differs(topicConfig('ListH'), {
        reason: 'a list is made as a whole or not at all',
        official: { code: 0 },
        ours: { code: 17 },
      }),
    ],
  },
  {
    title: 'numbers of a topic',
    steps: [
      ...numbers.flatMap(([name, fields]) => [makeTopic(name, fields), topicConfig(name)]),
      ...[{ readQueueNums: -1 }, { writeQueueNums: -1 }].map((fields) =>
        differs(makeTopic('NumbersNegative', fields), {
          reason: 'no topic has a negative number of queues',
          official: { code: 0 },
          ours: { code: 29 },
        }),
      ),
    ],
  },
]
