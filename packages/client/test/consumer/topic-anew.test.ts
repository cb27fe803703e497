import { describe, expect, test } from 'vitest'
import { Admin, type ConsumerOptions, Reader } from '../../src/index.ts'
import { numbered, type Scene, send, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

/** Deletes the topic, and makes it anew later. */
async function makeAnew(scene: Scene, afterMs: number): Promise<void> {
  const admin = new Admin(scene.client())
  await scene.settle(admin.deleteTopic('T'))
  await scene.cluster.sleep(afterMs)
  await scene.settle(admin.createTopic('T', { queues: 2 }))
  await scene.settle(admin.close())
}

/** The group takes the topic by POP. */
async function setPop(scene: Scene): Promise<void> {
  const admin = new Admin(scene.client())
  await scene.settle(admin.createGroup('readers'))
  await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'POP' }))
  await scene.settle(admin.close())
}

describe('a consumer whose topic is deleted and made anew', () => {
  const kinds: [kind: string, options: Partial<ConsumerOptions>, isPop: boolean][] = [
    ['that pulls', {}, false],
    ['that handles in order', { order: 'queue' }, false],
    ['of its own', { broadcast: true }, false],
    ['that pops', {}, true],
  ]
  const rows = kinds.flatMap(([kind, options, isPop]) =>
    [0, 5000, 90_000].map((afterMs) => ({ kind, options, isPop, afterMs })),
  )
  test.for(rows)(
    '$kind handles what is sent to the new one once: $afterMs ms later',
    async ({ options, isPop, afterMs }) => {
      const scene = await startScene({ brokers: 2 })
      await scene.createTopic('T', 2)
      if (isPop) await setPop(scene)
      const group = new Group(scene)
      const { consumer } = await group.join('one', { topics: 'T', from: 'latest', ...options })
      await send(scene, 'T', numbered(40))
      await group.sees(numbered(40))
      const bodies = numbered(40)
      for (const round of [1, 2]) {
        await makeAnew(scene, afterMs)
        const added = numbered(8 * round, `round ${round}: `)
        bodies.push(...added)
        await send(scene, 'T', added)
        await group.sees(added, 60_000)
      }
      expect(group.bodies.toSorted()).toEqual(bodies.toSorted())
      await scene.settle(consumer.close())
    },
  )
})

test('a consumer that pops does not go over to pulling while its topic is gone', async () => {
  const scene = await startScene()
  await scene.createTopic('T', 2)
  await setPop(scene)
  const group = new Group(scene)
  const { consumer } = await group.join('one', { topics: 'T', from: 'latest' })
  const popped = consumer.assigned.filter(({ topic }) => topic === 'T')
  expect(popped.map(({ queueId }) => queueId)).toEqual([-1])
  const admin = new Admin(scene.client())
  await scene.settle(admin.deleteTopic('T'))
  // Queues are shared out every 20 s at the least, and brokers know what a topic was for 10 s.
  await scene.cluster.sleep(60_000)
  expect(consumer.assigned.filter(({ topic }) => topic === 'T')).toEqual(popped)
  await scene.settle(admin.createTopic('T', { queues: 2 }))
  await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'POP' }))
  await send(scene, 'T', numbered(8))
  await group.sees(numbered(8), 10_000)
  expect(group.bodies.toSorted()).toEqual(numbered(8))
  await scene.settle(Promise.all([consumer.close(), admin.close()]))
})

test('a reader that waits at the end reads on when its topic is made anew', async () => {
  const scene = await startScene()
  await scene.createTopic('T', 1)
  await send(scene, 'T', numbered(20))
  const reader = new Reader({ ...scene.client(), topic: 'T', from: 'earliest' })
  const bodies: string[] = []
  const reading = (async () => {
    for await (const { body } of reader) bodies.push(String(body))
  })()
  await scene.cluster.until('all are read', () => bodies.length === 20)
  const [broker] = scene.cluster.brokers
  broker!.kill()
  broker!.disk.removeFolder('/data')
  await broker!.start()
  const admin = new Admin(scene.client())
  await scene.settle(admin.createTopic('T', { queues: 1 }))
  await send(scene, 'T', numbered(5, 'new '))
  await scene.cluster.until('the new ones are read', () => bodies.length >= 25, 60_000)
  expect(bodies).toEqual([...numbered(20), ...numbered(5, 'new ')])
  await scene.settle(Promise.all([reader.close(), admin.close(), reading]))
})
