import { expect, test } from 'vitest'
import { Admin, Producer } from '../../src/index.ts'
import { numbered, type Scene, send, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

const order = 'shardingKey'
/** A failure of the power may take what was sent in the last seconds. */
const brokerSettings = { flushIntervalCommitLog: '20000', flushConsumeQueueThoroughInterval: '20000' }

async function sendInTurns(scene: Scene, first: number, end: number): Promise<void> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  for (let number = first; number < end; number++) {
    const messages = ['bad', 'good'].map((key) => ({ topic: 'T', body: `${key}:${number}`, shardingKey: key }))
    await scene.settle(producer.send(messages))
  }
  await scene.settle(producer.close())
}

// Seeds with which the failure of the power takes something.
test.each([
  [20, 3],
  [1000, 4],
  [180, 6],
  [20, 8],
])(
  'what a broker has still of a failing key is handled although the end of its log is lost (room for %i, seed %i)',
  async (pendingMessagesMax, seed) => {
    const scene = await startScene({ seed, brokerSettings })
    await scene.createTopic('T', 1)
    await sendInTurns(scene, 0, 60)
    await scene.cluster.sleep(45_000)
    const group = new Group(scene)
    let isBad = true
    const options = { topics: 'T', order, pendingMessagesMax, concurrency: 4 } as const
    const { consumer } = await group.join('one', options, ({ body }) => {
      if (isBad && String(body) === 'bad:0') throw new Error('not yet')
    })
    await group.sees(numbered(60, 'good:'), 30_000)
    await sendInTurns(scene, 60, 65)
    await group.sees(numbered(65, 'good:'), 30_000)
    const [broker] = scene.cluster.brokers
    broker!.powerLoss()
    await broker!.start()
    await scene.cluster.sleep(60_000)
    expect(await scene.cluster.newClient().broker(broker!).maxOffset('T')).toBeLessThan(130)
    await send(scene, 'T', numbered(90, 'new'), { shardingKey: 'good' })
    await scene.cluster.sleep(60_000)
    isBad = false
    await scene.cluster.sleep(300_000)
    const handled = new Set(group.bodies)
    expect((await scene.bodies('T')).filter((body) => !handled.has(body))).toEqual([])
    await scene.settle(consumer.close())
  },
)

test('a topic is handled on that is made anew while the places of a failing key are all that there may be', async () => {
  const scene = await startScene()
  await scene.createTopic('T', 1)
  await sendInTurns(scene, 0, 600)
  const group = new Group(scene)
  let isBad = true
  const { consumer } = await group.join('one', { topics: 'T', order, pendingMessagesMax: 4 }, ({ body }) => {
    if (isBad && String(body) === 'bad:0') throw new Error('not yet')
  })
  await scene.cluster.sleep(60_000)
  const admin = new Admin(scene.client())
  await scene.settle(admin.deleteTopic('T'))
  await scene.cluster.sleep(10_000)
  await scene.settle(admin.createTopic('T', { queues: 1 }))
  isBad = false
  await send(scene, 'T', numbered(10, 'new'), { shardingKey: 'good' })
  await scene.cluster.sleep(600_000)
  expect(group.bodies.filter((body) => body.startsWith('new'))).toEqual(numbered(10, 'new'))
  await scene.settle(Promise.all([consumer.close(), admin.close()]))
})
