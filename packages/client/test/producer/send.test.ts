import { inflateSync } from 'node:zlib'
import { commands, producerTableBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { json, type Message, Producer, SendManyError } from '../../src/index.ts'
import { clientMachine, startScene } from '../client-kit.ts'

describe('a producer', () => {
  test('stores a message with what it was given, where the receipt says', async () => {
    const scene = await startScene()
    await scene.createTopic('orders', 2)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const message: Message = Object.freeze({
      topic: 'orders',
      body: 'hello',
      tag: 'new',
      keys: Object.freeze(['4711', '4712']),
      properties: Object.freeze({ colour: 'blue' }),
      flag: 7,
    })
    const receipt = await scene.settle(producer.send(message))
    expect(receipt).toMatchObject({ status: 'STORED', queue: { topic: 'orders', broker: 'broker-1' }, queueOffset: 0 })
    const [stored] = await scene.cluster.client
      .broker(scene.cluster.brokers[0]!)
      .readQueue('orders', receipt.queue.queueId)
    expect(String(stored!.body)).toBe('hello')
    expect(stored!.flag).toBe(7)
    expect(Object.fromEntries(stored!.properties)).toMatchObject({
      TAGS: 'new',
      KEYS: '4711 4712',
      colour: 'blue',
      UNIQ_KEY: receipt.messageId,
    })
    await scene.settle(producer.close())
  })

  test.each([
    { attemptsMax: 0 },
    { compressOverBytes: -1 },
    { compressOverBytes: Number.NaN },
    { messageBytesMax: 0 },
    { messageBytesMax: Number.NaN },
  ])('is not made with a limit that is none: %j', (limits) => {
    const make = () => new Producer({ nameServers: 'localhost', group: 'shop', ...limits })
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  test('spreads messages over all queues of all brokers', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 2)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const places = new Set<string>()
    for (let number = 0; number < 8; number++) {
      const { queue } = await scene.settle(producer.send({ topic: 'T', body: String(number) }))
      places.add(`${queue.broker} ${queue.queueId}`)
    }
    expect(places.size).toBe(4)
    await scene.settle(producer.close())
  })

  test('sends messages of a sharding key to one queue, and to the queue that it is told', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 4)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const keyed = await scene.settle(
      Promise.all(
        Array.from({ length: 6 }, (_, n) => producer.send({ topic: 'T', body: `${n}`, shardingKey: 'customer-1' })),
      ),
    )
    expect(new Set(keyed.map(({ queue }) => `${queue.broker} ${queue.queueId}`)).size).toBe(1)
    expect(keyed.map(({ queueOffset }) => queueOffset)).toEqual([0, 1, 2, 3, 4, 5])
    const queue = { topic: 'T', broker: 'broker-2', queueId: 3 }
    expect((await scene.settle(producer.send({ topic: 'T', body: 'x', queue }))).queue).toEqual(queue)
    const chosen = await scene.settle(producer.send({ topic: 'T', body: 'x', queue: (queues) => queues[1]! }))
    expect(chosen.queue).toEqual({ topic: 'T', broker: 'broker-1', queueId: 1 })
    await scene.settle(producer.close())
  })

  test('makes a topic with its first message where the broker allows it', async () => {
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'true' } })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const { queue } = await scene.settle(producer.send({ topic: 'fresh', body: 'first' }))
    expect(await scene.bodies('fresh', { queueId: queue.queueId })).toEqual(['first'])
    await scene.settle(producer.close())
  })

  test('says that a topic does not exist where no message makes it', async () => {
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'false' } })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const error = await scene.failure(producer.send({ topic: 'missing', body: 'x' }, { timeoutMs: 2000 }))
    expect(error).toMatchObject({ code: 'TOPIC_NOT_EXIST', outcome: 'refused', topic: 'missing' })
    await scene.settle(producer.close())
  })

  test('sends several messages in one request and gives each its receipt', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const bodies = Array.from({ length: 50 }, (_, number) => `body ${number}`)
    const receipts = await scene.settle(producer.send(bodies.map((body) => ({ topic: 'T', body }))))
    expect(receipts.map(({ queueOffset }) => queueOffset)).toEqual(bodies.map((_, index) => index))
    expect(new Set(receipts.map(({ messageId }) => messageId)).size).toBe(50)
    expect(new Set(receipts.map(({ offsetMessageId }) => offsetMessageId)).size).toBe(50)
    expect(await scene.bodies('T')).toEqual(bodies)
    await scene.settle(producer.close())
  })

  test('says which of several messages are stored, and where', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const queue = { topic: 'T', broker: 'broker-1', queueId: 9 }
    const sending = producer.send([
      { topic: 'T', body: 'good' },
      { topic: 'T', body: 'bad', queue },
    ])
    const error = await scene.failure(sending)
    expect(error).toBeInstanceOf(SendManyError)
    expect((error as SendManyError).outcomes).toMatchObject([
      { receipt: { queue: { queueId: 0 }, queueOffset: 0 } },
      { error: { code: 'INVALID_PARAMETER', queueId: 9, broker: 'broker-1', attempts: 1 } },
    ])
    expect(await scene.bodies('T')).toEqual(['good'])
    await scene.settle(producer.close())
  })

  test('stores a message that it sent one-way', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.sendOneWay({ topic: 'T', body: 'gone' }))
    await scene.cluster.until('it is stored', async () => (await scene.bodies('T')).includes('gone'))
    await scene.settle(producer.close())
  })

  test('compresses a body over 4096 bytes once, and none that would grow', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const even = Buffer.alloc(5000, 'abc')
    const random = scene.cluster.simulation.fork().bytes(5000)
    const small = Buffer.alloc(4096, 'abc')
    for (const body of [even, random, small]) await scene.settle(producer.send({ topic: 'T', body }))
    const stored = await scene.cluster.client.broker(scene.cluster.brokers[0]!).readQueue('T')
    expect(stored.map(({ sysFlag }) => sysFlag & 0x701)).toEqual([0x301, 0, 0])
    expect(inflateSync(stored[0]!.body).equals(even)).toBe(true)
    expect(stored[1]!.body.equals(random)).toBe(true)
    expect(stored[2]!.body.equals(small)).toBe(true)
    await scene.settle(producer.close())
  })

  test('refuses what cannot be sent, before anything is sent', async () => {
    const scene = await startScene()
    const producer = new Producer({ ...scene.client(), group: 'shop', messageBytesMax: 100 })
    const cases: [Partial<Message>, string][] = [
      [{ topic: '' }, 'INVALID_ARGUMENT'],
      [{ body: '' }, 'INVALID_ARGUMENT'],
      [{ body: '', keys: 'k', delayMs: 5 }, 'INVALID_ARGUMENT'],
      [{ topic: 'a b' }, 'INVALID_ARGUMENT'],
      [{ topic: 'x'.repeat(128) }, 'INVALID_ARGUMENT'],
      [{ keys: 'two words' }, 'INVALID_ARGUMENT'],
      [{ properties: { UNIQ_KEY: 'mine' } }, 'INVALID_ARGUMENT'],
      [{ properties: { name: 'a\u0001b' } }, 'INVALID_ARGUMENT'],
      [{ delayMs: 5, delayLevel: 1 }, 'INVALID_ARGUMENT'],
      [{ delayMs: Number.NaN }, 'INVALID_ARGUMENT'],
      [{ priority: -1 }, 'INVALID_ARGUMENT'],
      [{ body: Buffer.alloc(101) }, 'MESSAGE_TOO_LARGE'],
    ]
    for (const [change, code] of cases) {
      const error = await scene.failure(producer.send({ topic: 'T', body: 'x', ...change }))
      expect(error, JSON.stringify(change)).toMatchObject({ code, outcome: 'refused', retryable: false })
    }
    await scene.settle(producer.close())
  })

  test('sends a message without a body that has keys: it deletes them from a compaction topic', async () => {
    const scene = await startScene()
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const receipt = await scene.settle(producer.send({ topic: 'T', body: '', keys: ['k'] }))
    expect(receipt.status).toBe('STORED')
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const [stored] = await broker.readQueue('T', receipt.queue.queueId)
    expect([stored!.body.length, stored!.properties.get('KEYS')]).toEqual([0, 'k'])
    await scene.settle(producer.close())
  })

  test('sends what its codec makes of a value', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', codec: json<{ id: number }>() })
    await scene.settle(producer.send({ topic: 'T', body: { id: 5 } }))
    expect(await scene.bodies('T')).toEqual(['{"id":5}'])
    await scene.settle(producer.close())
  })

  test('keeps its messages in its namespace', async () => {
    const scene = await startScene()
    await scene.createTopic('team%T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', namespace: 'team' })
    const receipt = await scene.settle(producer.send({ topic: 'T', body: 'mine' }))
    expect(receipt.queue.topic).toBe('T')
    expect(await scene.bodies('team%T')).toEqual(['mine'])
    await scene.settle(producer.close())
  })

  test('is known to its brokers under its group until it is closed', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const machine = clientMachine(scene.cluster)
    const producer = new Producer({ ...scene.client(machine), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'x' }))
    await scene.cluster.until('it is known', async () => (await connectedProducers(scene)) === 1)
    await scene.settle(producer.close())
    await scene.cluster.until('it is gone', async () => (await connectedProducers(scene)) === 0)
    const error = await scene.failure(producer.send({ topic: 'T', body: 'x' }))
    expect(error.code).toBe('CLOSED')
  })
})

async function connectedProducers({ cluster }: Awaited<ReturnType<typeof startScene>>): Promise<number> {
  const broker = cluster.client.broker(cluster.brokers[0]!)
  const { body } = await broker.ask(commands.getAllProducerInfo, {})
  return producerTableBody.decode(body).data.get('shop')?.length ?? 0
}
