import { describe, expect, test } from 'vitest'
import { Admin, Consumer, Producer, Reader } from '../../src/index.ts'
import { startScene } from '../client-kit.ts'

describe('clients of a namespace', () => {
  test('see its topics and groups by their own names, and nothing of others', async () => {
    const scene = await startScene()
    const seen: string[] = []
    const open = []
    for (const namespace of ['blue', 'red']) {
      const admin = new Admin({ ...scene.client(), namespace })
      await scene.settle(admin.createTopic('T', { queues: 1 }))
      const consumer = new Consumer({
        ...scene.client(),
        namespace,
        group: 'g',
        topics: { T: 'a' },
        from: 'earliest',
        handler: ({ topic, body, attempt, queue }) => {
          seen.push(`${namespace}: ${topic} ${queue.topic} ${body} ${attempt}`)
          if (attempt === 1) throw new Error('not yet')
        },
      })
      await scene.settle(consumer.start())
      const producer = new Producer({ ...scene.client(), namespace, group: 'p' })
      await scene.settle(producer.send({ topic: 'T', body: `of ${namespace}`, tag: 'a' }))
      open.push(admin, consumer, producer)
    }
    await scene.cluster.until('all are delivered again', () => seen.length === 4)
    expect(seen.sort()).toEqual([
      'blue: T %RETRY%g of blue 2',
      'blue: T T of blue 1',
      'red: T %RETRY%g of red 2',
      'red: T T of red 1',
    ])
    const reader = new Reader({ ...scene.client(), namespace: 'red', topic: 'T', to: 'latest' })
    const { value } = await scene.settle(reader.messages().next())
    expect(await scene.settle(reader.queues())).toEqual([{ topic: 'T', broker: 'broker-1', queueId: 0 }])
    expect((await scene.settle(reader.lag())).map(({ queue }) => queue.topic)).toEqual(['T'])
    expect((open[1] as Consumer).assigned.map(({ topic }) => topic).sort()).toEqual(['%RETRY%g', 'T'])
    expect(value).toMatchObject({ topic: 'T', queue: { topic: 'T' } })
    const admin = open[0] as Admin
    expect((await scene.settle(admin.progress('g', 'T'))).map(({ queue }) => queue.topic)).toEqual(['T'])
    expect(await scene.settle(admin.topics())).toEqual(expect.arrayContaining(['T', 'red%T', '%RETRY%g']))
    await scene.settle(Promise.all([reader.close(), ...open.map((one) => one.close())]))
  })
})
