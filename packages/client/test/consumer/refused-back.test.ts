import { propertiesBytesMax } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { Producer, RetryAfter, type RocketMQError } from '../../src/index.ts'
import { send, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

test.each([
  ['none', 'retry'],
  ['queue', 'deadLetter'],
] as const)('a message that its broker does not take back is handled again (order %s, %s)', async (order, kind) => {
  const scene = await startScene()
  await scene.createTopic('T', 1)
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  // With the largest properties that the broker takes there is no room for what a retry needs.
  let filling = propertiesBytesMax
  for (let isSent = false; !isSent; filling--) {
    const sending = producer.send({ topic: 'T', body: 'large', properties: { filling: 'f'.repeat(filling) } })
    isSent = await scene.settle(sending.then(Boolean, (error: RocketMQError) => error.code === 'TIMEOUT'))
  }
  await send(scene, 'T', ['behind'])
  const group = new Group(scene)
  const decide = { onError: () => (kind === 'retry' ? { kind, delayMs: 1000 } : { kind }) } as const
  const { consumer } = await group.join('one', { topics: 'T', order, ...decide }, ({ attempt, body }) => {
    if (String(body) === 'large' && attempt < 4) throw new RetryAfter(1000)
  })
  const attempts = () => group.handled.filter(({ body }) => String(body) === 'large').map(({ attempt }) => attempt)
  await scene.cluster.until('it is handled', () => attempts().includes(4), 120_000)
  expect(attempts()).toEqual([1, 2, 3, 4])
  await group.sees(['behind'])
  await scene.settle(Promise.all([consumer.close(), producer.close()]))
  const next = await group.join('two', { topics: 'T', order })
  await scene.cluster.sleep(60_000)
  expect(group.handled).toHaveLength(5)
  await scene.settle(next.consumer.close())
})
