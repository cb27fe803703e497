import { commands, decodeRecallHandle, timerMetricsBody } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { codeOf, type Promises, type Scene, withSettings } from './scene.ts'

const recalls = { recallMessageEnable: 'true' }

async function sendTimed(scene: Scene, body: string, delayMs: number): Promise<string> {
  const answer = await scene.broker.send({ topic: 'T', body, properties: { TIMER_DELAY_MS: String(delayMs) } })
  return answer.recallHandle!
}

export const timers = {
  recallMessage: {
    'a message is taken back, with the id that it has, and no other': withSettings(recalls, async (scene) => {
      await scene.store('T')
      const handle = await sendTimed(scene, 'taken back', 5000)
      await sendTimed(scene, 'kept', 5000)
      const answer = await scene.broker.ask(commands.recallMessage, { topic: 'T', recallHandle: handle })
      expect(answer.header.msgId).toBe(decodeRecallHandle(handle).uniqueKey)
      await scene.cluster.sleep(8000)
      expect(await scene.bodiesIn('T')).toEqual(['kept'])
    }),
    'a message that is due cannot be taken back': withSettings(recalls, async (scene) => {
      await scene.store('T')
      const recallHandle = await sendTimed(scene, 'a', 2000)
      await scene.cluster.sleep(4000)
      expect(await codeOf(scene.broker, commands.recallMessage, { topic: 'T', recallHandle })).toBe('ILLEGAL_OPERATION')
      expect(await scene.bodiesIn('T')).toEqual(['a'])
    }),
    'what is no handle of this broker and topic is refused': withSettings(recalls, async (scene) => {
      await scene.store('T')
      await scene.store('U')
      const recallHandle = await sendTimed(scene, 'a', 60_000)
      const recall = (topic: string, handle: string) =>
        codeOf(scene.broker, commands.recallMessage, { topic, recallHandle: handle })
      const { topic, deliverMs, uniqueKey } = decodeRecallHandle(recallHandle)
      const elsewhere = Buffer.from(`v1 ${topic} another-broker ${deliverMs} ${uniqueKey}`).toString('base64url')
      expect(await recall('U', recallHandle)).toBe('ILLEGAL_OPERATION')
      expect(await recall('T', elsewhere)).toBe('ILLEGAL_OPERATION')
      expect(await recall('T', 'none')).toBe('ILLEGAL_OPERATION')
      expect(await recall('none', recallHandle)).toBe('TOPIC_NOT_EXIST')
      expect(await recall('T', recallHandle)).toBe('SUCCESS')
    }),
    'nobody takes a message back unless that is allowed': async (scene) => {
      await scene.store('T')
      const recallHandle = await sendTimed(scene, 'a', 60_000)
      expect(await codeOf(scene.broker, commands.recallMessage, { topic: 'T', recallHandle })).toBe('NO_PERMISSION')
    },
  },
  getTimerCheckPoint: {
    'how far the timer got is told, as it survives a failure of the power': async (scene) => {
      const startMs = scene.machine.wallMs
      await scene.store('T')
      for (const delayMs of [60_000, 61_000, 62_000]) await sendTimed(scene, 'a', delayMs)
      await scene.cluster.sleep(5000)
      const { body } = await scene.broker.ask(commands.getTimerCheckPoint, {})
      expect(body).toHaveLength(56)
      const [readMs, logEnd, queueOffset, masterOffset] = [0, 8, 16, 24].map((at) => Number(body.readBigInt64BE(at)))
      expect([logEnd, queueOffset, masterOffset]).toEqual([3 * 52, 3, 3])
      expect(Math.abs(readMs! - startMs)).toBeLessThan(6000)
    },
  },
  getTimerMetrics: {
    'how many messages of each topic wait is told': async (scene) => {
      await scene.store('T')
      await scene.store('U')
      for (const delayMs of [2000, 60_000, 60_000]) await sendTimed(scene, 'a', delayMs)
      await scene.broker.send({ topic: 'U', properties: { TIMER_DELAY_SEC: '30' } })
      const counts = async () => {
        const { body } = await scene.broker.ask(commands.getTimerMetrics, {})
        return Object.fromEntries(
          [...timerMetricsBody.decode(body).timingCount].map(([topic, { count }]) => [topic, count]),
        )
      }
      await scene.cluster.sleep(500)
      expect(await counts()).toEqual({ T: 3, U: 1 })
      await scene.cluster.sleep(4000)
      expect(await counts()).toEqual({ T: 2, U: 1 })
    },
  },
} satisfies Promises
