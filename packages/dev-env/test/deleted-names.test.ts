import { commands, messageRequestModeSettingBody, messageRequestModeTableBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import {
  createLiteGroup,
  createParent,
  LiteConsumer,
  PopConsumer,
  type PoppedMessage,
  sendToLite,
} from '../src/index.ts'
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

/** The bodies that a group is given of a topic by POP. */
async function popped(scene: Scene, fields = {}, group = 'g', topic = 'T') {
  const consumer = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, group, topic)
  const { messages } = await consumer.pop({ maxMsgNums: 32, ...fields })
  return { consumer, messages, bodies: messages.map(({ body }) => String(body)) }
}

/** The bodies of those that do not come again, since nobody acknowledged them. */
function firstGiven(messages: readonly PoppedMessage[]): string[] {
  return messages.filter(({ reconsumeTimes }) => reconsumeTimes === 0).map(({ body }) => String(body))
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

test('a topic whose deletion was interrupted is empty, and groups begin at its next message', async () => {
  const scene = await consumed()
  const count = Number.POSITIVE_INFINITY
  const fault = scene.machine.faults.add({
    label: 'the topic stays',
    operation: 'write',
    path: /topics|consumerOffset/,
    kind: 'no-space',
    count,
  })
  void scene.broker.call(commands.deleteTopicInBroker, { topic: 'T' }).catch(() => {})
  while (scene.machine.disk.list('/data/store/consumequeue').includes('T')) await scene.cluster.sleep(1)
  const broker = await afterKill(scene)
  fault.remove()
  await broker.send({ topic: 'T', body: 'new' })
  expect((await broker.readQueue('T')).map(({ body }) => String(body))).toEqual(['new'])
  expect(await broker.committedOffset('g', 'T', 0)).toBe(0)
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

test('what POP gave a group that was deleted with its offsets tells nothing of how far one of its name is', async () => {
  const scene = await Scene.start()
  await scene.store('T', ...bodies)
  expect((await popped(scene, { invisibleTime: 4000 })).bodies).toEqual(bodies)
  // The checkpoint is in the revive topic by now, which is read after a crash.
  await scene.cluster.sleep(6000)
  await scene.broker.ask(commands.deleteSubscriptiongroup, { groupName: 'g', cleanOffset: true })
  await afterKill(scene)
  expect(firstGiven((await popped(scene)).messages)).toEqual(bodies)
})

test.each(['runs on', 'is restarted'])(
  'what a group acknowledged does not come again for one of its name that was deleted before, when the broker %s',
  async (how) => {
    const scene = await Scene.start()
    await scene.store('T', ...bodies)
    expect((await popped(scene, { invisibleTime: 20_000 })).bodies).toEqual(bodies)
    await scene.broker.ask(commands.deleteSubscriptiongroup, { groupName: 'g', cleanOffset: true })
    if (how === 'is restarted') await scene.restart()
    const { consumer, messages } = await popped(scene, { invisibleTime: 60_000 })
    expect(messages.length).toBe(bodies.length)
    for (const message of messages) expect(await consumer.ack(message)).toBe('SUCCESS')
    await scene.cluster.sleep(40_000)
    expect((await popped(scene)).bodies).toEqual([])
  },
)

test.each([
  ['was reset', 'a kill'],
  ['was reset', 'a restart'],
  ['was given the offsets of another one', 'a kill'],
])('a group that %s goes on there after %s, whatever POP gave it', async (what, how) => {
  const scene = await Scene.start()
  await scene.store('T', ...bodies)
  expect((await popped(scene, { invisibleTime: 60_000 })).bodies).toEqual(bodies)
  await scene.store('U', ...bodies)
  expect((await popped(scene, { invisibleTime: 4000 }, 'g', 'U')).bodies).toEqual(bodies)
  await scene.cluster.sleep(6000)
  for (const topic of ['T', 'U']) {
    if (what === 'was reset') {
      const where = { topic, group: 'g', timestamp: -1, isForce: true, queueId: 0, offset: 2 }
      await scene.broker.ask(commands.invokeBrokerToResetOffset, where)
    } else {
      await scene.join('other', topic, scene.newClient())
      await scene.broker.commitOffset('other', topic, 0, 2)
      const copied = { srcGroup: 'other', destGroup: 'g', topic, offline: true }
      await scene.broker.ask(commands.cloneGroupOffset, copied)
    }
  }
  if (how === 'a kill') await afterKill(scene)
  else await scene.restart()
  for (const topic of ['T', 'U']) {
    expect(firstGiven((await popped(scene, {}, 'g', topic)).messages)).toEqual(bodies.slice(2))
  }
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

/** A lite topic of which all is acknowledged, and how its light queue is called. */
async function consumedLite(settings: Record<string, string>, minutes: number) {
  const scene = await Scene.start({ brokerSettings: { enableLmq: 'true', ...settings } })
  await createParent(scene.broker, 'P', minutes)
  await createLiteGroup(scene.broker, 'g', 'P')
  for (const body of bodies) await sendToLite(scene.broker, 'P', 'a', body)
  const newConsumer = async () => {
    const lite = new LiteConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'P')
    await lite.subscribe('a')
    return lite
  }
  const consumer = await newConsumer()
  for (const message of (await consumer.pop()).messages) await consumer.ack(message)
  await scene.cluster.sleep(15_000)
  return { scene, newConsumer }
}

/** Sends to a lite topic in the moment in which it is gone, and has the broker die at once. */
async function usedAgainThenKilled(scene: Scene): Promise<string[]> {
  const made = Array.from({ length: 8 }, (_, index) => `new ${index}`)
  const isThere = () => scene.machine.disk.list('/data/store/consumequeue').includes('%LMQ%$P$a')
  for (let steps = 0; isThere(); steps++) {
    expect(steps).toBeLessThan(5000)
    await scene.cluster.sleep(100)
  }
  for (const body of made) await sendToLite(scene.broker, 'P', 'a', body)
  await afterKill(scene)
  return made
}

test('a lite topic whose time was over begins anew, although the broker dies when it is used again', async () => {
  const { scene, newConsumer } = await consumedLite({ minLiteTTl: '0', liteTtlCheckInterval: '1000' }, 1)
  const made = await usedAgainThenKilled(scene)
  expect(await (await newConsumer()).bodies({ pollTime: 5000 })).toEqual(made)
})

test('so does one whose messages the log has deleted', async () => {
  const { scene, newConsumer } = await consumedLite(
    {
      mappedFileSizeCommitLog: '16384',
      fileReservedTime: '1',
      deleteWhen: Array.from({ length: 24 }, (_, hour) => String(hour)).join(';'),
    },
    -1,
  )
  await scene.store('T', ...Array.from({ length: 40 }, () => 'x'.repeat(1000)))
  await scene.cluster.sleep(3_580_000)
  const made = await usedAgainThenKilled(scene)
  expect(await (await newConsumer()).bodies({ pollTime: 5000 })).toEqual(made)
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
