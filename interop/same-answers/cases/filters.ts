import { type Case, differs } from '../case.ts'
import { wrongExpressionIsRefused } from '../differences.ts'
import { eventually, heartbeat, makeTopic, pull, pullSubscribed, request, send } from '../steps.ts'

const numbered = (topic: string) => [
  makeTopic(topic),
  send(topic, { body: 'one', properties: { n: '1', TAGS: 'a' } }),
  send(topic, { body: 'two', properties: { n: '2', TAGS: 'b' } }),
  send(topic, { body: 'a decimal', properties: { n: '2.0' } }),
  send(topic, { body: 'without' }),
  eventually(pull(topic), (text) => text.includes('without')),
]

/** Expressions of pulls: they are right. Which answers an expression gives is asked elsewhere, in large numbers. */
const expressions = [
  'n = 1',
  'n >= 1 AND n < 3',
  "n IN ('1', '2.0')",
  'n IS NULL',
  "TAGS = 'a' OR n = 2.0",
  "TAGS IN ('b', 'c')",
  'n > 99',
  'TRUE',
  'NOT (n = 2)',
]

const sql = (topic: string, subscription: string, fields = {}) =>
  pull(topic, { subscription, expressionType: 'SQL92', ...fields })

const check = (expressionType: string, subString: string) => {
  const subscriptionData = {
    classFilterMode: false,
    codeSet: [],
    expressionType,
    subString,
    subVersion: 1,
    tagsSet: [],
    topic: 'T',
  }
  const body = JSON.stringify({ clientId: 'c', group: 'g', subscriptionData })
  return request(`check ${expressionType} ${subString}`, 46, {}, { body })
}

const commit = (consumerGroup: string, topic: string, queueId: number, commitOffset: number) =>
  request(`commit of ${consumerGroup}`, 15, { consumerGroup, topic, queueId, commitOffset })

const correction = (topic: string, fields: Record<string, string>) =>
  request(`correction ${JSON.stringify(fields)}`, 308, { topic, ...fields }, { answer: 'json' })

export const filterCases: readonly Case[] = [
  {
    title: 'SQL92 expressions of pulls',
    steps: [
      ...numbered('PullSql'),
      ...expressions.map((expression) => sql('PullSql', expression)),
      sql('PullSql', 'n = 1', { queueOffset: 1 }),
      sql('PullSql', 'n = 1', { queueOffset: 4 }),
      sql('PullSql', 'TRUE', { maxMsgNums: 2 }),
      differs(sql('PullSql', 'n = = 1'), wrongExpressionIsRefused),
      differs(pull('PullSql', { subscription: 'n = 1', expressionType: 'NONE' }), wrongExpressionIsRefused),
      sql('PullSql', ''),
    ],
  },
  ...[
    { subString: 'n = 1', expressionType: 'SQL92' },
    { subString: 'n = = 1', expressionType: 'SQL92' },
    { subString: "TAGS = 'b'", expressionType: 'SQL92' },
    { subString: 'n IS NOT NULL', expressionType: 'SQL92', tagsSet: ['a'], codeSet: [97] },
  ].map((subscribed, index) => ({
    title: `an SQL92 expression of a heartbeat: ${subscribed.subString}`,
    steps: [
      ...numbered(`BeatSql${index}`),
      heartbeat(`beat-sql-${index}`, `BeatSql${index}`, subscribed),
      pullSubscribed(`BeatSql${index}`, `beat-sql-${index}`),
      pullSubscribed(`BeatSql${index}`, `beat-sql-${index}`, { subVersion: 2 }),
    ],
  })),
  {
    title: 'checks of subscriptions before a client starts',
    steps: [
      check('SQL92', 'n = 1'),
      check('SQL92', 'n = = 1'),
      check('SQL92', 'n BETWEEN 5 AND 1'),
      check('SQL92', ''),
      check('TAG', 'a || b'),
      check('TAG', '*'),
    ],
  },
  {
    title: 'a reply to a client that is not there',
    steps: [
      makeTopic('Replies'),
      ...([{ REPLY_TO_CLIENT: 'nobody' }, {}] as Record<string, string>[]).map((properties) => {
        const { fields, ...rest } = replyTo(properties)
        return request(`reply ${JSON.stringify(properties)}`, 324, fields, rest)
      }),
      eventually(pull('Replies'), (text) => text.includes('"queueOffset":1')),
    ],
  },
  {
    title: 'offsets that groups have in common',
    steps: [
      makeTopic('Common'),
      ...['a', 'b', 'c'].map((body) => send('Common', { body })),
      commit('common-a', 'Common', 0, 2),
      commit('common-b', 'Common', 0, 1),
      commit('common-c', 'Common', 0, 3),
      commit('common-c', 'Common', 1, 0),
      correction('Common', { compareGroup: 'common-a' }),
      correction('Common', { compareGroup: 'none' }),
      correction('NoneCommon', { compareGroup: 'common-a' }),
      // It forgets the offsets of groups that are left out: this comes last.
      correction('Common', { compareGroup: 'common-b', filterGroups: 'common-b' }),
    ],
  },
]

function replyTo(properties: Readonly<Record<string, string>>) {
  const text = Object.entries(properties).map(([name, value]) => `${name}\u0001${value}\u0002`)
  const fields = {
    producerGroup: 'producers',
    topic: 'Replies',
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    flag: 0,
    properties: text.join(''),
    reconsumeTimes: 0,
    unitMode: false,
  }
  return { fields, body: 'the answer' }
}
