import { brokerStatsBody, commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
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
