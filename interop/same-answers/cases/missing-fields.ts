import { type Case, type Difference, differs, type Step } from '../case.ts'
import { heartbeat, makeGroup, makeTopic, request } from '../steps.ts'

const topic = 'Missing'
const group = 'missing'

/** Requests with all the fields that clients give them. */
const whole: readonly (readonly [string, number, Record<string, string>])[] = [
  [
    'PULL_MESSAGE',
    11,
    {
      consumerGroup: group,
      topic,
      queueId: '0',
      queueOffset: '0',
      maxMsgNums: '32',
      sysFlag: '4',
      commitOffset: '0',
      suspendTimeoutMillis: '0',
      subscription: '*',
      subVersion: '0',
      expressionType: 'TAG',
    },
  ],
  ['QUERY_MESSAGE', 12, { topic, key: 'k', maxNum: '9', beginTimestamp: '0', endTimestamp: '1', indexType: 'K' }],
  ['QUERY_CONSUMER_OFFSET', 14, { consumerGroup: group, topic, queueId: '0', setZeroIfNotFound: 'true' }],
  ['UPDATE_CONSUMER_OFFSET', 15, { consumerGroup: group, topic, queueId: '0', commitOffset: '0' }],
  ['SEARCH_OFFSET_BY_TIMESTAMP', 29, { topic, queueId: '0', timestamp: '0', boundaryType: 'lower' }],
  ['GET_MAX_OFFSET', 30, { topic, queueId: '0', committed: 'true' }],
  ['GET_MIN_OFFSET', 31, { topic, queueId: '0' }],
  ['GET_EARLIEST_MSG_STORETIME', 32, { topic, queueId: '5' }],
  ['UNREGISTER_CLIENT', 35, { clientID: 'c', producerGroup: 'p', consumerGroup: 'g' }],
  ['GET_CONSUMER_LIST_BY_GROUP', 38, { consumerGroup: group }],
  ['GET_CONSUMER_CONNECTION_LIST', 203, { consumerGroup: group }],
  ['GET_PRODUCER_CONNECTION_LIST', 204, { producerGroup: 'p' }],
  ['DELETE_SUBSCRIPTIONGROUP', 207, { groupName: 'missing-none', cleanOffset: 'true' }],
  ['GET_CONSUME_STATS', 208, { consumerGroup: group, topic }],
  ['GET_TOPIC_STATS_INFO', 202, { topic }],
  ['DELETE_TOPIC_IN_BROKER', 215, { topic: 'MissingNone' }],
  ['QUERY_TOPIC_CONSUME_BY_WHO', 300, { topic }],
  ['GET_CONSUMER_RUNNING_INFO', 307, { consumerGroup: group, clientId: 'none', jstackEnable: 'false' }],
  ['VIEW_BROKER_STATS_DATA', 315, { statsName: 'TOPIC_PUT_NUMS', statsKey: topic }],
  ['GET_BROKER_CONSUME_STATS', 317, { isOrder: 'false' }],
  ['QUERY_TOPICS_BY_CONSUMER', 343, { group }],
  ['GET_TOPIC_CONFIG', 351, { topic }],
  ['GET_SUBSCRIPTIONGROUP_CONFIG', 352, { group }],
]

/** The official server looks for what has no name, and does not find it. */
const nameless = (code: number): Difference => ({
  reason: 'who names nothing is told so',
  official: { code },
  ours: { code: 29 },
})

const differences: Readonly<Record<string, Difference>> = {
  'QUERY_MESSAGE topic': nameless(22),
  'QUERY_MESSAGE key': nameless(22),
  'QUERY_CONSUMER_OFFSET consumerGroup': nameless(22),
  'UPDATE_CONSUMER_OFFSET consumerGroup': nameless(26),
}

/** The fields with a topic and a group of the case alone. */
const ownFields = (fields: Record<string, string>, code: number): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value === topic || value === group ? `${value}-${code}` : value,
    ]),
  )

function stepsOf(name: string, code: number, fields: Record<string, string>): Step[] {
  const without = Object.keys(fields).map((field): Step => {
    const step = request(`without ${field}`, code, { ...fields, [field]: undefined })
    const difference = differences[`${name} ${field}`]
    return difference === undefined ? step : differs(step, difference)
  })
  return [request('nothing missing', code, fields), ...without, request('no field', code, {})]
}

export const missingFieldCases: readonly Case[] = whole.map(([name, code, fields]) => ({
  title: `a ${name} with a field missing`,
  steps: [
    makeTopic(`${topic}-${code}`),
    makeGroup(`${group}-${code}`),
    heartbeat(`${group}-${code}`, `${topic}-${code}`, { subString: '*', codeSet: [] }),
    ...stepsOf(name, code, ownFields(fields, code)),
  ],
}))
