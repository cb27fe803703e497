import { moveGap, StaticTopicAdmin } from '@rocketmq-ts/dev-env'
import { commands, lockBatchRequestBody, unlockBatchRequestBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { Admin, Producer, type SendReceipt, SimpleConsumer } from '../../src/index.ts'
import { numbered, type Scene, send, startScene } from '../client-kit.ts'
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
    const sendOne = (body: string, shardingKey?: string): Promise<SendReceipt> =>
      scene.settle(producer.send({ topic, body, ...(shardingKey === undefined ? {} : { shardingKey }) }))
    const before = await Promise.all(['a', 'b'].map((key) => sendOne(key, key)))
    expect(new Set(before.map(({ queue }) => `${queue.broker} ${queue.queueId}`))).toEqual(
      new Set([`${one} 0`, `${two} 1`]),
    )
    await admin.move(0, three)
    const after = await Promise.all(['a', 'b'].map((key) => sendOne(key, key)))
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
    const sendSome = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        const body = `${bodies.length}`
        bodies.push(body)
        receipts.push(await scene.settle(producer.send({ topic, body })))
      }
    }
    await sendSome(10)
    const group = new Group(scene)
    const { consumer } = await group.join('member', { topics: topic })
    await group.sees(bodies)
    await admin.move(0, three)
    await sendSome(10)
    await admin.move(1, one)
    await sendSome(10)
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

  test('a queue is locked by the name that the Java client locks it by', async () => {
    const { scene, admin } = await start([one, one])
    await send(scene, topic, numbered(20))
    const locked = { topic, brokerName: '__syslo__global__', queueId: 0 }
    const lock = { consumerGroup: 'readers', clientId: 'java', onlyThisBroker: false, mqSet: [locked] }
    await admin.calls(one).ask(commands.lockBatchMq, {}, lockBatchRequestBody.encode(lock))
    const group = new Group(scene)
    const { consumer } = await group.join('member', { topics: topic, order: 'queue' })
    await scene.cluster.until('queue 1 is consumed', () => group.handled.length === 10, 30_000)
    expect(new Set(group.handled.map(({ queue }) => queue.queueId))).toEqual(new Set([1]))
    await admin.calls(one).ask(commands.unlockBatchMq, {}, unlockBatchRequestBody.encode(lock))
    await group.sees(numbered(20), 120_000)
    await scene.settle(consumer.close())
  })

  test('POP gives each message once, those too that are on a broker which leads no queue any more', async () => {
    const { scene, admin } = await start([one])
    const admins = new Admin(scene.client())
    await scene.settle(admins.createGroup('readers'))
    await scene.settle(admins.setRequestMode('readers', topic, { mode: 'POP', sharedQueues: 0 }))
    await scene.settle(admins.close())
    await send(scene, topic, numbered(10, 'on one '))
    await admin.move(0, two)
    await send(scene, topic, numbered(10, 'on two '))
    const all = [...numbered(10, 'on one '), ...numbered(10, 'on two ')]
    const group = new Group(scene)
    const { consumer } = await group.join('member', { topics: topic })
    await group.sees(all, 60_000)
    await scene.settle(consumer.close())
    const simple = new SimpleConsumer({ ...scene.client(), group: 'simple', topics: topic, from: 'earliest' })
    const seen: string[] = []
    while (seen.length < all.length) {
      const messages = await scene.settle(simple.receive({ waitMs: 5000 }))
      expect(messages.length).toBeGreaterThan(0)
      seen.push(...messages.map(({ body }) => String(body)))
      await scene.settle(simple.ack(messages))
    }
    expect(seen.toSorted()).toEqual(all.toSorted())
    expect(group.bodies.toSorted()).toEqual(all.toSorted())
    await scene.settle(simple.close())
  })
})
