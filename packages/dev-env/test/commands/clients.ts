import {
  brokerStatsBody,
  checkClientBody,
  commands,
  consumeDirectlyBody,
  consumerConnectionBody,
  consumerIdListBody,
  consumerRunningInfoBody,
  heartbeatBody,
  newTagSubscription,
  producerConnectionBody,
  producerTableBody,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { readMessages } from '../../src/client/broker-calls.ts'
import { bodiesOf, codeOf, type Promises, type Scene, withSettings } from './scene.ts'

async function membersOf({ broker }: Scene, consumerGroup: string): Promise<string[]> {
  const answer = await broker.call(commands.getConsumerListByGroup, { consumerGroup })
  return answer.body === undefined ? [] : consumerIdListBody.decode(answer.body).consumerIdList.sort()
}

async function withTwoMembers(scene: Scene) {
  await scene.store('T')
  const other = scene.newClient()
  await scene.join('g', 'T', scene.client, other)
  await scene.cluster.sleep(100)
  return { other, ids: [scene.client.id, other.id].sort() }
}

const toldOfMembers = (client: Scene['client']) =>
  client.requests.filter(({ code }) => code === commands.notifyConsumerIdsChanged.code).length

type Asking = Partial<Parameters<typeof queryAssignmentRequestBody.encode>[0]>

async function assigned({ broker, client }: Scene, asking: Asking = {}) {
  const whole = { topic: 'T', consumerGroup: 'g', clientId: client.id, strategyName: 'AVG' }
  const body = queryAssignmentRequestBody.encode({ ...whole, messageModel: 'CLUSTERING', ...asking })
  const answer = await broker.ask(commands.queryAssignment, {}, body)
  return queryAssignmentResponseBody.decode(answer.body).messageQueueAssignments
}

async function assignedIds(scene: Scene, asking: Asking): Promise<(number | undefined)[] | undefined> {
  return (await assigned(scene, asking))?.map(({ messageQueue }) => messageQueue?.queueId)
}

function checked({ broker, client }: Scene, expressionType: string, subString: string) {
  const subscriptionData = { ...newTagSubscription('T', '*', 1), subString, expressionType }
  const body = checkClientBody.encode({ clientId: client.id, group: 'g', subscriptionData })
  return broker.call(commands.checkClientConfig, {}, body)
}

export const clients = {
  heartBeat: {
    'a client is a member of its groups, and those that were there are told': async (scene) => {
      const { other, ids } = await withTwoMembers(scene)
      expect(await membersOf(scene, 'g')).toEqual(ids)
      expect(toldOfMembers(scene.client)).toBeGreaterThan(0)
      const told = toldOfMembers(scene.client)
      await scene.join('g', 'T', other)
      await scene.cluster.sleep(100)
      expect(toldOfMembers(scene.client)).toBe(told)
    },
    'it makes the group and its retry topic': async (scene) => {
      await scene.join('g', 'T', scene.client)
      const topic = (await scene.broker.topics()).topicConfigTable.get('%RETRY%g')
      expect(topic).toMatchObject({ readQueueNums: 1, writeQueueNums: 1, perm: 6 })
    },
    'the answer says whether subscriptions are wanted in full': async (scene) => {
      const subscriptionDataSet = [newTagSubscription('T', '*', 1)]
      const heartbeat = { clientID: scene.client.id, producerDataSet: [], heartbeatFingerprint: 7, withoutSub: false }
      const beat = async () => {
        const body = heartbeatBody.encode({
          ...heartbeat,
          consumerDataSet: [{ groupName: 'g', subscriptionDataSet, unitMode: false }],
        })
        return (await scene.broker.ask(commands.heartBeat, {}, body)).header
      }
      expect(await beat()).toEqual({ IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: true })
      expect(await beat()).toEqual({ IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: false })
    },
    'a group that may not be made gets no member': withSettings(
      { autoCreateSubscriptionGroup: 'false' },
      async (scene) => {
        await scene.join('g', 'T', scene.client)
        expect(await membersOf(scene, 'g')).toEqual([])
      },
    ),
    'a client that is silent for two minutes is no member any more': async (scene) => {
      await scene.join('g', 'T', scene.newClient())
      await scene.cluster.sleep(110_000)
      expect(await membersOf(scene, 'g')).toHaveLength(1)
      await scene.cluster.sleep(25_000)
      expect(await membersOf(scene, 'g')).toEqual([])
    },
  },
  unregisterClient: {
    'a client leaves its group, and those who stay are told': async (scene) => {
      const { other } = await withTwoMembers(scene)
      const told = toldOfMembers(scene.client)
      const leaving = { clientID: other.id, consumerGroup: 'g' }
      await other.broker(scene.machine).ask(commands.unregisterClient, leaving)
      await scene.cluster.sleep(100)
      expect(await membersOf(scene, 'g')).toEqual([scene.client.id])
      expect(toldOfMembers(scene.client)).toBe(told + 1)
    },
    'leaving a group that nobody knows is no error': async ({ broker, client }) => {
      const header = { clientID: client.id, consumerGroup: 'none', producerGroup: 'none' }
      expect(await codeOf(broker, commands.unregisterClient, header)).toBe('SUCCESS')
    },
  },
  checkClientConfig: {
    'tags and SQL92 expressions can be subscribed to, and what is wrong is refused with its place': async (scene) => {
      expect(await checked(scene, 'TAG', 'a || b')).toMatchObject({ code: 0 })
      expect(await checked(scene, 'SQL92', 'a > 1')).toMatchObject({ code: 0 })
      const refused = await checked(scene, 'SQL92', 'a > TRUE')
      expect(refused).toMatchObject({ code: 23, remark: expect.stringContaining('at character 5') })
      expect(await checked(scene, 'OTHER', 'a > 1')).toMatchObject({ code: 23 })
    },
    'SQL92 expressions are refused where they are off': withSettings(
      { enablePropertyFilter: 'false' },
      async (scene) => {
        expect(await checked(scene, 'SQL92', 'a > 1')).toMatchObject({ code: 1 })
      },
    ),
  },
  getConsumerListByGroup: {
    'all members of a group are told': async (scene) => {
      const { ids } = await withTwoMembers(scene)
      const { body } = await scene.broker.ask(commands.getConsumerListByGroup, { consumerGroup: 'g' })
      expect(consumerIdListBody.decode(body).consumerIdList.sort()).toEqual(ids)
    },
    'a group without members is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.getConsumerListByGroup, { consumerGroup: 'none' })).toBe('SYSTEM_ERROR')
    },
  },
  queryAssignment: {
    'the members of a group get all queues among them, each its share': async (scene) => {
      const { ids } = await withTwoMembers(scene)
      await scene.broker.createTopic('T', 3)
      expect(await assignedIds(scene, { clientId: ids[0] })).toEqual([0, 1])
      expect(await assignedIds(scene, { clientId: ids[1] })).toEqual([2])
      const inTurns = { strategyName: 'AVG_BY_CIRCLE' }
      expect(await assignedIds(scene, { ...inTurns, clientId: ids[0] })).toEqual([0, 2])
      expect(await assignedIds(scene, { ...inTurns, clientId: ids[1] })).toEqual([1])
    },
    'each member of a group that broadcasts gets all queues, to be pulled': async (scene) => {
      await scene.broker.createTopic('T', 2)
      expect(await assigned(scene, { messageModel: 'BROADCASTING' })).toEqual(
        [0, 1].map((queueId) => ({ mode: 'PULL', messageQueue: { topic: 'T', brokerName: 'broker-1', queueId } })),
      )
    },
    'nothing is assigned of an unknown topic, group or strategy': async (scene) => {
      await withTwoMembers(scene)
      expect(await assigned(scene, { topic: 'None' })).toBeUndefined()
      expect(await assigned(scene, { consumerGroup: 'none' })).toBeUndefined()
      expect(await assigned(scene, { strategyName: 'NONE' })).toBeUndefined()
    },
  },
  getConsumerRunningInfo: {
    'what a member answers comes back': async (scene) => {
      const { other } = await withTwoMembers(scene)
      const info = consumerRunningInfoBody.encode({
        properties: new Map([['PROP_CONSUMER_START_TIMESTAMP', '7']]),
        subscriptionSet: [newTagSubscription('T', '*', 1)],
        mqTable: [],
        mqPopTable: [],
        statusTable: new Map(),
        userConsumerInfo: new Map(),
      })
      other.answer(commands.getConsumerRunningInfo, () => ({ body: info }))
      const header = { consumerGroup: 'g', clientId: other.id, jstackEnable: true }
      expect((await scene.broker.ask(commands.getConsumerRunningInfo, header)).body).toEqual(info)
      const asked = other.requests.find(({ code }) => code === commands.getConsumerRunningInfo.code)
      expect(asked!.extFields).toMatchObject({ consumerGroup: 'g', clientId: other.id, jstackEnable: 'true' })
    },
    'one who is no member is refused, and one who is silent is waited for 10 s': async (scene) => {
      const { other } = await withTwoMembers(scene)
      const asked = (clientId: string) =>
        codeOf(scene.broker, commands.getConsumerRunningInfo, { consumerGroup: 'g', clientId })
      expect(await asked('nobody')).toBe('SYSTEM_ERROR')
      const startMs = scene.cluster.simulation.monotonic()
      expect(await asked(other.id)).toBe('CONSUME_MSG_TIMEOUT')
      expect(scene.cluster.simulation.monotonic() - startMs).toBeGreaterThanOrEqual(10_000)
    },
  },
  consumeMessageDirectly: {
    'a member gets the message, and its result comes back': async (scene) => {
      const { other } = await withTwoMembers(scene)
      const { messageIds } = await scene.broker.send({ topic: 'T', body: 'a' })
      const result = { order: false, autoCommit: true, consumeResult: 'CR_LATER', spentTimeMills: 3 } as const
      const taken: string[] = []
      other.answer(commands.consumeMessageDirectly, ({ body }) => {
        taken.push(...bodiesOf(readMessages(body!)))
        return { body: consumeDirectlyBody.encode(result) }
      })
      const header = { consumerGroup: 'g', clientId: other.id, msgId: messageIds[0]!, topic: 'T' }
      const { body } = await scene.broker.ask(commands.consumeMessageDirectly, header)
      expect(taken).toEqual(['a'])
      expect(consumeDirectlyBody.decode(body)).toEqual(result)
    },
    'one who is no member is refused, and so is what is no id': async (scene) => {
      const { other } = await withTwoMembers(scene)
      const { messageIds } = await scene.broker.send({ topic: 'T', body: 'a' })
      const asked = (clientId: string, msgId: string) =>
        codeOf(scene.broker, commands.consumeMessageDirectly, { consumerGroup: 'g', clientId, msgId, topic: 'T' })
      expect(await asked('nobody', messageIds[0]!)).toBe('SYSTEM_ERROR')
      expect(await asked(other.id, 'nonsense')).not.toBe('SUCCESS')
      expect(other.requests.some(({ code }) => code === commands.consumeMessageDirectly.code)).toBe(false)
    },
  },
  getConsumerConnectionList: {
    'the members of a group come, and how it consumes': async (scene) => {
      const { ids } = await withTwoMembers(scene)
      const { body } = await scene.broker.ask(commands.getConsumerConnectionList, { consumerGroup: 'g' })
      const { connectionSet, subscriptionTable, ...rest } = consumerConnectionBody.decode(body)
      expect(connectionSet.map(({ clientId }) => clientId).sort()).toEqual(ids)
      const mine = connectionSet.find(({ clientId }) => clientId === scene.client.id)!
      expect(mine.clientAddr).toMatch(new RegExp(`^${scene.client.host.address}:\\d+$`))
      expect([...subscriptionTable.values()]).toEqual([newTagSubscription('T', '*', 1)])
      expect(rest).toEqual({
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      })
    },
    'members that subscribe to different messages are told in the remark, counted, and logged once': async (scene) => {
      const { other } = await withTwoMembers(scene)
      const connections = () => scene.broker.call(commands.getConsumerConnectionList, { consumerGroup: 'g' })
      expect((await connections()).remark).toBeUndefined()
      await other.broker(scene.machine).heartbeat([{ group: 'g', topics: { T: 'a || b' } }])
      const { code, remark } = await connections()
      expect(code).toBe(0)
      for (const part of [scene.client.id, other.id, scene.client.host.address, 'TAG *', 'TAG a || b']) {
        expect(remark).toContain(part)
      }
      expect(scene.machine.server.stats().clients.consumers).toEqual({ groups: 1, members: 2, differing: 1 })
      await scene.join('g', 'T', scene.client)
      await other.broker(scene.machine).heartbeat([{ group: 'g', topics: { T: 'b || a' } }])
      const statsHeader = { statsName: 'GROUP_SUBSCRIPTIONS_DIFFER', statsKey: 'g' }
      await scene.cluster.sleep(10_000)
      const { body } = await scene.broker.ask(commands.viewBrokerStatsData, statsHeader)
      expect(brokerStatsBody.decode(body).statsMinute?.sum).toBe(1)
      await scene.join('g', 'T', other)
      expect((await connections()).remark).toBeUndefined()
    },
    'a group without members is refused': async ({ broker }) => {
      const code = await codeOf(broker, commands.getConsumerConnectionList, { consumerGroup: 'none' })
      expect(code).toBe('CONSUMER_NOT_ONLINE')
    },
  },
  getProducerConnectionList: {
    'the clients of a producer group come': async ({ broker, client }) => {
      await broker.heartbeat([], ['p'])
      const { body } = await broker.ask(commands.getProducerConnectionList, { producerGroup: 'p' })
      const { connectionSet } = producerConnectionBody.decode(body)
      expect(connectionSet.map(({ clientId }) => clientId)).toEqual([client.id])
      expect(connectionSet[0]!.clientAddr).toMatch(new RegExp(`^${client.host.address}:\\d+$`))
    },
    'a group without clients is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.getProducerConnectionList, { producerGroup: 'none' })).toBe('SYSTEM_ERROR')
    },
  },
  getAllProducerInfo: {
    'all producer groups come with their clients': async (scene) => {
      const { broker, client } = scene
      const other = scene.newClient()
      await broker.heartbeat([], ['p', 'q'])
      await other.broker(scene.machine).heartbeat([], ['q'])
      const { body } = await broker.ask(commands.getAllProducerInfo, {})
      const { data } = producerTableBody.decode(body)
      const idsOf = (group: string) => data.get(group)?.map(({ clientId }) => clientId)
      expect([...data.keys()].sort()).toEqual(['p', 'q'])
      expect([idsOf('p'), idsOf('q')]).toEqual([[client.id], [client.id, other.id]])
      const [row] = data.get('p')!
      expect(row!.remoteIP).toMatch(new RegExp(`^/${client.host.address}:\\d+$`))
      expect(row!.lastUpdateTimestamp).toBeLessThanOrEqual(scene.machine.wallMs)
      expect(row!.lastUpdateTimestamp).toBeGreaterThan(scene.machine.wallMs - 1000)
    },
  },
} satisfies Promises
