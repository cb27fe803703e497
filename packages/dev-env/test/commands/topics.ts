import {
  commands,
  createTopicListBody,
  groupListBody,
  newTopicConfig,
  type RequestOf,
  timerTopic,
  topicConfigAndMappingTableBody,
  topicConfigAndQueueMappingBody,
  topicListBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { PopConsumer } from '../../src/index.ts'
import { codeOf, type Promises, type Scene } from './scene.ts'

type Creating = Partial<RequestOf<typeof commands.updateAndCreateTopic>>
const creating = (topic: string, rest: Creating = {}) => ({
  topic,
  defaultTopic: 'TBW102',
  readQueueNums: 4,
  writeQueueNums: 2,
  perm: 6,
  topicFilterType: 'SINGLE_TAG',
  order: false,
  force: false,
  ...rest,
})

async function configOf({ broker }: Scene, topic: string) {
  const answer = await broker.call(commands.getTopicConfig, { topic })
  return answer.body === undefined ? undefined : topicConfigAndQueueMappingBody.decode(answer.body)
}

function created({ broker }: Scene, ...topics: ReturnType<typeof newTopicConfig>[]): Promise<string | undefined> {
  const body = createTopicListBody.encode({ topicConfigList: topics })
  return codeOf(broker, commands.updateAndCreateTopicList, {}, body)
}

const longName = (length: number) => 'x'.repeat(length)

export const topics = {
  updateAndCreateTopic: {
    'a topic is as it was asked for, and the name servers know it with the answer': async (scene) => {
      const attributes = '+message.type=FIFO'
      await scene.broker.ask(commands.updateAndCreateTopic, creating('T', { order: true, attributes }))
      const expected = { readQueueNums: 4, writeQueueNums: 2, perm: 6, topicSysFlag: 0 }
      const route = await scene.nameServer.route('T')
      expect(route!.queueDatas).toEqual([{ brokerName: 'broker-1', ...expected }])
      expect(await configOf(scene, 'T')).toMatchObject({
        ...expected,
        order: true,
        attributes: new Map([['message.type', 'FIFO']]),
      })
    },
    'a topic stays ordered when the broker registers, and becomes so when the name server lists it': async (scene) => {
      await scene.broker.ask(commands.updateAndCreateTopic, creating('T', { order: true }))
      await scene.broker.ask(commands.updateAndCreateTopic, creating('U'))
      const namespace = 'ORDER_TOPIC_CONFIG'
      await scene.nameServer.ask(commands.putKvConfig, { namespace, key: 'U', value: 'broker-1:2' })
      await scene.cluster.sleep(40_000)
      expect([await configOf(scene, 'T'), await configOf(scene, 'U')]).toMatchObject([{ order: true }, { order: true }])
    },
    'a topic that is there is changed, and keeps its messages': async (scene) => {
      await scene.store('T', 'a')
      await scene.broker.ask(commands.updateAndCreateTopic, creating('T', { perm: 4 }))
      expect(await configOf(scene, 'T')).toMatchObject({ readQueueNums: 4, writeQueueNums: 2, perm: 4 })
      expect(await scene.bodiesIn('T')).toEqual(['a'])
    },
    'a topic is there after a restart': async (scene) => {
      await scene.broker.ask(commands.updateAndCreateTopic, creating('T'))
      const again = await scene.restart()
      expect((await again.topics()).topicConfigTable.get('T')).toMatchObject({ readQueueNums: 4, writeQueueNums: 2 })
    },
    'names that are too long, malformed or of the system, and unknown attributes, are refused': async (scene) => {
      const code = (topic: string, rest: Creating = {}) =>
        codeOf(scene.broker, commands.updateAndCreateTopic, creating(topic, rest))
      expect(await code(longName(127))).toBe('SUCCESS')
      expect(await code(longName(128))).toBe('INVALID_PARAMETER')
      expect(await code('../T')).toBe('INVALID_PARAMETER')
      expect(await code('TBW102')).toBe('INVALID_PARAMETER')
      expect(await code('T', { attributes: '+no.such=1' })).not.toBe('SUCCESS')
      expect(await configOf(scene, 'T')).toBeUndefined()
    },
  },
  updateAndCreateTopicList: {
    'all topics of a list are made, and the name servers know them with the answer': async (scene) => {
      const config = { readQueueNums: 1, writeQueueNums: 1 }
      expect(await created(scene, newTopicConfig('T', config), newTopicConfig('U', { ...config, perm: 4 }))).toBe(
        'SUCCESS',
      )
      const queues = { brokerName: 'broker-1', ...config, topicSysFlag: 0 }
      expect((await scene.nameServer.route('T'))!.queueDatas).toEqual([{ ...queues, perm: 6 }])
      expect((await scene.nameServer.route('U'))!.queueDatas).toEqual([{ ...queues, perm: 4 }])
    },
    'none is made when one is refused': async (scene) => {
      expect(await created(scene, newTopicConfig('T'), newTopicConfig('../U'))).toBe('INVALID_PARAMETER')
      expect(await configOf(scene, 'T')).toBeUndefined()
    },
  },
  getTopicConfig: {
    'a topic is told as it is': async (scene) => {
      await scene.broker.createTopic('T', 3)
      expect(await configOf(scene, 'T')).toEqual(newTopicConfig('T', { readQueueNums: 3, writeQueueNums: 3 }))
    },
    'a topic that is not there is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.getTopicConfig, { topic: 'None' })).toBe('TOPIC_NOT_EXIST')
    },
  },
  getAllTopicConfig: {
    'all topics are told, with a version that counts up with each change': async ({ broker }) => {
      const before = await broker.topics()
      await broker.createTopic('T', 1)
      const { header, body } = await broker.ask(commands.getAllTopicConfig, {})
      const after = topicConfigAndMappingTableBody.decode(body)
      expect([...after.topicConfigTable.keys()]).toEqual([...before.topicConfigTable.keys(), 'T'])
      expect(header).toEqual({ totalTopicNum: after.topicConfigTable.size })
      expect(after.dataVersion.counter).toBe(before.dataVersion.counter + 1)
    },
    'pages of it put together are all of it': async ({ broker }) => {
      await broker.createTopic('T', 1)
      const all = await broker.topics()
      const names: string[] = []
      const dataVersion = JSON.stringify(all.dataVersion)
      for (let topicSeq = 0; topicSeq < all.topicConfigTable.size; topicSeq += 5) {
        const { body } = await broker.ask(commands.getAllTopicConfig, { topicSeq, maxTopicNum: 5, dataVersion })
        names.push(...topicConfigAndMappingTableBody.decode(body).topicConfigTable.keys())
      }
      expect(names).toEqual([...all.topicConfigTable.keys()])
    },
  },
  deleteTopicInBroker: {
    'a topic goes with its messages and the offsets in it': async (scene) => {
      const { broker } = scene
      await scene.store('T', 'a', 'b')
      await scene.join('g', 'T', scene.client)
      await broker.commitOffset('g', 'T', 0, 2)
      await broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
      expect(await configOf(scene, 'T')).toBeUndefined()
      await scene.store('T', 'new')
      expect(await scene.bodiesIn('T')).toEqual(['new'])
      expect(await broker.committedOffset('g', 'T', 0)).toBe(0)
    },
    'a topic that is not there can be deleted, and one of the system cannot': async ({ broker }) => {
      expect(await codeOf(broker, commands.deleteTopicInBroker, { topic: 'None' })).toBe('SUCCESS')
      expect(await codeOf(broker, commands.deleteTopicInBroker, { topic: 'TBW102' })).toBe('INVALID_PARAMETER')
      expect(await codeOf(broker, commands.deleteTopicInBroker, { topic: ' ' })).toBe('INVALID_PARAMETER')
      expect(await codeOf(broker, commands.deleteTopicInBroker, { topic: '../commitlog' })).toBe('INVALID_PARAMETER')
      expect((await broker.topics()).topicConfigTable.has('TBW102')).toBe(true)
    },
  },
  getTopicStatsInfo: {
    'the ends of each queue are told, and when it was written to last': async (scene) => {
      await scene.broker.createTopic('T', 2)
      for (const body of ['a', 'b']) await scene.broker.send({ topic: 'T', queueId: 1, body })
      const [, last] = await scene.broker.readQueue('T', 1)
      const { body } = await scene.broker.ask(commands.getTopicStatsInfo, { topic: 'T' })
      const queue = { topic: 'T', brokerName: 'broker-1' }
      expect(topicStatsBody.decode(body).offsetTable).toEqual([
        [
          { ...queue, queueId: 0 },
          { minOffset: 0, maxOffset: 0, lastUpdateTimestamp: 0 },
        ],
        [
          { ...queue, queueId: 1 },
          { minOffset: 0, maxOffset: 2, lastUpdateTimestamp: last!.storeTimestamp },
        ],
      ])
    },
    'a topic that is not there is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.getTopicStatsInfo, { topic: 'None' })).toBe('TOPIC_NOT_EXIST')
    },
  },
  queryTopicConsumeByWho: {
    'groups that subscribe to a topic or have offsets in it are told': async (scene) => {
      const { broker } = scene
      await scene.store('T', 'a')
      await scene.join('online', 'T', scene.client)
      await broker.pull({ topic: 'T', group: 'offline', commitOffset: 0 })
      await scene.join('elsewhere', 'U', scene.client)
      const told = async (topic: string) =>
        groupListBody.decode((await broker.ask(commands.queryTopicConsumeByWho, { topic })).body).groupList.sort()
      expect(await told('T')).toEqual(['offline', 'online'])
      expect(await told('None')).toEqual([])
    },
    'how far POP has seen the timer, which the broker notes as an offset, is no group': async (scene) => {
      const { broker } = scene
      await scene.store('T', 'a')
      await new PopConsumer(broker, scene.machine.name, 'g', 'T').pop()
      const { body } = await broker.ask(commands.queryTopicConsumeByWho, { topic: timerTopic })
      expect(groupListBody.decode(body).groupList).toEqual([])
    },
  },
  queryTopicsByConsumer: {
    'topics that a group has offsets in are told': async (scene) => {
      const { broker } = scene
      for (const topic of ['T', 'U', 'V']) await scene.store(topic, 'a')
      for (const topic of ['T', 'U']) await broker.pull({ topic, group: 'g', commitOffset: 0 })
      const told = async (group: string) =>
        topicListBody.decode((await broker.ask(commands.queryTopicsByConsumer, { group })).body)
      const { topicList, brokerAddr } = await told('g')
      expect([topicList.toSorted(), brokerAddr]).toEqual([['T', 'U'], scene.machine.address])
      expect((await told('none')).topicList).toEqual([])
    },
  },
  getSystemTopicListFromBroker: {
    'the topics of the system are told, and none of users': async (scene) => {
      await scene.store('T')
      const { body } = await scene.broker.ask(commands.getSystemTopicListFromBroker, {})
      const { topicList } = topicListBody.decode(body)
      const expected = ['TBW102', 'SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRACE_TOPIC', 'DefaultCluster', 'broker-1']
      expect(topicList).toEqual(expect.arrayContaining(expected))
      expect(topicList).not.toContain('T')
    },
  },
  cleanUnusedTopic: {
    'queues of topics that are not there go, and the others stay': async (scene) => {
      await scene.store('Lost', 'a', 'b')
      await scene.store('T', 'a', 'b')
      const again = await scene.restart(() => {
        const { disk } = scene.machine
        for (const file of ['topics.json', 'topics.json.bak', 'topics.journal']) {
          const path = `/data/store/config/${file}`
          if (disk.readFile(path) !== undefined) disk.remove(path)
        }
      })
      await again.createTopic('T', 1)
      expect([await again.maxOffset('Lost'), await again.maxOffset('T')]).toEqual([2, 2])
      await again.ask(commands.cleanUnusedTopic, {})
      expect([await again.maxOffset('Lost'), await again.maxOffset('T')]).toEqual([0, 2])
    },
  },
} satisfies Promises
