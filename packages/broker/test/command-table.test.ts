import { createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  checkClientBody,
  commands,
  createTopicListBody,
  heartbeatBody,
  lockBatchRequestBody,
  newSubscriptionGroupConfig,
  newTagSubscription,
  newTopicConfig,
  type RequestOf,
  subscriptionGroupConfigBody,
  subscriptionGroupListBody,
} from '@rocketmq-ts/protocol'
import { type Guard, RemotingClient, RemotingServer } from '@rocketmq-ts/remoting'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrokerLanes, brokerCommandTable } from '../src/command-table.ts'
import type { Features } from '../src/create-features.ts'

const timeoutMs = 60_000
const lane = { name: 'test', waitingMax: 100 }
const lanes: BrokerLanes = {
  send: lane,
  reply: lane,
  pull: lane,
  litePull: lane,
  query: lane,
  client: lane,
  consumer: lane,
  pop: lane,
  ack: lane,
  transaction: lane,
  admin: lane,
}
const platform = createNodePlatform()
const handled: string[] = []
/** Every handler only notes that it was called. */
const handlers = new Proxy({} as Features['handlers'], {
  get: (_, key) => () => {
    handled.push(String(key))
    return {}
  },
})

/** Refuses one topic, one group, and changes of the cluster. */
const guard: Guard = ({ demands }) => {
  const refused = demands.find(
    ({ type, name, anyOf }) =>
      name === `forbidden-${type}` || (type === 'cluster' && name === undefined && anyOf.includes('UPDATE')),
  )
  return refused === undefined ? undefined : `${refused.type} ${refused.name} refused for ${refused.anyOf}`
}

const server = new RemotingServer({
  platform,
  log: silentLog,
  host: '127.0.0.1',
  port: 0,
  table: brokerCommandTable(handlers, lanes, () => {}),
  guard,
})
const client = new RemotingClient(platform)
let address: string

beforeAll(async () => {
  const { port } = await server.listen()
  address = `127.0.0.1:${port}`
})
afterAll(async () => {
  await client.close()
  await server.close()
})

interface Request {
  command: AnyCommand
  header: Record<string, unknown>
  body?: Buffer
}

async function answerOf({ command, header, body = Buffer.alloc(0) }: Request) {
  handled.length = 0
  const { code, remark } = await client.call(address, command, {
    header: header as RequestOf<AnyCommand>,
    body,
    timeoutMs,
  })
  return { code, remark, isHandled: handled.length > 0 }
}

const message = (topic: string) => ({
  producerGroup: 'producers',
  topic,
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 4,
  queueId: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  flag: 0,
})
const pull = (topic: string, consumerGroup: string) => ({
  consumerGroup,
  topic,
  queueId: 0,
  queueOffset: 0,
  maxMsgNums: 32,
  sysFlag: 0,
  commitOffset: 0,
  suspendTimeoutMillis: 0,
  subVersion: 0,
})
const queues = (topic: string, consumerGroup: string) =>
  lockBatchRequestBody.encode({
    consumerGroup,
    clientId: 'c',
    onlyThisBroker: false,
    mqSet: [{ topic, brokerName: 'b', queueId: 0 }],
  })
const heartbeat = (topic: string, groupName: string) =>
  heartbeatBody.encode({
    clientID: 'c',
    producerDataSet: [{ groupName: 'producers' }],
    consumerDataSet: [
      {
        groupName,
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
        subscriptionDataSet: [newTagSubscription(`%RETRY%${groupName}`, '*', 1), newTagSubscription(topic, '*', 1)],
        unitMode: false,
      },
    ],
    heartbeatFingerprint: 0,
    withoutSub: false,
  })
const newTopic = (topic: string) => ({
  topic,
  defaultTopic: 'TBW102',
  readQueueNums: 4,
  writeQueueNums: 4,
  perm: 6,
  topicFilterType: 'SINGLE_TAG',
})
const both = ['topic', 'group'] as const

/** Requests about a topic and a group, and which of the two each of them touches. */
const requests: [(topic: string, group: string) => Request, readonly ('topic' | 'group')[]][] = [
  [(topic) => ({ command: commands.sendMessage, header: message(topic) }), ['topic']],
  [(topic) => ({ command: commands.sendMessageV2, header: message(topic) }), ['topic']],
  [(topic) => ({ command: commands.sendBatchMessage, header: { ...message(topic), batch: true } }), ['topic']],
  [
    (topic, group) => ({
      command: commands.consumerSendMsgBack,
      header: { offset: 0, group, delayLevel: 1, originTopic: topic },
    }),
    ['group'],
  ],
  [(topic, group) => ({ command: commands.pullMessage, header: pull(topic, group) }), both],
  [(topic, group) => ({ command: commands.litePullMessage, header: pull(topic, group) }), both],
  [(topic) => ({ command: commands.viewMessageById, header: { topic, offset: 0 } }), ['topic']],
  [
    (topic) => ({
      command: commands.queryMessage,
      header: { topic, key: 'k', maxNum: 1, beginTimestamp: 0, endTimestamp: 1 },
    }),
    ['topic'],
  ],
  [(topic, group) => ({ command: commands.heartBeat, header: {}, body: heartbeat(topic, group) }), both],
  [(_, consumerGroup) => ({ command: commands.unregisterClient, header: { clientID: 'c', consumerGroup } }), ['group']],
  [
    (topic, group) => ({
      command: commands.checkClientConfig,
      header: {},
      body: checkClientBody.encode({
        clientId: 'c',
        group,
        subscriptionData: newTagSubscription(topic, '*', 1),
        namespace: undefined,
      }),
    }),
    both,
  ],
  [(_, consumerGroup) => ({ command: commands.getConsumerListByGroup, header: { consumerGroup } }), ['group']],
  [(topic, group) => ({ command: commands.lockBatchMq, header: {}, body: queues(topic, group) }), both],
  [(topic, group) => ({ command: commands.unlockBatchMq, header: {}, body: queues(topic, group) }), both],
  [
    (_, consumerGroup) => ({ command: commands.getConsumerRunningInfo, header: { consumerGroup, clientId: 'c' } }),
    ['group'],
  ],
  [(topic, consumerGroup) => ({ command: commands.consumeMessageDirectly, header: { topic, consumerGroup } }), both],
  [
    (topic, consumerGroup) => ({ command: commands.queryConsumerOffset, header: { topic, consumerGroup, queueId: 0 } }),
    both,
  ],
  [
    (topic, consumerGroup) => ({
      command: commands.updateConsumerOffset,
      header: { topic, consumerGroup, queueId: 0, commitOffset: 0 },
    }),
    both,
  ],
  [(topic) => ({ command: commands.getMaxOffset, header: { topic, queueId: 0 } }), ['topic']],
  [
    (topic, consumerGroup) => ({
      command: commands.getConsumeStats,
      header: { consumerGroup, topicList: `open-topic;${topic}` },
    }),
    both,
  ],
  [
    (topic, group) => ({
      command: commands.invokeBrokerToResetOffset,
      header: { topic, group, timestamp: 0, isForce: true },
    }),
    both,
  ],
  [(topic, destGroup) => ({ command: commands.cloneGroupOffset, header: { srcGroup: 'g', destGroup, topic } }), both],
  [(topic) => ({ command: commands.updateAndCreateTopic, header: newTopic(topic) }), ['topic']],
  [
    (topic) => ({
      command: commands.updateAndCreateTopicList,
      header: {},
      body: createTopicListBody.encode({ topicConfigList: [newTopicConfig('open-topic'), newTopicConfig(topic)] }),
    }),
    ['topic'],
  ],
  [(topic) => ({ command: commands.deleteTopicInBroker, header: { topic } }), ['topic']],
  [
    (_, group) => ({
      command: commands.updateAndCreateSubscriptiongroup,
      header: {},
      body: subscriptionGroupConfigBody.encode(newSubscriptionGroupConfig(group)),
    }),
    ['group'],
  ],
  [
    (_, group) => ({
      command: commands.updateAndCreateSubscriptiongroupList,
      header: {},
      body: subscriptionGroupListBody.encode({ groupConfigList: [newSubscriptionGroupConfig(group)] }),
    }),
    ['group'],
  ],
  [(_, groupName) => ({ command: commands.deleteSubscriptiongroup, header: { groupName } }), ['group']],
  [(topic, group) => ({ command: commands.updateAndGetGroupForbidden, header: { topic, group } }), both],
]

describe.each(requests.map(([request, touched]) => ({ name: request('', '').command.name, request, touched })))(
  'a guard over $name',
  ({ request, touched }) => {
    test('refuses what touches a resource that it refuses, and the handler does not run', async () => {
      const ofTopic = await answerOf(request('forbidden-topic', 'open-group'))
      const ofGroup = await answerOf(request('open-topic', 'forbidden-group'))
      expect(['topic', 'group'].filter((_, index) => [ofTopic, ofGroup][index]!.code === 16)).toEqual(touched)
      for (const { code, remark, isHandled } of [ofTopic, ofGroup]) {
        expect(isHandled).toBe(code === 0)
        expect(
          code === 0 || remark?.startsWith('topic forbidden-topic') || remark?.startsWith('group forbidden-'),
        ).toBe(true)
      }
    })

    test('lets through what touches other resources', async () => {
      expect(await answerOf(request('open-topic', 'open-group'))).toMatchObject({ code: 0, isHandled: true })
    })
  },
)

test('sending to a retry topic, or reading it, needs the group', async () => {
  const topic = '%RETRY%forbidden-group'
  for (const request of [
    { command: commands.sendMessageV2, header: message(topic) },
    { command: commands.sendBatchMessage, header: message(topic) },
    { command: commands.pullMessage, header: pull(topic, 'open-group') },
  ]) {
    expect(await answerOf(request)).toMatchObject({
      code: 16,
      remark: 'group forbidden-group refused for SUB',
      isHandled: false,
    })
  }
})

test("changing the broker needs the cluster's UPDATE, and reading its settings does not", async () => {
  for (const command of [commands.updateBrokerConfig, commands.deleteExpiredCommitlog, commands.cleanUnusedTopic]) {
    expect(await answerOf({ command, header: {} })).toMatchObject({ code: 16, isHandled: false })
  }
  for (const command of [commands.getBrokerConfig, commands.getBrokerRuntimeInfo, commands.getAllTopicConfig]) {
    expect(await answerOf({ command, header: {} })).toMatchObject({ code: 0, isHandled: true })
  }
})

test('a list with one refused topic is refused as a whole', async () => {
  const body = createTopicListBody.encode({
    topicConfigList: ['open-topic', 'forbidden-topic', 'other-topic'].map((name) => newTopicConfig(name)),
  })
  expect(await answerOf({ command: commands.updateAndCreateTopicList, header: {}, body })).toMatchObject({
    code: 16,
    isHandled: false,
  })
})
