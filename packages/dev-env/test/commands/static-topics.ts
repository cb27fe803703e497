import {
  commands,
  responseCodeName,
  topicConfigAndMappingTableBody,
  topicQueueMappingTableBody,
} from '@rocketmq-ts/protocol'
import { ResponseError } from '@rocketmq-ts/remoting'
import { expect } from 'vitest'
import { StaticTopicAdmin } from '../../src/index.ts'
import type { Promises, Scene } from './scene.ts'

const broker = 'broker-1'

async function made(scene: Scene, queueCount = 2): Promise<StaticTopicAdmin> {
  const admin = new StaticTopicAdmin(scene.cluster, scene.client, 'T')
  await admin.create(Array.from({ length: queueCount }, () => broker))
  return admin
}

/** The name of the code that something is refused with. */
async function refusal(doing: Promise<unknown>): Promise<string | undefined> {
  return doing.then(
    () => 'SUCCESS',
    (error: unknown) => (error instanceof ResponseError ? responseCodeName(error.code) : Promise.reject(error)),
  )
}

const fileOf = ({ machine }: Scene) =>
  topicQueueMappingTableBody.parse(String(machine.disk.readFile('/data/store/config/topicQueueMapping.json')))

export const staticTopics = {
  updateAndCreateStaticTopic: {
    'a topic is as it was asked for, and the name servers know its logical queues with the answer': async (scene) => {
      const admin = await made(scene)
      const route = (await scene.nameServer.route('T'))!
      expect(route.queueDatas).toMatchObject([{ brokerName: broker, readQueueNums: 2, writeQueueNums: 2, perm: 6 }])
      expect(route.topicQueueMappingByBroker!.get(broker)).toMatchObject({
        ...{ topic: 'T', scope: '__global__', totalQueues: 2, bname: broker },
        currIdMap: new Map([
          [0, 0],
          [1, 1],
        ]),
      })
      expect(await admin.told(broker)).toEqual(admin.part(broker))
      const { body } = await scene.broker.ask(commands.getAllTopicConfig, {})
      expect(topicConfigAndMappingTableBody.decode(body).topicQueueMappingDetailMap).toEqual(
        new Map([['T', admin.part(broker)]]),
      )
    },
    'a topic survives a failure of the power, once it was answered': async (scene) => {
      const admin = await made(scene)
      await admin.calls(broker).send({ topic: 'T', queueId: 1, body: 'a' })
      scene.machine.powerLoss()
      await scene.machine.start()
      const again = new StaticTopicAdmin(scene.cluster, scene.newClient(), 'T')
      expect(await again.told(broker)).toEqual(admin.part(broker))
      expect(await again.leaders()).toEqual([broker, broker])
    },
    'a topic that is deleted has no logical queues any more, also after a kill': async (scene) => {
      const admin = await made(scene)
      expect(fileOf(scene).topicQueueMappingInfoMap).toEqual(new Map([['T', admin.part(broker)]]))
      await scene.broker.deleteTopic('T')
      scene.machine.kill()
      await scene.machine.start()
      expect(fileOf(scene).topicQueueMappingInfoMap).toEqual(new Map())
      const calls = scene.newClient().broker(scene.machine)
      await calls.createTopic('T', 1)
      expect(await calls.send({ topic: 'T', body: 'a' })).toMatchObject({ queueId: 0, queueOffset: 0 })
    },
    'messages go to the queue of their logical queue, which may be any that the broker leads': async (scene) => {
      const admin = await made(scene, 1)
      const { hostedQueues, ...rest } = admin.part(broker)
      const moved = new Map([[5, hostedQueues.get(0)!]])
      await scene.broker.deleteTopic('T')
      await admin.tell(broker, { ...rest, totalQueues: 6, hostedQueues: moved })
      expect(await scene.broker.send({ topic: 'T', queueId: 5, body: 'a' })).toMatchObject({
        queueId: 5,
        queueOffset: 0,
      })
      expect(await scene.broker.send({ topic: 'T', queueId: -1, body: 'b' })).toMatchObject({
        queueId: 5,
        queueOffset: 1,
      })
      const batch = ['c', 'd'].map((body) => ({ topic: 'T', queueId: 5, body }))
      expect(await scene.broker.sendBatch(batch)).toMatchObject({ queueId: 5, queueOffset: 2 })
      expect(await scene.bodiesIn('T', 5)).toEqual(['a', 'b', 'c', 'd'])
      expect(await scene.broker.maxOffset('T', 5)).toBe(4)
    },
    'a logical queue that the broker does not lead is refused': async (scene) => {
      await made(scene)
      const place = { topic: 'T', queueId: 2 }
      const refused = 'NOT_LEADER_FOR_QUEUE'
      expect(await refusal(scene.broker.send({ ...place, body: 'a' }))).toBe(refused)
      expect(await refusal(scene.broker.pull(place))).toBe(refused)
      expect(await refusal(scene.broker.maxOffset('T', 2))).toBe(refused)
      expect(await refusal(scene.broker.ask(commands.getMinOffset, place))).toBe(refused)
      expect(await refusal(scene.broker.commitOffset('g', 'T', 2, 0))).toBe(refused)
      expect(await refusal(scene.broker.committedOffset('g', 'T', 2))).toBe(refused)
    },
    'requests about queues of the broker itself, as other brokers send them, are answered': async (scene) => {
      await made(scene)
      await scene.broker.send({ topic: 'T', queueId: 1, body: 'a' })
      const header = { topic: 'T', queueId: 1, lo: false }
      expect((await scene.broker.ask(commands.getMaxOffset, { ...header, committed: true })).header.offset).toBe(1)
    },
    'a mapping of another broker, of another topic, or that contradicts the one before is refused': async (scene) => {
      const admin = await made(scene)
      const part = admin.part(broker)
      const { hostedQueues } = part
      const code = (changes: Partial<typeof part>) => refusal(admin.tell(broker, { ...part, ...changes }))
      expect(await code({ bname: 'broker-9' })).toBe('SYSTEM_ERROR')
      expect(await code({ topic: 'U' })).toBe('SYSTEM_ERROR')
      expect(await code({ epoch: part.epoch - 1 })).toBe('SYSTEM_ERROR')
      expect(await code({ scope: 'other', epoch: part.epoch + 1 })).toBe('SYSTEM_ERROR')
      expect(await code({ hostedQueues: new Map([[0, hostedQueues.get(0)!]]) })).toBe('SYSTEM_ERROR')
      const elsewhere = { ...hostedQueues.get(0)![0]!, queueId: 9 }
      const more = { epoch: part.epoch + 1, hostedQueues: new Map([[2, [elsewhere]]]) }
      expect(await code({ ...more, totalQueues: 3 })).toBe('INVALID_PARAMETER')
      expect(await code({ ...more, totalQueues: 2 })).toBe('SYSTEM_ERROR')
      expect(await code({ totalQueues: 65_537 })).toBe('SYSTEM_ERROR')
      expect(await admin.told(broker)).toEqual(part)
    },
    'a forced mapping takes the place of the one before, whatever that says': async (scene) => {
      const admin = await made(scene)
      const part = { ...admin.part(broker), epoch: 0 }
      await admin.tell(broker, part, true)
      expect(await admin.told(broker)).toEqual(part)
    },
    'the topic cannot lose queues that hold its messages': async (scene) => {
      await made(scene)
      expect(await refusal(scene.broker.createTopic('T', 1))).toBe('INVALID_PARAMETER')
      await scene.broker.createTopic('T', 3)
      expect(await scene.broker.send({ topic: 'T', queueId: 1, body: 'a' })).toMatchObject({
        queueId: 1,
        queueOffset: 0,
      })
    },
  },
} satisfies Promises
