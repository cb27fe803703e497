import { commands, parentTopicInfoBody } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { createLiteGroup, createParent, LiteConsumer, sendToLite } from '../src/index.ts'
import { Scene } from './commands/scene.ts'

/** A lite topic of which a group has taken everything, and the file of offsets says so. */
async function startConsumed(): Promise<Scene> {
  const scene = await Scene.start({ brokerSettings: { enableLmq: 'true' } })
  await createParent(scene.broker, 'P', 20)
  await createLiteGroup(scene.broker, 'g', 'P')
  const consumer = new LiteConsumer(scene.broker, scene.machine.name, 'g', 'P')
  await consumer.subscribe('a')
  for (const body of ['old 1', 'old 2', 'old 3', 'old 4']) await sendToLite(scene.broker, 'P', 'a', body)
  for (const message of (await consumer.pop()).messages) expect(await consumer.ack(message)).toBe('SUCCESS')
  await scene.cluster.sleep(12_000)
  return scene
}

async function remakeTopic({ broker }: Scene): Promise<void> {
  await broker.deleteTopic('P')
  await createParent(broker, 'P', 20)
}

async function awaitExpiry({ broker, cluster }: Scene): Promise<void> {
  const count = async () => {
    const { body } = await broker.ask(commands.getParentTopicInfo, { topic: 'P' })
    return parentTopicInfoBody.decode(body).liteTopicCount
  }
  for (let seconds = 0; (await count()) > 0; seconds++) {
    expect(seconds).toBeLessThan(3600)
    await cluster.sleep(1000)
  }
}

test.each([
  ['with its topic', remakeTopic],
  ['when its time was over', awaitExpiry],
])('where a group begins in a lite topic that went %s and was made anew outlives a kill', async (_how, go) => {
  const scene = await startConsumed()
  await go(scene)
  for (const body of ['1', '2']) await sendToLite(scene.broker, 'P', 'a', body)
  const consumer = new LiteConsumer(scene.broker, scene.machine.name, 'g', 'P')
  const offsetOption = { type: 'POLICY', value: 2 } as const
  expect(await consumer.change({ action: 'PARTIAL_ADD', liteTopicSet: ['a'], offsetOption })).toBe('SUCCESS')
  scene.machine.kill()
  await scene.machine.start()
  const again = new LiteConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'P')
  expect(await again.subscribe('a')).toBe('SUCCESS')
  await sendToLite(again.broker, 'P', 'a', '3')
  expect(await again.bodies({ pollTime: 5000 })).toEqual(['3'])
})

test.each([
  ['with its topic', remakeTopic],
  ['when its time was over', awaitExpiry],
])('where a group was to begin in a lite topic that went %s says nothing of the next one', async (_how, go) => {
  const scene = await startConsumed()
  const consumer = new LiteConsumer(scene.broker, scene.machine.name, 'g', 'P')
  const offsetOption = { type: 'OFFSET', value: 2 } as const
  expect(await consumer.change({ action: 'PARTIAL_ADD', liteTopicSet: ['a'], offsetOption })).toBe('SUCCESS')
  await go(scene)
  for (const body of ['1', '2', '3']) await sendToLite(scene.broker, 'P', 'a', body)
  scene.machine.kill()
  await scene.machine.start()
  const again = new LiteConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'P')
  expect(await again.subscribe('a')).toBe('SUCCESS')
  expect(await again.bodies({ pollTime: 5000 })).toEqual(['1', '2', '3'])
})
