import {
  commands,
  consumeQueueCheckBody,
  dataVersionBody,
  haRuntimeBody,
  keyValueTableBody,
  parseJavaProperties,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import type { BrokerCalls } from '../../src/index.ts'
import { codeOf, type Promises, type Scene, withSettings } from './scene.ts'

const hourMs = 3_600_000

async function configOf(broker: BrokerCalls) {
  const { header, body } = await broker.ask(commands.getBrokerConfig, {})
  return {
    settings: Object.fromEntries(parseJavaProperties(body.toString('utf8'))),
    version: dataVersionBody.parse(header.version),
  }
}

const change = ({ broker }: Scene, text: string) => codeOf(broker, commands.updateBrokerConfig, {}, Buffer.from(text))

async function runtimeInfo({ broker }: Scene): Promise<Record<string, string>> {
  const { body } = await broker.ask(commands.getBrokerRuntimeInfo, {})
  return Object.fromEntries(keyValueTableBody.decode(body).table)
}

async function haStatus({ broker }: Scene) {
  return haRuntimeBody.decode((await broker.ask(commands.getBrokerHaStatus, {})).body)
}

export const administration = {
  updateBrokerConfig: {
    'a change is in force at once, and after a restart': async (scene) => {
      const sent = (broker: BrokerCalls, length: number) => broker.send({ topic: 'T', body: 'x'.repeat(length) })
      expect(await change(scene, 'maxMessageSize=10\n')).toBe('SUCCESS')
      await sent(scene.broker, 10)
      await expect(sent(scene.broker, 11)).rejects.toMatchObject({ code: 13 })
      const again = await scene.restart()
      await expect(sent(again, 11)).rejects.toMatchObject({ code: 13 })
    },
    'a setting that needs a restart is taken, and the answer says so': async (scene) => {
      const answer = await scene.broker.call(commands.updateBrokerConfig, {}, Buffer.from('brokerTopicEnable=false'))
      expect([answer.code, answer.remark]).toEqual([0, expect.stringContaining('brokerTopicEnable')])
    },
    'unknown settings, wrong values and those of the black list are refused, with all that came with them': async (
      scene,
    ) => {
      for (const line of ['noSuchSetting=1', 'maxMessageSize=many', 'maxMessageSize=-1']) {
        expect(await change(scene, `fileReservedTime=9\n${line}\n`)).toBe('INVALID_PARAMETER')
      }
      expect(await change(scene, 'fileReservedTime=9\nbrokerConfigPath=/x\n')).toBe('NO_PERMISSION')
      expect((await configOf(scene.broker)).settings.fileReservedTime).toBe('72')
    },
  },
  getBrokerConfig: {
    'all settings are told, with a version that counts up with each change': async (scene) => {
      const before = await configOf(scene.broker)
      expect(before.settings).toMatchObject({ brokerName: 'broker-1', listenPort: '10911', maxMessageSize: '4194304' })
      await change(scene, 'maxMessageSize=10\n')
      const after = await configOf(scene.broker)
      expect(after.settings).toEqual({ ...before.settings, maxMessageSize: '10' })
      expect(after.version.counter).toBe(before.version.counter + 1)
    },
  },
  getBrokerRuntimeInfo: {
    'messages that came and went, the log, and what waits are told': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      await scene.broker.pull({ topic: 'T', countMax: 2 })
      await scene.broker.send({ topic: 'T', body: 'd', properties: { DELAY: '1' } })
      await scene.cluster.sleep(1500)
      const messages = await scene.broker.readQueue('T')
      const info = await runtimeInfo(scene)
      expect(info).toMatchObject({
        brokerActive: 'true',
        brokerVersionDesc: 'V5_5_0',
        msgPutTotalTodayNow: '4',
        msgGetTotalTodayNow: '6',
        putMessageTimesTotal: '5',
        putMessageFailedTimes: '0',
        commitLogMinOffset: '0',
        earliestMessageTimeStamp: String(messages[0]!.storeTimestamp),
        scheduleMessageOffset_1: '1,1',
        sendThreadPoolQueueSize: '0',
        dispatchBehindBytes: '0',
      })
      expect(Number(info.commitLogMaxOffset)).toBeGreaterThan(messages.at(-1)!.physicalOffset)
      expect(info.putMessageSizeTotal).toBe(info.commitLogMaxOffset)
      expect(Number(info.bootTimestamp)).toBeLessThanOrEqual(scene.machine.wallMs)
    },
    'a held pull waits for a message, and not for its turn': async (scene) => {
      await scene.store('T')
      const held = scene.broker.pull({ topic: 'T', waitMs: 10_000 })
      await scene.cluster.sleep(100)
      expect((await runtimeInfo(scene)).pullThreadPoolQueueSize).toBe('0')
      await held
    },
  },
  deleteExpiredCommitlog: {
    'files of the log that are old enough go, whatever the hour, and the others stay': withSettings(
      { deleteWhen: '' },
      async (scene) => {
        const { broker, cluster, machine } = scene
        await broker.createTopic('T', 1)
        const send = async (count: number) => {
          for (let sent = 0; sent < count; sent++) await broker.send({ topic: 'T', body: 'x'.repeat(100_000) })
        }
        const first = async () => (await broker.ask(commands.getMinOffset, { topic: 'T', queueId: 0 })).header.offset
        const deleted = async () => {
          await broker.ask(commands.deleteExpiredCommitlog, {})
          await cluster.sleep(60_000)
          return await first()
        }
        await send(10)
        machine.jumpClock(71 * hourMs)
        expect(await deleted()).toBe(0)
        await send(10)
        machine.jumpClock(2 * hourMs)
        // Two messages fill a file. The fifth file got its end with the eleventh message, and is as young as that.
        expect(await deleted()).toBe(8)
        expect(await scene.bodiesIn('T')).toHaveLength(12)
      },
    ),
  },
  cleanExpiredConsumequeue: {
    'it succeeds, and what is there stays': async (scene) => {
      await scene.store('T', 'a')
      expect(await codeOf(scene.broker, commands.cleanExpiredConsumequeue, {})).toBe('SUCCESS')
      expect(await scene.bodiesIn('T')).toEqual(['a'])
    },
  },
  getBrokerHaStatus: {
    'a master tells how far its log is, and that it has no slaves': async (scene) => {
      await scene.store('T', 'a')
      const { commitLogMaxOffset } = await runtimeInfo(scene)
      expect(await haStatus(scene)).toMatchObject({
        master: true,
        masterCommitLogMaxOffset: Number(commitLogMaxOffset),
        inSyncSlaveNums: 0,
        haConnectionInfo: [],
        haClientRuntimeInfo: { masterFlushOffset: 0, activated: false },
      })
    },
  },
  resetMasterFlushOffset: {
    'it succeeds, and changes nothing at a master': async (scene) => {
      await scene.store('T', 'a')
      const before = await haStatus(scene)
      expect(await codeOf(scene.broker, commands.resetMasterFlushOffset, { masterFlushOffset: 0 })).toBe('SUCCESS')
      expect(await haStatus(scene)).toEqual(before)
    },
  },
  checkRocksdbCqWriteProgress: {
    'consume queues in files alone need no comparison': async ({ broker }) => {
      const { body } = await broker.ask(commands.checkRocksdbCqWriteProgress, { topic: '', checkStoreTime: 0 })
      expect(consumeQueueCheckBody.decode(body)).toMatchObject({ checkStatus: 0 })
    },
  },
  switchTimerEngine: {
    'the engine is the wheel in files, and no other can be had': async ({ broker }) => {
      const switchTo = (E_T?: string) => codeOf(broker, commands.switchTimerEngine, { E_T })
      expect(await switchTo('F')).toBe('SUCCESS')
      expect([await switchTo('R'), await switchTo('X'), await switchTo()]).toEqual(Array(3).fill('INVALID_PARAMETER'))
    },
  },
  setCommitlogReadMode: {
    'both modes are taken, and no other': async ({ broker }) => {
      const set = (READ_AHEAD_MODE: number) => codeOf(broker, commands.setCommitlogReadMode, { READ_AHEAD_MODE })
      expect([await set(0), await set(1)]).toEqual(['SUCCESS', 'SUCCESS'])
      expect([await set(2), await set(-1)]).toEqual(['INVALID_PARAMETER', 'INVALID_PARAMETER'])
    },
  },
} satisfies Promises
