import { describe, expect, test } from 'vitest'
import { Producer } from '../../src/index.ts'
import { startScene } from '../client-kit.ts'

describe('a message with a delay', () => {
  test('comes after its time, given as a duration, as a moment or as a level', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const brokerMs = scene.cluster.brokers[0]!.wallMs
    await scene.settle(producer.send({ topic: 'T', body: 'level', delayLevel: 2 }))
    await scene.settle(producer.send({ topic: 'T', body: 'moment', deliverAt: new Date(brokerMs + 20_000) }))
    await scene.settle(producer.send({ topic: 'T', body: 'duration', delayMs: 35_000 }))
    const bodiesAfter = async (ms: number): Promise<string[]> => {
      await scene.cluster.sleep(ms)
      return scene.bodies('T')
    }
    expect(await bodiesAfter(4000)).toEqual([])
    expect(await bodiesAfter(4000)).toEqual(['level'])
    expect(await bodiesAfter(10_000)).toEqual(['level'])
    expect(await bodiesAfter(6000)).toEqual(['level', 'moment'])
    expect(await bodiesAfter(20_000)).toEqual(['level', 'moment', 'duration'])
    await scene.settle(producer.close())
  })

  test('never comes when it is recalled in time', async () => {
    const scene = await startScene({ brokerSettings: { recallMessageEnable: 'true' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const receipt = await scene.settle(producer.send({ topic: 'T', body: 'recalled', delayMs: 20_000 }))
    await scene.settle(producer.send({ topic: 'T', body: 'kept', delayMs: 20_000 }))
    await scene.cluster.sleep(3000)
    await scene.settle(producer.recall('T', receipt.recallHandle!))
    await scene.cluster.sleep(40_000)
    expect(await scene.bodies('T')).toEqual(['kept'])
    for (const handle of ['nonsense', Buffer.from('v1 U broker-1 5 x').toString('base64url')]) {
      expect(await scene.failure(producer.recall('T', handle))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await scene.settle(producer.close())
  })

  test('is refused at once where its broker forbids it', async () => {
    const scene = await startScene({ brokerSettings: { recallMessageEnable: 'false' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const { recallHandle = Buffer.from('v1 T broker-1 5 x').toString('base64url') } = await scene.settle(
      producer.send({ topic: 'T', body: 'x', delayMs: 20_000 }),
    )
    const error = await scene.failure(producer.recall('T', recallHandle))
    expect(error).toMatchObject({ code: 'NO_PERMISSION', attempts: 1 })
    await scene.settle(producer.close())
  })
})
