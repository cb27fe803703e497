import { moveGap, StaticTopicAdmin } from '@rocketmq-ts/dev-env'
import { describe, expect, test } from 'vitest'
import { Producer, type SendReceipt } from '../../src/index.ts'
import { type Scene, startScene } from '../client-kit.ts'
import { Group } from '../consumer/group-kit.ts'

const topic = 'T'
const [one, two, three] = ['broker-1', 'broker-2', 'broker-3'] as const

async function start(leaders: readonly string[]): Promise<{ scene: Scene; admin: StaticTopicAdmin }> {
  const scene = await startScene({ brokers: 3 })
  const admin = new StaticTopicAdmin(scene.cluster, scene.cluster.client, topic)
  await admin.create(leaders)
  return { scene, admin }
}

describe('with a static topic', () => {
  test('a producer sends to its queues wherever they are led, and goes on when one moves', async () => {
    const { scene, admin } = await start([one, two])
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const send = (body: string, shardingKey?: string): Promise<SendReceipt> =>
      scene.settle(producer.send({ topic, body, ...(shardingKey === undefined ? {} : { shardingKey }) }))
    const before = await Promise.all(['a', 'b'].map((key) => send(key, key)))
    expect(new Set(before.map(({ queue }) => `${queue.broker} ${queue.queueId}`))).toEqual(
      new Set([`${one} 0`, `${two} 1`]),
    )
    await admin.move(0, three)
    const after = await Promise.all(['a', 'b'].map((key) => send(key, key)))
    // A key keeps its queue.
    expect(after.map(({ queue }) => queue.queueId)).toEqual(before.map(({ queue }) => queue.queueId))
    expect(new Set(after.map(({ queue }) => queue.broker))).toEqual(new Set([two, three]))
    await scene.settle(producer.close())
  })

  test('a consumer gets each message at its offset in the logical queue, from all its parts', async () => {
    const { scene, admin } = await start([one, two])
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const receipts: SendReceipt[] = []
    const bodies: string[] = []
    const send = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        const body = `${bodies.length}`
        bodies.push(body)
        receipts.push(await scene.settle(producer.send({ topic, body })))
      }
    }
    await send(10)
    const group = new Group(scene)
    const { consumer } = await group.join('member', { topics: topic })
    await group.sees(bodies)
    await admin.move(0, three)
    await send(10)
    await admin.move(1, one)
    await send(10)
    await group.sees(bodies, 120_000)
    const places = new Map(
      group.handled.map(({ body, queue, queueOffset }) => [String(body), [queue.queueId, queueOffset]]),
    )
    for (const [index, body] of bodies.entries()) {
      const { queue, queueOffset } = receipts[index]!
      expect(places.get(body)).toEqual([queue.queueId, queueOffset])
    }
    expect(receipts.at(-1)!.queueOffset).toBeGreaterThan(moveGap)
    await scene.settle(consumer.close())
    for (const id of [0, 1]) {
      const calls = admin.calls(admin.leaderOf(id))
      expect(await calls.committedOffset('readers', topic, id)).toBe(await calls.maxOffset(topic, id))
    }
    await scene.settle(producer.close())
  })
})
