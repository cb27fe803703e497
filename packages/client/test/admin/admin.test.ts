import { describe, expect, test } from 'vitest'
import { Admin, Consumer, Producer } from '../../src/index.ts'
import { send, startScene } from '../client-kit.ts'

describe('an admin', () => {
  test('makes, lists, describes and deletes topics on all brokers', async () => {
    const scene = await startScene({ brokers: 2, brokerSettings: { autoCreateTopicEnable: 'false' } })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('orders', { queues: 3 }))
    await scene.settle(admin.createTopic('part', { queues: 1, brokers: ['broker-2'], access: 'read' }))
    expect(await scene.settle(admin.topics())).toEqual(expect.arrayContaining(['orders', 'part']))
    await send(scene, 'orders', ['a', 'b'], { queue: { topic: 'orders', broker: 'broker-2', queueId: 1 } })
    const { queues } = await scene.settle(admin.describeTopic('orders'))
    expect(queues.length).toBe(6)
    expect(queues[4]).toMatchObject({
      queue: { topic: 'orders', broker: 'broker-2', queueId: 1 },
      minOffset: 0,
      maxOffset: 2,
    })
    expect(queues[4]!.lastStoredTimestamp).toBeGreaterThan(1_600_000_000_000)
    expect(queues[0]!.lastStoredTimestamp).toBeUndefined()
    await scene.settle(admin.deleteTopic('orders'))
    expect(await scene.settle(admin.topics())).not.toContain('orders')
    expect(await scene.failure(admin.describeTopic('orders'))).toMatchObject({ code: 'TOPIC_NOT_EXIST' })
    const unknown = await scene.failure(admin.createTopic('T', { brokers: ['nobody'] }))
    expect(unknown).toMatchObject({ code: 'BROKER_NOT_EXIST' })
    expect(unknown.message).toContain('broker-1, broker-2')
    await scene.settle(admin.close())
    expect(await scene.failure(admin.describeTopic('orders'))).toMatchObject({ code: 'CLOSED' })
  })

  test('makes, lists, describes and deletes groups', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    await scene.settle(admin.createGroup('readers', { retriesMax: 3 }))
    expect(await scene.settle(admin.groups())).toContain('readers')
    expect(await scene.settle(admin.describeGroup('readers'))).toEqual({
      group: 'readers',
      members: [],
      connections: [],
      subscriptions: {},
      isBroadcast: false,
    })
    const consumer = new Consumer({ ...scene.client(), group: 'readers', topics: { T: 'A || B' }, handler: () => {} })
    await scene.settle(consumer.start())
    const described = await scene.settle(admin.describeGroup('readers'))
    expect(described.members.map(({ clientId }) => clientId)).toEqual([consumer.clientId])
    expect(described.subscriptions).toMatchObject({ T: 'A || B' })
    await scene.settle(consumer.close())
    await scene.settle(admin.deleteGroup('readers'))
    expect(await scene.settle(admin.groups())).not.toContain('readers')
    await scene.settle(admin.close())
  })

  test('says how far a group is, and lets it go on elsewhere, online and offline', async () => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    const queue = { topic: 'T', broker: 'broker-1', queueId: 0 }
    await send(scene, 'T', ['m0', 'm1', 'm2'], { queue })
    const seen: string[] = []
    const open = () =>
      new Consumer({
        ...scene.client(),
        group: 'readers',
        topics: 'T',
        from: 'earliest',
        handler: ({ body }) => void seen.push(String(body)),
      })
    const consumer = open()
    await scene.settle(consumer.start())
    const lag = async (): Promise<number> => {
      const progress = await scene.settle(admin.progress('readers', 'T'))
      return progress.reduce((sum, one) => sum + one.lag, 0)
    }
    await scene.cluster.until('all is done', async () => (await lag()) === 0 && seen.length === 3)
    const planned = await scene.settle(admin.resetOffsets('readers', 'T', 'earliest', { dryRun: true }))
    expect(planned[0]).toEqual({ queue, before: 3, after: 0 })
    await scene.cluster.sleep(30_000)
    expect(seen.length).toBe(3)
    await scene.settle(admin.resetOffsets('readers', 'T', 'earliest'))
    await scene.cluster.until('all is read again', () => seen.length === 6, 60_000)
    await scene.cluster.until('all is done again', async () => (await lag()) === 0)
    await scene.settle(consumer.close())
    await scene.settle(admin.resetOffsets('readers', 'T', 'earliest'))
    const next = open()
    await scene.settle(next.start())
    await scene.cluster.until('all is read once more', () => seen.length === 9, 60_000)
    expect(seen).toEqual(['m0', 'm1', 'm2', 'm0', 'm1', 'm2', 'm0', 'm1', 'm2'])
    await scene.settle(Promise.all([next.close(), admin.close()]))
  })

  test('finds messages by place, id, and key within times', async () => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    const [first] = await send(scene, 'T', ['one'], { keys: ['k', 'other'] })
    await scene.cluster.sleep(10_000)
    const betweenMs = scene.cluster.brokers[0]!.wallMs
    await scene.cluster.sleep(10_000)
    await send(scene, 'T', ['two'], { keys: 'k' })
    const texts = (messages: readonly { body: Buffer }[]) => messages.map(({ body }) => String(body))
    const there = await scene.settle(admin.messageAt(first!.offsetMessageId))
    expect(there).toMatchObject({ body: Buffer.from('one'), queue: first!.queue, queueOffset: 0 })
    expect(await scene.settle(admin.messageAt(first!.offsetMessageId.replace(/..$/, 'FF')))).toBeUndefined()
    await scene.cluster.until(
      'they are indexed',
      async () => (await scene.settle(admin.messagesByKey('T', 'k'))).length === 2,
    )
    expect(texts(await scene.settle(admin.messagesById('T', first!.messageId)))).toEqual(['one'])
    expect(texts(await scene.settle(admin.messagesByKey('T', 'k')))).toEqual(['one', 'two'])
    expect(texts(await scene.settle(admin.messagesByKey('T', 'k', { from: betweenMs })))).toEqual(['two'])
    expect(texts(await scene.settle(admin.messagesByKey('T', 'k', { to: new Date(betweenMs) })))).toEqual(['one'])
    expect(await scene.settle(admin.messagesByKey('T', 'none'))).toEqual([])
    expect(await scene.failure(admin.messageAt('nonsense'))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(admin.close())
  })

  test('names brokers, what they say of themselves, and producers', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const admin = new Admin(scene.client())
    const brokers = await scene.settle(admin.brokers())
    expect(brokers.map(({ name }) => name)).toEqual(['broker-1', 'broker-2'])
    expect(brokers[0]!.addresses.get(0)).toBe(scene.cluster.brokers[0]!.address)
    expect((await scene.settle(admin.brokerStatus('broker-1'))).get('brokerVersionDesc')).toBe('V5_5_0')
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'x' }))
    await scene.cluster.until('it is known', async () => (await scene.settle(admin.producers('shop'))).length === 1)
    expect((await scene.settle(admin.producers('shop')))[0]!.clientId).toBe(producer.clientId)
    await scene.settle(Promise.all([producer.close(), admin.close()]))
  })

  test('waits for a broker that is away for a moment', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    scene.cluster.brokers[0]!.kill()
    const making = admin.createTopic('T', { queues: 1 }, { timeoutMs: 60_000 })
    await scene.cluster.sleep(3000)
    await scene.cluster.brokers[0]!.start()
    await scene.settle(making)
    await scene.settle(admin.close())
  })
})
