import { describe, expect, test } from 'vitest'
import { Admin, Producer } from '../../src/index.ts'
import { startScene } from '../client-kit.ts'

describe('a producer that sends several messages to a topic whose batches are stored whole', () => {
  test('is told the offset of each, and the place of the record that they share', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1, attributes: { 'queue.type': 'BatchCQ' } }))
    const producer = new Producer({ ...scene.client(), group: 'writers' })
    const bodies = ['a', 'b', 'c']
    const receipts = await scene.settle(producer.send(bodies.map((body) => ({ topic: 'T', body }))))
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const records = await broker.readQueue('T', 0, 0)
    expect(records).toHaveLength(1)
    expect(receipts.map(({ queueOffset }) => queueOffset)).toEqual([0, 1, 2])
    expect(new Set(receipts.map(({ offsetMessageId }) => offsetMessageId)).size).toBe(1)
    const found = await scene.settle(admin.messageAt(receipts[2]!.offsetMessageId))
    expect(found).toBeDefined()
    await scene.settle(Promise.all([producer.close(), admin.close()]))
  })
})
