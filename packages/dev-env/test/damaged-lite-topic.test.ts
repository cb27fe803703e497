import { commands, liteGroupInfoBody } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { createLiteGroup, createParent, LiteConsumer, sendToLite } from '../src/index.ts'
import { Scene } from './commands/scene.ts'

const slotBytes = 512
const names = ['a', 'b', 'c']

/** A broker that has just started, with a message in each of three lite topics. @param attributes of the group */
async function startWithThree(attributes: Record<string, string>): Promise<Scene> {
  const scene = await Scene.start({ brokerSettings: { enableLmq: 'true' } })
  await createParent(scene.broker, 'P')
  await createLiteGroup(scene.broker, 'g', 'P', attributes)
  for (const name of names) await sendToLite(scene.broker, 'P', name, name)
  await scene.restart()
  return scene
}

const consumerOf = (scene: Scene) =>
  new LiteConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'P')

function damageSecond({ machine }: Scene): void {
  const file = machine.disk.open('/data/store/consumequeue.light', 'update')
  file.write(Buffer.alloc(1, 0xff), 2 * slotBytes + 20)
  file.close()
}

test('a lite topic whose place on the disk is damaged while the broker runs is passed by, and the others are given', async () => {
  const scene = await startWithThree({ 'lite.sub.wildcard': 'true' })
  damageSecond(scene)
  const consumer = consumerOf(scene)
  await consumer.change({ action: 'COMPLETE_ADD' })
  await scene.cluster.sleep(30_000)
  expect((await consumer.bodies()).sort()).toEqual(['a', 'c'])
})

test('a request that comes to a damaged lite topic is given what stands in the others', async () => {
  const scene = await startWithThree({})
  const consumer = consumerOf(scene)
  await consumer.subscribe(...names)
  damageSecond(scene)
  expect((await consumer.bodies({ maxMsgNum: 32, invisibleTime: 60_000 })).sort()).toEqual(['a', 'c'])
})

test('who leaves a damaged lite topic leaves the others too, and the next one begins anew in these', async () => {
  const scene = await startWithThree({ 'lite.sub.model': 'Exclusive', 'lite.sub.reset.offset.unsubscribe': 'true' })
  const consumer = consumerOf(scene)
  await consumer.subscribe(...names)
  const { messages } = await consumer.pop({ maxMsgNum: 32 })
  for (const message of messages) expect(await consumer.ack(message)).toBe('SUCCESS')
  await scene.restart()
  damageSecond(scene)
  const again = consumerOf(scene)
  await again.change({ action: 'COMPLETE_ADD', liteTopicSet: names })
  expect(await again.change({ action: 'PARTIAL_REMOVE', liteTopicSet: names })).toBe('SUCCESS')
  const next = consumerOf(scene)
  expect(await next.subscribe(...names)).toBe('SUCCESS')
  expect((await next.bodies({ maxMsgNum: 32 })).sort()).toEqual(['a', 'c'])
})

test('who takes over a damaged lite topic has it, and the others', async () => {
  const scene = await startWithThree({ 'lite.sub.model': 'Exclusive', 'lite.sub.reset.offset.exclusive': 'true' })
  await consumerOf(scene).subscribe(...names)
  damageSecond(scene)
  const next = consumerOf(scene)
  expect(await next.subscribe(...names)).toBe('SUCCESS')
  expect((await next.bodies({ maxMsgNum: 32 })).sort()).toEqual(['a', 'c'])
})

test('who asks to begin somewhere in a damaged lite topic is told, and begins there in the others', async () => {
  const scene = await startWithThree({})
  const consumer = consumerOf(scene)
  damageSecond(scene)
  const offsetOption = { type: 'POLICY', value: 2 } as const
  const code = await consumer.change({ action: 'PARTIAL_ADD', liteTopicSet: names, offsetOption })
  expect(code).toBe('SYSTEM_ERROR')
  await sendToLite(consumer.broker, 'P', 'c', 'more')
  expect(await consumer.bodies({ maxMsgNum: 32 })).toEqual(['more'])
})

test('how far a group is behind is told of the lite topics beside a damaged one', async () => {
  const scene = await startWithThree({})
  const consumer = consumerOf(scene)
  await consumer.subscribe(...names)
  expect(await consumer.bodies({ maxMsgNum: 32 })).toHaveLength(3)
  await scene.restart()
  damageSecond(scene)
  const { body } = await scene.broker.ask(commands.getLiteGroupInfo, { group: 'g', topK: 10 })
  const { totalLagCount, lagCountTopK } = liteGroupInfoBody.decode(body)
  expect(totalLagCount).toBe(2)
  expect(lagCountTopK?.map(({ liteTopic }) => liteTopic).sort()).toEqual(['a', 'c'])
})

test('what a client that is gone was told, others are, also beside a damaged lite topic', async () => {
  const scene = await startWithThree({})
  const [gone, other] = [consumerOf(scene), consumerOf(scene)]
  await gone.subscribe(...names)
  damageSecond(scene)
  await other.change({ action: 'COMPLETE_ADD', liteTopicSet: names })
  const given: string[] = []
  while (given.length < 2) {
    given.push(...(await other.bodies({ maxMsgNum: 32, pollTime: 10_000, invisibleTime: 600_000 })))
    await other.change({ action: 'COMPLETE_ADD', liteTopicSet: names })
  }
  expect(given.sort()).toEqual(['a', 'c'])
})
