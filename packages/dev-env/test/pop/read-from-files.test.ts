import { commands, responseCodes } from '@rocketmq-ts/protocol'
import { MessageStore } from '@rocketmq-ts/storage'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { GroupTable } from '../../../broker/src/groups/group-table.ts'
import { createLiteGroup, createParent, LiteConsumer, sendToLite } from '../../src/client/lite-consumer.ts'
import { type BrokerCalls, type ClusterClient, PopConsumer } from '../../src/index.ts'
import { readingLimits, Scene } from '../commands/scene.ts'

const read = MessageStore.prototype.read
/** Reads of a topic, whose name ends so, wait for this. */
let gate: { topic: string; opened: Promise<void>; open(): void; reached: Promise<void> } | undefined

/** What is read of a topic takes until the gate is opened, as if it were read from a slow disk. */
function readSlowly(topic: string) {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  gate = { topic, opened, open, reached }
  MessageStore.prototype.read = function (request) {
    const known = gate
    if (known === undefined || !request.topic.endsWith(known.topic)) return read.call(this, request)
    gate = undefined
    reach()
    return known.opened.then(() => read.call(this, request))
  }
  return gate
}

afterEach(() => {
  MessageStore.prototype.read = read
  gate = undefined
})

function consumerOf(scene: Scene, client: ClusterClient): PopConsumer {
  return new PopConsumer(client.broker(scene.machine), scene.machine.name, 'g', 'T')
}

const bodiesOf = ({ messages }: { messages: readonly { body: Buffer }[] }) => messages.map(({ body }) => String(body))

describe.each([
  ['by POP', { maxMsgNums: 32 }],
  ['by POP in order', { maxMsgNums: 32, order: true, attemptId: '1' }],
])('what is read from files %s', (_, fields) => {
  test.each(readingLimits.map((limit, index) => [index, limit] as const))(
    'is not given to a group that may not have it any more, and is as if it had not been (%i)',
    async (_index, limit) => {
      const scene = await Scene.start()
      await scene.store('T', 'a', 'b')
      const consumer = consumerOf(scene, scene.newClient())
      const slow = readSlowly('T')
      const waiting = consumer.pop({ ...fields, pollTime: 5000 })
      await slow.reached
      await limit(scene, false)
      slow.open()
      expect(await waiting).toMatchObject({ code: 'NO_PERMISSION', messages: [] })
      await limit(scene, true)
      const again = await consumer.pop(fields)
      expect(bodiesOf(again)).toEqual(['a', 'b'])
      expect(again.header.orderCountInfo ?? '').not.toMatch(/ [1-9]\d*$/)
    },
  )

  test('is given to others at once when the connection of who asked has ended', async () => {
    const scene = await Scene.start()
    await scene.store('T', 'a', 'b')
    const client = scene.newClient()
    const slow = readSlowly('T')
    consumerOf(scene, client)
      .pop({ ...fields, pollTime: 60_000 })
      .catch(() => {})
    await slow.reached
    const waiting = consumerOf(scene, scene.newClient()).pop({ ...fields, attemptId: '2', pollTime: 5000 })
    await scene.cluster.sleep(100)
    client.kill()
    await scene.cluster.sleep(100)
    slow.open()
    expect(bodiesOf(await waiting)).toEqual(['a', 'b'])
  })
})

test.each(readingLimits.map((limit, index) => [index, limit] as const))(
  'what was read from files to be shown is not shown to a group that may not have it any more (%i)',
  async (_index, limit) => {
    const scene = await Scene.start()
    await scene.store('T', 'a')
    const peek = () => {
      const header = { consumerGroup: 'g', topic: 'T', queueId: 0, maxMsgNums: 1 }
      return scene.newClient().broker(scene.machine).call(commands.peekMessage, header)
    }
    const slow = readSlowly('T')
    const peeking = peek()
    await slow.reached
    await limit(scene, false)
    slow.open()
    expect(await peeking).toMatchObject({ code: responseCodes.NO_PERMISSION.code, body: undefined })
    await limit(scene, true)
    expect((await peek()).code).toBe(responseCodes.SUCCESS.code)
  },
)

test.each(readingLimits.map((limit, index) => [index, limit] as const))(
  'the first request of a group is refused when it may not read any more once the group is on the disk (%i)',
  async (_index, limit) => {
    const scene = await Scene.start()
    await scene.store('T')
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    using disk = vi.spyOn(GroupTable.prototype, 'secured')
    disk.mockImplementationOnce(() => {
      reach()
      return opened
    })
    const popping = consumerOf(scene, scene.newClient()).pop({ pollTime: 5000 })
    await reached
    await limit(scene, false)
    await scene.broker.send({ topic: 'T', body: 'a' })
    open()
    expect(await popping).toMatchObject({ code: 'NO_PERMISSION', messages: [] })
  },
)

test('what was read of a lite topic is not given to a group that may not have it any more', async () => {
  const scene = await Scene.start({ brokerSettings: { enableLmq: 'true' } })
  const limit = async (consumeEnable: boolean) => {
    await scene.broker.changeSettings({ brokerPermission: consumeEnable ? '6' : '2' })
  }
  await createParent(scene.broker, 'T')
  await createLiteGroup(scene.broker, 'g', 'T')
  const broker: BrokerCalls = scene.newClient().broker(scene.machine)
  const consumer = new LiteConsumer(broker, scene.machine.name, 'g', 'T')
  await consumer.subscribe('a')
  await sendToLite(scene.broker, 'T', 'a', '1')
  const slow = readSlowly('a')
  const waiting = consumer.pop({ pollTime: 5000 })
  await slow.reached
  await limit(false)
  slow.open()
  expect(await waiting).toMatchObject({ code: 'NO_PERMISSION', messages: [] })
  await limit(true)
  const again = await consumer.pop({ pollTime: 5000 })
  expect(again.messages.map(({ body, count }) => [String(body), count])).toEqual([['1', 0]])
})
