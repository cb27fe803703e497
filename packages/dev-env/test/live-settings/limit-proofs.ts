import { commands, lockBatchRequestBody, messageRequestModeSettingBody } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import type { Proof } from './proofs.ts'
import { Scene } from './scene.ts'

async function withTopic(settings: Record<string, string> = {}): Promise<Scene> {
  const scene = await Scene.start(settings)
  await scene.broker.createTopic('T', 1)
  return scene
}

/** By the key of the setting. */
export const limitProofs: Readonly<Record<string, Proof>> = {
  async maxAutoCreatedGroupNum() {
    const scene = await withTopic()
    const pull = (group: string) => scene.codeOf(scene.broker.pull({ topic: 'T', group }))
    expect(await pull('known')).toBe('SUCCESS')
    await scene.change({ maxAutoCreatedGroupNum: '1' })
    expect(await pull('invented')).toBe('SYSTEM_BUSY')
    expect(await pull('known')).toBe('SUCCESS')
    await scene.change({ maxAutoCreatedGroupNum: '1000' })
    expect(await pull('invented')).toBe('SUCCESS')
  },

  async maxLmqOffsetNum() {
    const scene = await withTopic({ enableLmq: 'true' })
    const commit = (topic: string) =>
      scene.codeOf(
        scene.broker.ask(commands.updateConsumerOffset, { consumerGroup: topic, topic, queueId: 0, commitOffset: 1 }),
      )
    expect(await commit('%LMQ%1')).toBe('SUCCESS')
    await scene.change({ maxLmqOffsetNum: '1' })
    expect(await commit('%LMQ%2')).toBe('LMQ_QUOTA_EXCEEDED')
    expect(await commit('%LMQ%1')).toBe('SUCCESS')
    await scene.change({ maxLmqOffsetNum: '2' })
    expect(await commit('%LMQ%2')).toBe('SUCCESS')
  },

  async maxMessageRequestModeNum() {
    const scene = await withTopic()
    const set = (consumerGroup: string) => {
      const setting = { topic: 'T', consumerGroup, mode: 'POP' as const, popShareQueueNum: 0 }
      const body = messageRequestModeSettingBody.encode(setting)
      return scene.codeOf(scene.broker.ask(commands.setMessageRequestMode, {}, body))
    }
    expect(await set('g')).toBe('SUCCESS')
    await scene.change({ maxMessageRequestModeNum: '1' })
    expect(await set('h')).toBe('SYSTEM_BUSY')
    expect(await set('g')).toBe('SUCCESS')
    await scene.change({ maxMessageRequestModeNum: '2' })
    expect(await set('h')).toBe('SUCCESS')
  },

  async maxQueueLockNum() {
    const scene = await withTopic()
    const lock = (consumerGroup: string) => {
      const mqSet = [{ topic: 'T', brokerName: scene.machine.name, queueId: 0 }]
      const body = lockBatchRequestBody.encode({ consumerGroup, clientId: 'c', onlyThisBroker: false, mqSet })
      return scene.codeOf(scene.broker.ask(commands.lockBatchMq, {}, body))
    }
    expect(await lock('g')).toBe('SUCCESS')
    await scene.change({ maxQueueLockNum: '1' })
    expect(await lock('h')).toBe('SYSTEM_BUSY')
    expect(await lock('g')).toBe('SUCCESS')
    await scene.cluster.sleep(61_000)
    expect(await lock('h')).toBe('SUCCESS')
  },
}
