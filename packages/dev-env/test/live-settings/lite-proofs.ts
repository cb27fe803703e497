import { brokerStatsBody, commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { createLiteGroup, createParent, LiteConsumer, sendToLite } from '../../src/index.ts'
import type { Proof } from './proofs.ts'
import { Scene } from './scene.ts'

/** A broker with light queues. */
async function withLight(settings: Record<string, string> = {}): Promise<Scene> {
  const scene = await Scene.start({ enableLmq: 'true', ...settings })
  await scene.broker.createTopic('T', 1)
  return scene
}

/** A topic with lite topics, and a group of it. */
async function withLite(
  settings: Record<string, string> = {},
  attributes: Record<string, string> = {},
  minutes = -1,
): Promise<Scene> {
  const scene = await withLight(settings)
  await createParent(scene.broker, 'P', minutes)
  await createLiteGroup(scene.broker, 'g', 'P', attributes)
  return scene
}

function newConsumer(scene: Scene): LiteConsumer {
  return new LiteConsumer(scene.cluster.newClient().broker(scene.machine), scene.machine.name, 'g', 'P')
}

const fill = ({ broker }: Scene, name: string) =>
  broker.send({ topic: 'T', properties: { INNER_MULTI_DISPATCH: name } })

/** Milliseconds until a client is told of a second lite topic, of which there was one too many for it. */
async function untilTold(scene: Scene, attributes: Record<string, string> = {}): Promise<number> {
  const consumer = newConsumer(scene)
  if (Object.keys(attributes).length > 0) {
    await consumer.change({ action: 'COMPLETE_ADD' })
    // Until the group was gone through, as after each such change.
    await scene.cluster.sleep(20_000)
  } else await consumer.subscribe('a', 'b')
  for (const name of ['a', 'b']) await sendToLite(scene.broker, 'P', name, name)
  expect(await consumer.bodies({ invisibleTime: 200_000 })).toHaveLength(1)
  const told = await scene.durationMs(consumer.bodies({ pollTime: 100_000, invisibleTime: 200_000 }))
  await consumer.change({ action: 'COMPLETE_REMOVE' })
  return told
}

const wildcard = { 'lite.sub.wildcard': 'true' }
const delayMs = '60000'

/** By the key of the setting. */
export const liteProofs: Readonly<Record<string, Proof>> = {
  async enableLmqQuota() {
    const scene = await withLight({ maxLmqConsumeQueueNum: '1' })
    await fill(scene, '%LMQ%1')
    await fill(scene, '%LMQ%2')
    await scene.change({ enableLmqQuota: 'true' })
    expect(await scene.codeOf(fill(scene, '%LMQ%3'))).toBe('LMQ_QUOTA_EXCEEDED')
  },

  async maxLmqConsumeQueueNum() {
    const scene = await withLight({ enableLmqQuota: 'true' })
    await fill(scene, '%LMQ%1')
    await scene.change({ maxLmqConsumeQueueNum: '1' })
    expect(await scene.codeOf(fill(scene, '%LMQ%2'))).toBe('LMQ_QUOTA_EXCEEDED')
    await scene.change({ maxLmqConsumeQueueNum: '2' })
    expect(await scene.codeOf(fill(scene, '%LMQ%2'))).toBe('SUCCESS')
  },

  async enableLmqStats() {
    const scene = await withLight()
    await fill(scene, '%LMQ%1')
    const counted = async (statsKey: string): Promise<number | undefined> => {
      await scene.broker.pull({ topic: '%LMQ%1', group: '%LMQ%1' })
      await scene.cluster.sleep(20_000)
      const answer = await scene.broker.call(commands.viewBrokerStatsData, { statsName: 'GROUP_GET_NUMS', statsKey })
      return answer.code === 0 ? brokerStatsBody.decode(answer.body!).statsMinute?.sum : undefined
    }
    expect(await counted('%LMQ%@%LMQ%')).toBe(1)
    expect(await counted('%LMQ%1@%LMQ%1')).toBeUndefined()
    await scene.change({ enableLmqStats: 'true' })
    expect(await counted('%LMQ%1@%LMQ%1')).toBe(1)
  },

  async maxLiteSubscriptionCount() {
    const scene = await withLite()
    const consumer = newConsumer(scene)
    expect(await consumer.subscribe('a')).toBe('SUCCESS')
    await scene.change({ maxLiteSubscriptionCount: '1' })
    expect(await consumer.subscribe('b')).toBe('LITE_SUBSCRIPTION_QUOTA_EXCEEDED')
    await scene.change({ maxLiteSubscriptionCount: '2' })
    expect(await consumer.subscribe('b')).toBe('SUCCESS')
  },

  async maxClientEventCount() {
    const scene = await withLite()
    await scene.change({ maxClientEventCount: '2' })
    const consumer = newConsumer(scene)
    await consumer.subscribe('a', 'b', 'c')
    for (const name of ['a', 'b', 'c']) await sendToLite(scene.broker, 'P', name, name)
    expect(await consumer.bodies()).toHaveLength(2)
  },

  async liteEventFullDispatchDelayTime() {
    expect(await untilTold(await withLite({ maxClientEventCount: '1' }))).toBeLessThan(30_000)
    const scene = await withLite({ maxClientEventCount: '1' })
    await scene.change({ liteEventFullDispatchDelayTime: delayMs })
    const told = await untilTold(scene)
    expect(told).toBeGreaterThan(30_000)
    expect(told).toBeLessThan(100_000)
  },

  async liteEventFullDispatchDelayTimeForWildcardGroup() {
    const scene = await withLite({ maxClientEventCount: '1' }, wildcard)
    await scene.change({ liteEventFullDispatchDelayTimeForWildcardGroup: delayMs })
    const told = await untilTold(scene, wildcard)
    expect(told).toBeGreaterThan(30_000)
    expect(told).toBeLessThan(100_000)
  },

  async liteSubscriptionCheckTimeoutMills() {
    const scene = await withLite({ liteSubscriptionCheckInterval: '1000' })
    const consumer = newConsumer(scene)
    await scene.change({ liteSubscriptionCheckTimeoutMills: '10000' })
    await consumer.subscribe('a')
    await scene.cluster.sleep(12_000)
    await sendToLite(scene.broker, 'P', 'a', 'a')
    expect(await consumer.bodies()).toEqual([])
  },

  async minLiteTTl() {
    const scene = await withLite({ liteTtlCheckInterval: '1000' }, {}, 1)
    await sendToLite(scene.broker, 'P', 'a', 'a')
    await scene.cluster.sleep(100_000)
    expect(await scene.broker.maxOffset('%LMQ%$P$a')).toBe(1)
    await scene.change({ minLiteTTl: '1000' })
    await scene.cluster.sleep(3000)
    expect(await scene.broker.maxOffset('%LMQ%$P$a')).toBe(0)
  },
}
