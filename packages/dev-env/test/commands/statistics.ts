import { brokerStatsBody, commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { PopConsumer } from '../../src/index.ts'
import { codeOf, type Promises, type Scene } from './scene.ts'

async function statsOf({ broker }: Scene, statsName: string, statsKey: string) {
  return brokerStatsBody.decode((await broker.ask(commands.viewBrokerStatsData, { statsName, statsKey })).body)
}

export const statistics = {
  viewBrokerStatsData: {
    'messages and bytes that came and went in the last minute, hour and day are told': async (scene) => {
      const { broker, cluster } = scene
      await scene.store('T', 'a', 'b', 'c')
      const { messages } = await broker.pull({ topic: 'T', group: 'g', countMax: 2 })
      await cluster.sleep(10_000)
      const none = { sum: 0, tps: 0, avgpt: 0 }
      expect(await statsOf(scene, 'TOPIC_PUT_NUMS', 'T')).toEqual({
        statsMinute: { sum: 3, tps: 0.3, avgpt: 1 },
        statsHour: none,
        statsDay: none,
      })
      const recordBytes = messages[0]!.totalSize
      const size = (await statsOf(scene, 'TOPIC_PUT_SIZE', 'T')).statsMinute
      expect(size).toEqual({ sum: 3 * recordBytes, tps: (3 * recordBytes) / 10, avgpt: recordBytes })
      expect((await statsOf(scene, 'GROUP_GET_NUMS', 'T@g')).statsMinute).toEqual({ sum: 2, tps: 0.2, avgpt: 2 })
      await cluster.sleep(600_000)
      const later = await statsOf(scene, 'TOPIC_PUT_NUMS', 'T')
      expect([later.statsMinute, later.statsHour?.sum]).toEqual([none, 3])
    },
    'how long sends and pulls took is told by queue': async (scene) => {
      const { broker, cluster } = scene
      await scene.store('T', 'a')
      await broker.pull({ topic: 'T', group: 'g' })
      await cluster.sleep(10_000)
      for (const [name, key] of [
        ['TOPIC_PUT_LATENCY', '0@T'],
        ['GROUP_GET_LATENCY', '0@T@g'],
      ] as const) {
        expect((await statsOf(scene, name, key)).statsMinute?.sum).toBeGreaterThanOrEqual(0)
      }
      for (const [statsName, statsKey] of [
        ['TOPIC_PUT_LATENCY', '1@T'],
        ['GROUP_GET_LATENCY', '0@T@h'],
      ] as const) {
        expect(await codeOf(broker, commands.viewBrokerStatsData, { statsName, statsKey })).toBe('SYSTEM_ERROR')
      }
    },
    'what is sent back, dead letters and delayed messages are told, of the topic that they were sent to': async (
      scene,
    ) => {
      const { broker, cluster, client } = scene
      await scene.store('T', 'a')
      await scene.join('g', 'T', client)
      const [message] = await broker.readQueue('T')
      await broker.sendBack(message!, 'g', 1)
      await cluster.sleep(1500)
      const [again] = await broker.readQueue('%RETRY%g')
      await broker.sendBack(again!, 'g', -1)
      await cluster.sleep(10_000)
      const sum = async (name: string, key: string) => (await statsOf(scene, name, key)).statsMinute?.sum
      expect(await sum('SNDBCK_PUT_NUMS', 'T@g')).toBe(2)
      expect(await sum('DLQ_PUT_NUMS', 'T@g')).toBe(1)
      expect(await sum('SNDBCK2DLQ_TIMES', 'null@T@g@SEND_BACK_TO_DLQ')).toBe(1)
      expect(await sum('QUEUE_PUT_NUMS', 'SCHEDULE_TOPIC_XXXX@0')).toBe(1)
      expect(await sum('QUEUE_GET_NUMS', 'SCHEDULE_TOPIC_XXXX@0@SCHEDULE_CONSUMER')).toBe(1)
      expect(await sum('TOPIC_PUT_NUMS', '%RETRY%g')).toBe(1)
    },
    'what the broker stores together counts for each topic by itself': async (scene) => {
      const { broker, cluster } = scene
      for (const topic of ['T', 'U']) {
        await broker.createTopic(topic, 1)
        await broker.send({ topic, body: topic, properties: { DELAY: '1' } })
      }
      await cluster.sleep(12_000)
      for (const topic of ['T', 'U']) {
        expect((await statsOf(scene, 'TOPIC_PUT_NUMS', topic)).statsMinute).toMatchObject({ sum: 1, avgpt: 1 })
      }
    },
    'topics and groups that only a client names are counted nowhere': async (scene) => {
      const { broker, client } = scene
      await broker.createTopic('T', 1)
      await broker.send({ topic: 'T', body: 'a', properties: { RETRY_TOPIC: 'Invented' } })
      await scene.join('g', 'T', client)
      const [message] = await broker.readQueue('T')
      await broker.sendBack(message!, 'g', 1)
      const code = (statsName: string, statsKey: string) =>
        codeOf(scene.newClient().broker(scene.machine), commands.viewBrokerStatsData, { statsName, statsKey })
      expect(await code('SNDBCK_PUT_NUMS', 'Invented@g')).toBe('SYSTEM_ERROR')
      expect(await code('SNDBCK_PUT_NUMS', 'T@g')).toBe('SUCCESS')
      const popper = (calls = broker) => new PopConsumer(calls, scene.machine.name, 'g', 'T')
      const { messages } = await popper().pop({ invisibleTime: 60_000 })
      const again = popper(await scene.restart())
      expect(await again.ack(messages[0]!, { consumerGroup: 'invented' })).toBe('NO_MESSAGE')
      expect(await code('GROUP_ACK_NUMS', 'T@invented')).toBe('SYSTEM_ERROR')
    },
    'clients that register, and connections, are told': async (scene) => {
      const { cluster, client } = scene
      await scene.store('T')
      await scene.join('g', 'T', client)
      await cluster.sleep(10_000)
      expect((await statsOf(scene, 'CHANNEL_ACTIVITY', 'CONNECT')).statsMinute?.sum).toBeGreaterThan(0)
      expect((await statsOf(scene, 'CONSUMER_REGISTER_TIME', 'DefaultCluster')).statsMinute?.sum).toBe(0)
    },
    'after a restart all is counted anew': async (scene) => {
      await scene.store('T', 'a')
      await scene.cluster.sleep(10_000)
      expect((await statsOf(scene, 'TOPIC_PUT_NUMS', 'T')).statsMinute?.sum).toBe(1)
      const broker = await scene.restart()
      const header = { statsName: 'TOPIC_PUT_NUMS', statsKey: 'T' }
      expect(await codeOf(broker, commands.viewBrokerStatsData, header)).toBe('SYSTEM_ERROR')
      await broker.send({ topic: 'T', body: 'b' })
      const view = async () =>
        brokerStatsBody.decode((await broker.ask(commands.viewBrokerStatsData, header)).body).statsMinute
      expect(await view()).toEqual({ sum: 0, tps: 0, avgpt: 0 })
      await scene.cluster.sleep(10_000)
      expect(await view()).toEqual({ sum: 1, tps: 0.1, avgpt: 1 })
    },
    'what was never counted is refused': async (scene) => {
      await scene.store('T', 'a')
      const code = (statsName: string, statsKey: string) =>
        codeOf(scene.broker, commands.viewBrokerStatsData, { statsName, statsKey })
      expect(await code('TOPIC_PUT_NUMS', 'None')).toBe('SYSTEM_ERROR')
      expect(await code('NONE', 'T')).toBe('SYSTEM_ERROR')
      expect(await code('TOPIC_PUT_NUMS', 'T')).toBe('SUCCESS')
    },
  },
} satisfies Promises
