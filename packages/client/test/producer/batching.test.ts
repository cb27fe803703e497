import { describe, expect, test } from 'vitest'
import { Producer } from '../../src/index.ts'
import { numbered, startScene } from '../client-kit.ts'

describe('automatic batches', () => {
  test('gather messages of a topic, each with a receipt of its own', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await scene.createTopic('U', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', batching: true })
    await scene.settle(producer.send({ topic: 'T', body: 'first' }))
    const bodies = numbered(100)
    const sending = bodies.map((body, n) => producer.send({ topic: n % 2 === 0 ? 'T' : 'U', body }))
    const receipts = await scene.settle(Promise.all(sending))
    expect(receipts.filter((_, n) => n % 2 === 0).map(({ queueOffset }) => queueOffset)).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    )
    expect(await scene.bodies('U')).toEqual(bodies.filter((_, n) => n % 2 === 1))
    expect(new Set(receipts.map(({ messageId }) => messageId)).size).toBe(100)
    await scene.settle(producer.close())
  })

  test.each<[string, object]>([
    ['a flag over 32 bits', { flag: 2 ** 31 }],
    ['a flag under 32 bits', { flag: -(2 ** 31) - 1 }],
    ['a broken flag', { flag: 1.5 }],
    ['a flag that is no number', { flag: Number.NaN }],
    ['too many properties', { properties: { a: 'ä'.repeat(16_384) } }],
    ['a tag that is no text', { tag: 5 }],
    ['keys that are no text', { keys: 7 }],
    ['a sharding key that is no text', { shardingKey: 5 }],
  ])('are not failed by a message with %s', async (_, extra) => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', batching: true })
    await scene.settle(producer.send({ topic: 'T', body: 'warm' }))
    const good = producer.send({ topic: 'T', body: 'good', flag: 2 ** 31 - 1, properties: { a: 'x'.repeat(32_500) } })
    const bad = producer.send({ topic: 'T', body: 'bad', ...extra } as never)
    expect(await scene.failure(bad)).toMatchObject({ code: 'INVALID_ARGUMENT', outcome: 'refused' })
    await scene.settle(good)
    expect(await scene.bodies('T')).toEqual(['warm', 'good'])
    await scene.settle(producer.close())
  })

  test('are sent after their linger, or when they are full', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const batching = { lingerMs: 500, messagesMax: 10, bytesMax: 5000 }
    const producer = new Producer({ ...scene.client(), group: 'shop', batching })
    await scene.settle(producer.send({ topic: 'T', body: 'warm' }))
    const { simulation } = scene.cluster
    const timed = async (bodies: readonly string[]): Promise<number> => {
      const startMs = simulation.monotonic()
      await scene.settle(Promise.all(bodies.map((body) => producer.send({ topic: 'T', body }))))
      return simulation.monotonic() - startMs
    }
    expect(await timed(numbered(3))).toBeGreaterThanOrEqual(500)
    expect(await timed(numbered(10))).toBeLessThan(200)
    expect(await timed(['x'.repeat(3000), 'y'.repeat(3000)])).toBeGreaterThanOrEqual(500)
    // What does not fit any more is sent at once; what came after it waits.
    const startMs = simulation.monotonic()
    const [full, waiting] = ['x'.repeat(3000), 'y'.repeat(3000)].map((body) => producer.send({ topic: 'T', body }))
    await scene.settle(full!)
    expect(simulation.monotonic() - startMs).toBeLessThan(200)
    await scene.settle(waiting!)
    expect(simulation.monotonic() - startMs).toBeGreaterThanOrEqual(500)
    await scene.settle(producer.close())
  })

  test('do not wait for their linger when the producer is closed', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const codec = { encode: async (body: string) => Buffer.from(body), decode: String }
    const batching = { lingerMs: 60_000, pendingBytesMax: 100 }
    const producer = new Producer({ ...scene.client(), group: 'shop', batching, codec })
    const sending = numbered(5, 'x'.repeat(40)).map((body) => producer.send({ topic: 'T', body }))
    const startMs = scene.cluster.simulation.monotonic()
    await scene.settle(producer.close())
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(5000)
    expect(await scene.settle(Promise.all(sending))).toHaveLength(5)
  })

  test('leave alone what cannot share a request', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 4)
    const producer = new Producer({ ...scene.client(), group: 'shop', batching: { lingerMs: 60_000 } })
    const queue = { topic: 'T', broker: 'broker-1', queueId: 2 }
    const sending = [
      producer.send({ topic: 'T', body: 'a', delayLevel: 1 }),
      producer.send({ topic: 'T', body: 'b', shardingKey: 'k' }),
      producer.send({ topic: 'T', body: 'c', queue }),
      producer.send({ topic: 'T', body: 'd'.repeat(10_000) }),
    ]
    await scene.settle(Promise.all(sending), 5000)
    await scene.settle(producer.close())
  })

  test('make sends wait for room, which a signal or the time of a call ends', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const batching = { pendingBytesMax: 3000 }
    const producer = new Producer({ ...scene.client(), group: 'shop', batching })
    await scene.settle(producer.send({ topic: 'T', body: 'warm' }))
    scene.cluster.brokers[0]!.pause()
    const first = producer.send({ topic: 'T', body: 'x'.repeat(2500) }, { timeoutMs: 60_000 })
    const late = await scene.failure(producer.send({ topic: 'T', body: 'y'.repeat(2500) }, { timeoutMs: 300 }))
    expect(late).toMatchObject({ code: 'TIMEOUT', outcome: 'refused' })
    const waiting = producer.send({ topic: 'T', body: 'z'.repeat(2500) }, { timeoutMs: 60_000 })
    scene.cluster.brokers[0]!.resume()
    await scene.settle(Promise.all([first, waiting]))
    const bodies = (await scene.bodies('T')).map((body) => body[0])
    expect(bodies).not.toContain('y')
    expect(bodies.at(-1)).toBe('z')
    await scene.settle(producer.close())
  })

  test('are sent when the producer is closed', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', batching: { lingerMs: 60_000 } })
    const sending = numbered(5).map((body) => producer.send({ topic: 'T', body }))
    await scene.cluster.sleep(100)
    await scene.settle(producer.close())
    await scene.settle(Promise.all(sending))
    expect(await scene.bodies('T')).toEqual(numbered(5))
  })

  test('that are refused for one of their messages are sent message by message', async () => {
    const scene = await startScene({ brokerSettings: { maxMessageSize: '4000' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', batching: true })
    await scene.settle(producer.send({ topic: 'T', body: 'warm' }))
    const sending = ['good', 'x'.repeat(4096), 'also good'].map((body) => producer.send({ topic: 'T', body }))
    const outcomes = await scene.settle(Promise.allSettled(sending))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await scene.bodies('T')).toEqual(['warm', 'good', 'also good'])
    await scene.settle(producer.close())
  })
})

describe('a stream of messages', () => {
  test('is sent many at a time, with receipts in its order, and read no further ahead than it may be', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', batching: true })
    let given = 0
    let taken = 0
    async function* source() {
      for (; given < 200; given++) {
        expect(given - taken).toBeLessThanOrEqual(50)
        yield { topic: 'T', body: `m${given}` }
      }
    }
    const reading = (async () => {
      for await (const { queueOffset } of producer.sendStream(source(), { concurrency: 50 })) {
        expect(queueOffset).toBe(taken++)
      }
    })()
    await scene.settle(reading)
    expect(await scene.bodies('T')).toEqual(numbered(200))
    await scene.settle(producer.close())
  })

  test('ends with the error of the message that is not stored', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const stream = producer.sendStream([
      { topic: 'T', body: 'a' },
      { topic: 'no topic', body: 'b' },
      { topic: 'T', body: 'c' },
    ])
    const first = await scene.settle(stream.next())
    expect(first.value).toMatchObject({ queueOffset: 0 })
    expect(await scene.failure(stream.next())).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(producer.close())
  })
})
