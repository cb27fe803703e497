import { commands, topicQueueMappingDetailBody } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { Admin, Producer, type StaticTopicDescription } from '../../src/index.ts'
import { numbered, type Scene, startScene } from '../client-kit.ts'
import { Group } from '../consumer/group-kit.ts'

const topic = 'T'
const [one, two, three] = ['broker-1', 'broker-2', 'broker-3'] as const

async function start(): Promise<{ scene: Scene; admin: Admin }> {
  const scene = await startScene({ brokers: 3 })
  return { scene, admin: new Admin(scene.client()) }
}

const leaders = ({ queues }: StaticTopicDescription) => queues.map(({ leader }) => leader)

function machineOf(scene: Scene, broker: string) {
  return scene.cluster.brokers.find(({ name }) => name === broker)!
}

async function sendAll(scene: Scene, bodies: readonly string[]): Promise<void> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  for (const body of bodies) await scene.settle(producer.send({ topic, body }))
  await scene.settle(producer.close())
}

/** A group gets all of it. */
async function expectRead(scene: Scene, bodies: readonly string[]): Promise<void> {
  const group = new Group(scene)
  const { consumer } = await group.join('member', { topics: topic, from: 'earliest' })
  await group.sees(bodies, 120_000)
  await scene.settle(consumer.close())
}

/** Whether the name server knows a broker. */
async function isKnown(scene: Scene, admin: Admin, broker: string): Promise<boolean> {
  return (await scene.settle(admin.brokers())).some(({ name }) => name === broker)
}

async function away(scene: Scene, admin: Admin, broker: string): Promise<void> {
  machineOf(scene, broker).kill()
  await scene.cluster.until(`${broker} is forgotten`, async () => !(await isKnown(scene, admin, broker)), 600_000)
}

async function back(scene: Scene, admin: Admin, broker: string): Promise<void> {
  await machineOf(scene, broker).start()
  await scene.cluster.until(`${broker} is known`, () => isKnown(scene, admin, broker))
}

interface Item {
  gen: number
  bname: string
  queueId: number
  logicOffset: number
}

/** Tells a broker alone what the only queue of the topic is, as a tool does that looks at nothing. */
async function tell(scene: Scene, broker: string, epoch: number, items: readonly Item[], force: boolean) {
  const header = {
    ...{ topic, defaultTopic: 'TBW102', readQueueNums: 1, writeQueueNums: 1, perm: 6 },
    ...{ topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, force },
  }
  const whole = items.map((item) => ({ ...item, startOffset: 0, endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }))
  const body = topicQueueMappingDetailBody.encode({
    ...{ topic, scope: '__global__', totalQueues: 1, bname: broker, epoch, dirty: false, currIdMap: new Map() },
    hostedQueues: new Map([[0, whole]]),
  })
  const calls = scene.cluster.client.broker(machineOf(scene, broker))
  await calls.ask(commands.updateAndCreateStaticTopic, header, body)
}

const itemOf = (gen: number, bname: string): Item => ({ gen, bname, queueId: 0, logicOffset: gen * 10_000 })

test('a broker that was away while a topic grew and moved comes back with what it knew: that is told, completed, and nothing is lost', async () => {
  const { scene, admin } = await start()
  await scene.settle(admin.createStaticTopic(topic, { queues: 2, brokers: [one] }))
  await sendAll(scene, numbered(4, 'first '))
  await away(scene, admin, three)
  await scene.settle(admin.createStaticTopic(topic, { queues: 4, brokers: [one, two] }))
  await scene.settle(admin.moveStaticTopic(topic, { brokers: [two] }))
  await sendAll(scene, numbered(8, 'second '))
  await back(scene, admin, three)
  const shown = await scene.settle(admin.describeStaticTopic(topic))
  expect([shown.isUnfinished, shown.queues.flatMap(({ rivals }) => rivals)]).toEqual([true, []])
  expect(leaders(shown)).toEqual([two, two, two, two])
  await sendAll(scene, numbered(8, 'third '))
  expect((await scene.settle(admin.completeStaticTopic(topic))).after.isUnfinished).toBe(false)
  const moved = await scene.settle(admin.moveStaticTopic(topic, { brokers: [three] }))
  expect(leaders(moved.after)).toEqual([three, three, three, three])
  await sendAll(scene, numbered(8, 'fourth '))
  const all = ['first ', 'second ', 'third ', 'fourth '].flatMap((what) => numbered(what === 'first ' ? 4 : 8, what))
  await expectRead(scene, all)
  await scene.settle(admin.close())
})

test('a broker that led a queue, and from which it was taken while it was away, leads it no more once that is completed', async () => {
  const { scene, admin } = await start()
  await scene.settle(admin.createStaticTopic(topic, { queues: 1, brokers: [three] }))
  await sendAll(scene, numbered(4, 'first '))
  const { epoch } = await scene.settle(admin.describeStaticTopic(topic))
  await away(scene, admin, three)
  await tell(scene, two, epoch + 2, [itemOf(0, three), itemOf(1, two)], true)
  await sendAll(scene, numbered(4, 'second '))
  await back(scene, admin, three)
  const shown = await scene.settle(admin.describeStaticTopic(topic))
  expect(shown).toMatchObject({ isUnfinished: true, queues: [{ leader: two, rivals: [] }] })
  await sendAll(scene, numbered(4, 'third '))
  const { after } = await scene.settle(admin.completeStaticTopic(topic))
  expect(after).toMatchObject({ isUnfinished: false, queues: [{ leader: two, rivals: [] }] })
  await sendAll(scene, numbered(4, 'fourth '))
  await expectRead(
    scene,
    ['first ', 'second ', 'third ', 'fourth '].flatMap((what) => numbered(4, what)),
  )
  await scene.settle(admin.close())
})

test('a queue that two brokers lead is told, and nobody chooses one of them', async () => {
  const { scene, admin } = await start()
  await scene.settle(admin.createStaticTopic(topic, { queues: 1, brokers: [one] }))
  const { epoch } = await scene.settle(admin.describeStaticTopic(topic))
  for (const to of [two, three]) await tell(scene, to, epoch + 2, [itemOf(0, one), itemOf(1, to)], false)
  const shown = await scene.settle(admin.describeStaticTopic(topic))
  const [queue] = shown.queues
  expect([shown.isUnfinished, [queue!.leader, ...queue!.rivals].toSorted()]).toEqual([true, [two, three]])
  for (const change of [
    admin.completeStaticTopic(topic),
    admin.moveStaticTopic(topic, { brokers: [one] }),
    admin.createStaticTopic(topic, { queues: 2 }),
  ]) {
    expect((await scene.failure(change)).message).toMatch(/broker-. and broker-. lead its queue 0/)
  }
  await scene.settle(admin.close())
})
