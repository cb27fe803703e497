import { commands, messageRequestModeSettingBody, messageRequestModeTableBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { createLiteGroup, createParent, LiteConsumer, PopConsumer, sendToLite } from '../src/index.ts'
import { Scene } from './commands/scene.ts'

const bodies = ['a', 'b', 'c', 'd', 'e']

/** A topic of which a group has consumed everything, which is written. */
async function consumed(): Promise<Scene> {
  const scene = await Scene.start()
  await scene.store('T', ...bodies)
  await scene.join('g', 'T', scene.client)
  await scene.broker.commitOffset('g', 'T', 0, bodies.length)
  // Offsets are written after 5 s, and consume queues after 10 s: none of their messages is read again after a kill.
  await scene.cluster.sleep(15_000)
  return scene
}

async function afterKill(scene: Scene) {
  scene.machine.kill()
  await scene.machine.start()
  return scene.newClient().broker(scene.machine)
}

describe('a topic that is made anew under the name of a deleted one', () => {
  test('has no offsets of that, although the broker dies at once', async () => {
    const scene = await consumed()
    await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
    await scene.store('T', ...bodies, ...bodies)
    const broker = await afterKill(scene)
    expect(await broker.maxOffset('T')).toBe(10)
    expect((await broker.committedOffset('g', 'T', 0)) ?? 0).toBe(0)
  })

  test('has none when the broker died while the earlier one was deleted', async () => {
    const scene = await consumed()
    void scene.broker.call(commands.deleteTopicInBroker, { topic: 'T' }).catch(() => {})
    while (scene.machine.disk.list('/data/store/consumequeue').includes('T')) await scene.cluster.sleep(1)
    await afterKill(scene)
    const made = scene.newClient().broker(scene.machine)
    await made.createTopic('T', 1)
    for (const body of [...bodies, ...bodies]) await made.send({ topic: 'T', body })
    const broker = await afterKill(scene)
    expect((await broker.committedOffset('g', 'T', 0)) ?? 0).toBe(0)
  })
})

test('messages that a deleted topic got in its last moments are in none that is made anew after the broker died', async () => {
  const scene = await Scene.start()
  await scene.broker.createTopic('T', 2)
  for (const queueId of [0, 1]) for (const body of bodies) await scene.broker.send({ topic: 'T', queueId, body })
  await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
  await scene.broker.createTopic('T', 2)
  await scene.broker.send({ topic: 'T', queueId: 1, body: 'new' })
  const broker = await afterKill(scene)
  expect(await broker.maxOffset('T', 0)).toBe(0)
  expect((await broker.readQueue('T', 1)).map(({ body }) => String(body))).toEqual(['new'])
  await broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
  const again = await afterKill(scene)
  await again.createTopic('T', 2)
  expect([await again.maxOffset('T', 0), await again.maxOffset('T', 1)]).toEqual([0, 0])
})

test('a group that was deleted with its offsets begins anew, although the broker dies at once', async () => {
  const scene = await consumed()
  await scene.broker.ask(commands.deleteSubscriptiongroup, { groupName: 'g', cleanOffset: true })
  const broker = await afterKill(scene)
  await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
  expect((await broker.committedOffset('g', 'T', 0)) ?? 0).toBe(0)
})

test.each(['topic', 'group'])('a %s that was deleted has no request mode when it is made anew', async (what) => {
  const scene = await Scene.start()
  await scene.store('T', 'a')
  await scene.join('g', 'T', scene.client)
  const setting = { topic: 'T', consumerGroup: 'g', mode: 'POP', popShareQueueNum: 0 } as const
  await scene.broker.ask(commands.setMessageRequestMode, {}, messageRequestModeSettingBody.encode(setting))
  if (what === 'topic') await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
  else await scene.broker.ask(commands.deleteSubscriptiongroup, { groupName: 'g', cleanOffset: false })
  const broker = await afterKill(scene)
  await broker.createTopic('T', 1)
  await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
  const { body } = await broker.ask(commands.getAllMessageRequestMode, {})
  expect(messageRequestModeTableBody.decode(body).messageRequestModeMap?.get('T')?.get('g')).toBeUndefined()
})

test('a topic that is deleted leaves a group whose name ends with its name what is to come again', async () => {
  const scene = await Scene.start()
  await scene.store('orders', 'of nobody')
  await scene.store('T', 'a')
  for (const group of ['svc', 'svc_orders']) await scene.join(group, 'T', scene.newClient())
  const [message] = await scene.broker.readQueue('T')
  await scene.broker.sendBack(message!, 'svc_orders', 1)
  await scene.cluster.sleep(3000)
  await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'orders' })
  expect(await scene.bodiesIn('%RETRY%svc_orders')).toEqual(['a'])
})

test('what was acknowledged in order of a deleted topic tells nothing of one that is made anew', async () => {
  const scene = await Scene.start()
  await scene.store('T', ...bodies)
  const consumer = () => new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
  const before = consumer()
  const { messages } = await before.pop({ order: true, maxMsgNums: 3 })
  expect(messages.length).toBe(3)
  // The first one is not acknowledged, so that the group does not go on behind them.
  for (const message of messages.slice(1)) expect(await before.ack(message)).toBe('SUCCESS')
  await scene.cluster.sleep(6000)
  await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
  await scene.store('T', ...bodies)
  await afterKill(scene)
  const given = (await consumer().pop({ order: true, maxMsgNums: 5 })).messages
  expect(given.map(({ body }) => String(body))).toEqual(bodies)
})

test('a lite topic of a deleted topic that is made anew is given from its start, although the broker dies at once', async () => {
  const scene = await Scene.start({ brokerSettings: { enableLmq: 'true' } })
  const consumer = async (broker = scene.newClient().broker(scene.machine)) => {
    const lite = new LiteConsumer(broker, scene.machine.name, 'g', 'P')
    await lite.subscribe('a')
    return lite
  }
  await createParent(scene.broker, 'P', -1)
  await createLiteGroup(scene.broker, 'g', 'P')
  for (const body of bodies) await sendToLite(scene.broker, 'P', 'a', body)
  const before = await consumer()
  for (const message of (await before.pop({ maxMsgNum: bodies.length })).messages) await before.ack(message)
  await scene.cluster.sleep(15_000)
  await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'P' })
  await createParent(scene.broker, 'P', -1)
  for (const body of ['1', '2']) await sendToLite(scene.broker, 'P', 'a', body)
  const again = await consumer(await afterKill(scene))
  expect(await again.bodies({ pollTime: 5000 })).toEqual(['1', '2'])
})

test.each(['stopped', 'killed'])('the messages of the last topic stay deleted when the broker was %s', async (how) => {
  const scene = await consumed()
  await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
  if (how === 'stopped') await scene.restart()
  else await afterKill(scene)
  const broker = scene.newClient().broker(scene.machine)
  await broker.createTopic('T', 1)
  expect(await broker.maxOffset('T')).toBe(0)
  await broker.send({ topic: 'T', body: 'new' })
  await scene.restart()
  expect((await scene.newClient().broker(scene.machine).readQueue('T')).map(({ body }) => String(body))).toEqual([
    'new',
  ])
})
