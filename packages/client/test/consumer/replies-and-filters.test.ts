import { describe, expect, test } from 'vitest'
import { Consumer, type ConsumerOptions, Producer } from '../../src/index.ts'
import { clientMachine, type Scene, startScene } from '../client-kit.ts'

async function consume(scene: Scene, options: Partial<ConsumerOptions>): Promise<Consumer> {
  const consumer = new Consumer({ ...scene.client(), group: 'readers', topics: 'T', from: 'earliest', ...options })
  await scene.settle(consumer.start())
  return consumer
}

describe('a request', () => {
  test('gets the reply of a consumer, many at a time each its own', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 2)
    const consumer = await consume(scene, {
      handler: (message, { reply }) => reply(message, `re: ${message.body}`),
    })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const asking = Array.from({ length: 20 }, (_, n) => producer.request({ topic: 'T', body: `question ${n}` }))
    const replies = await scene.settle(Promise.all(asking))
    expect(replies.map(({ body }) => String(body))).toEqual(Array.from({ length: 20 }, (_, n) => `re: question ${n}`))
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('ends with its time when nobody replies, and a reply says that nobody waits for it any more', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const machine = clientMachine(scene.cluster)
    const producer = new Producer({ ...scene.client(machine), group: 'shop' })
    const error = await scene.failure(producer.request({ topic: 'T', body: 'question' }, { timeoutMs: 2000 }))
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    machine.kill()
    await scene.cluster.sleep(1000)
    const failures: unknown[] = []
    const consumer = await consume(scene, {
      handler: async (message, { reply }) => {
        await reply(message, 'late').catch((failure) => failures.push(failure))
      },
    })
    await scene.cluster.until('it was replied to', () => failures.length === 1)
    expect(failures[0]).toMatchObject({ name: 'RocketMQError', outcome: 'refused' })
    await scene.settle(consumer.close())
  })

  test('is what a message has to be to be replied to', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'no question' }))
    const failures: unknown[] = []
    const consumer = await consume(scene, {
      handler: async (message, { reply }) => {
        await reply(message, 'x').catch((failure) => failures.push(failure))
      },
    })
    await scene.cluster.until('it was handled', () => failures.length === 1)
    expect(failures[0]).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })
})

describe('a filter by SQL92', () => {
  test('chooses messages by their properties', async () => {
    const scene = await startScene({ brokerSettings: { enablePropertyFilter: 'true' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const seen: string[] = []
    const consumer = await consume(scene, {
      topics: { T: { sql: "size > 5 AND colour = 'blue'" } },
      handler: ({ body }) => void seen.push(String(body)),
    })
    for (const [colour, size] of [
      ['blue', '9'],
      ['blue', '3'],
      ['red', '9'],
      ['blue', '6'],
    ] as const) {
      await scene.settle(producer.send({ topic: 'T', body: colour + size, properties: { colour, size } }))
    }
    await scene.cluster.until('both are seen', () => seen.length === 2)
    await scene.cluster.sleep(5000)
    expect(seen.sort()).toEqual(['blue6', 'blue9'])
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('chooses messages of a topic that is made later', async () => {
    const scene = await startScene({ brokerSettings: { enablePropertyFilter: 'true' } })
    const seen: string[] = []
    const consumer = await consume(scene, {
      topics: { T: { sql: 'size > 5' } },
      handler: ({ body }) => void seen.push(String(body)),
    })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    for (const size of ['9', '3', '7']) {
      await scene.settle(producer.send({ topic: 'T', body: size, properties: { size } }))
    }
    await scene.cluster.until('both are seen', () => seen.length === 2, 60_000)
    await scene.cluster.sleep(5000)
    expect(seen).toEqual(['9', '7'])
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('that cannot be read, or that brokers do not serve, is refused when the consumer starts', async () => {
    for (const [isServed, sql, code] of [
      ['true', 'size >', 'SUBSCRIPTION_PARSE_FAILED'],
      ['false', 'size > 5', 'SYSTEM_ERROR'],
    ] as const) {
      const scene = await startScene({ brokerSettings: { enablePropertyFilter: isServed } })
      await scene.createTopic('T', 1)
      const consumer = new Consumer({ ...scene.client(), group: 'readers', topics: { T: { sql } }, handler: () => {} })
      expect(await scene.failure(consumer.start())).toMatchObject({ code })
      await scene.settle(consumer.close())
    }
  })
})
