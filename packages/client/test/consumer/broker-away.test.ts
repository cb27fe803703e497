import type { BrokerMachine } from '@rocketmq-ts/dev-env'
import { expect, test } from 'vitest'
import { Admin, Producer } from '../../src/index.ts'
import { numbered, type Scene, startScene } from '../client-kit.ts'
import { Group, type Member } from './group-kit.ts'

/** Sends bodies to the first queue of a broker. */
async function sendTo(scene: Scene, broker: string, bodies: readonly string[]): Promise<void> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  for (const body of bodies) {
    await scene.settle(producer.send({ topic: 'T', body, queue: { topic: 'T', broker, queueId: 0 } }), 60_000)
  }
  await scene.settle(producer.close())
}

/** The members have noticed that a broker is there or not. */
async function read(scene: Scene, members: readonly Member[], brokers: readonly string[]): Promise<void> {
  await scene.cluster.until('the queues are shared out', () => {
    const assigned = members.flatMap(({ consumer }) =>
      consumer.assigned.filter(({ topic }) => topic === 'T').map(({ broker }) => broker),
    )
    return String(assigned.toSorted()) === String(brokers.toSorted())
  })
}

/** Name servers forget the broker, and what it does meanwhile happens while nobody reads it. */
async function whileAway(scene: Scene, members: readonly Member[], meanwhile: (broker: BrokerMachine) => unknown) {
  const [broker] = scene.cluster.brokers
  broker!.kill()
  await read(scene, members, ['broker-2'])
  await meanwhile(broker!)
  await broker!.start()
}

test.for([0, 3_600_000, -3_600_000])(
  'a consumer handles nothing twice of what it did before its broker was killed: clock ahead by %i ms',
  async (aheadMs) => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const group = new Group(scene)
    const member = await group.join('one', { topics: 'T' })
    member.machine.jumpClock(aheadMs)
    await sendTo(scene, 'broker-1', numbered(50))
    await group.sees(numbered(50))
    await whileAway(scene, [member], () => {})
    await sendTo(scene, 'broker-1', ['last'])
    await group.sees([...numbered(50), 'last'], 60_000)
    expect(group.bodies).toEqual([...numbered(50), 'last'])
    await scene.settle(member.consumer.close())
  },
)

test('a consumer that was given nothing misses nothing of a broker that comes back with an empty disk', async () => {
  const scene = await startScene({ brokers: 2 })
  await scene.createTopic('T', 1)
  await sendTo(scene, 'broker-1', numbered(3, 'old '))
  const group = new Group(scene)
  const member = await group.join('one', { topics: 'T', from: 'latest' })
  member.machine.jumpClock(50_000)
  await whileAway(scene, [member], ({ disk }) => disk.removeFolder('/data'))
  const admin = new Admin(scene.client())
  await scene.settle(admin.createTopic('T', { queues: 1 }))
  await sendTo(scene, 'broker-1', numbered(5))
  await group.sees(numbered(5), 60_000)
  expect(group.bodies.toSorted()).toEqual(numbered(5))
  await scene.settle(Promise.all([member.consumer.close(), admin.close()]))
})

test('a consumer misses nothing that is sent before it is back at a broker that has forgotten where the group began', async () => {
  const scene = await startScene({ brokers: 2 })
  await scene.createTopic('T', 1)
  const group = new Group(scene)
  const member = await group.join('one', { topics: 'T', from: 'latest' })
  await sendTo(scene, 'broker-1', numbered(3))
  await group.sees(numbered(3))
  await whileAway(scene, [member], () => {})
  await sendTo(scene, 'broker-1', ['last'])
  await group.sees([...numbered(3), 'last'], 60_000)
  expect(group.bodies).toEqual([...numbered(3), 'last'])
  await scene.settle(member.consumer.close())
})

test.for([
  { from: 'earliest', aheadMs: 0 },
  { from: 'latest', aheadMs: 0 },
  { from: 'latest', aheadMs: 3_600_000 },
  { from: 'latest', aheadMs: -3_600_000 },
] as const)(
  'a consumer that begins with the $from misses nothing of a broker that comes back with an empty disk: clock ahead by $aheadMs ms',
  async ({ from, aheadMs }) => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const group = new Group(scene)
    const member = await group.join('one', { topics: 'T', from })
    member.machine.jumpClock(aheadMs)
    await sendTo(scene, 'broker-1', numbered(3))
    await group.sees(numbered(3))
    await whileAway(scene, [member], ({ disk }) => disk.removeFolder('/data'))
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    const bodies = numbered(5, 'new ')
    await sendTo(scene, 'broker-1', bodies)
    await group.sees(bodies, 60_000)
    await scene.settle(Promise.all([member.consumer.close(), admin.close()]))
  },
)

test('a consumer goes back where its group was sent when its broker was just there again', async () => {
  const scene = await startScene({ brokers: 2 })
  await scene.createTopic('T', 1)
  const group = new Group(scene)
  const member = await group.join('one', { topics: 'T' })
  await sendTo(scene, 'broker-1', numbered(3))
  await group.sees(numbered(3))
  await whileAway(scene, [member], () => {})
  const admin = new Admin(scene.client())
  await scene.settle(admin.resetOffsets('readers', 'T', 'earliest'))
  expect(member.consumer.assigned.filter(({ topic }) => topic === 'T')).toHaveLength(1)
  await scene.cluster.until('all are handled again', () => group.bodies.length === 6, 60_000)
  await scene.settle(Promise.all([member.consumer.close(), admin.close()]))
})

/** Milliseconds for which two members of a group had the same queue at a stretch, the longest of any queue. */
async function longestTwice({ cluster }: Scene, members: readonly Member[], forMs: number): Promise<number> {
  const { simulation } = cluster
  const sinceMs = new Map<string, number>()
  const endMs = simulation.monotonic() + forMs
  let longestMs = 0
  await cluster.until('the time is over', () => {
    const nowMs = simulation.monotonic()
    const assigned = members.flatMap(({ consumer }) =>
      consumer.assigned.map(({ topic, broker, queueId }) => `${topic} ${broker} ${queueId}`),
    )
    const twice = new Set(assigned.filter((queue, index) => assigned.indexOf(queue) < index))
    for (const queue of sinceMs.keys()) if (!twice.has(queue)) sinceMs.delete(queue)
    for (const queue of twice) {
      if (!sinceMs.has(queue)) sinceMs.set(queue, nowMs)
      longestMs = Math.max(longestMs, nowMs - sinceMs.get(queue)!)
    }
    return nowMs > endMs
  })
  return longestMs
}

test('members do not have queues twice while a broker that was started just now knows only some of them', async () => {
  const scene = await startScene({ brokers: 2 })
  const { network, brokers } = scene.cluster
  await scene.createTopic('T', 1)
  const group = new Group(scene)
  const members = [await group.join('one', { topics: 'T' }), await group.join('two', { topics: 'T' })]
  await read(scene, members, ['broker-1', 'broker-2'])
  await whileAway(scene, members, () => network.partition(members[1]!.machine.host, brokers[0]!.host))
  expect(await longestTwice(scene, members, 120_000)).toBeLessThan(3000)
  network.heal()
  await scene.settle(Promise.all(members.map(({ consumer }) => consumer.close())))
})

test('all members notice within seconds that a broker is gone, and that it is there again', async () => {
  const scene = await startScene({ brokers: 2 })
  const [broker] = scene.cluster.brokers
  await scene.createTopic('T', 3)
  const group = new Group(scene)
  const members = [await group.join('one', { topics: 'T' }), await group.join('two', { topics: 'T' })]
  const both = [...Array(3).fill('broker-1'), ...Array(3).fill('broker-2')]
  await read(scene, members, both)
  for (let round = 0; round < 3; round++) {
    broker!.kill()
    expect(await longestTwice(scene, members, 4000)).toBeLessThan(3000)
    await read(scene, members, Array(3).fill('broker-2'))
    await broker!.start()
    const startMs = scene.cluster.simulation.monotonic()
    expect(await longestTwice(scene, members, 4000)).toBeLessThan(3000)
    await read(scene, members, both)
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(10_000)
  }
  await scene.settle(Promise.all(members.map(({ consumer }) => consumer.close())))
})

test('members keep their queues while a name server that was started just now does not know all brokers', async () => {
  const scene = await startScene({ brokers: 2, nameServers: 2 })
  const { network, brokers, nameServers, simulation } = scene.cluster
  await scene.createTopic('T', 2)
  const group = new Group(scene)
  const members: Member[] = []
  for (const name of ['one', 'two', 'three', 'four']) members.push(await group.join(name, { topics: 'T' }))
  await read(scene, members, ['broker-1', 'broker-1', 'broker-2', 'broker-2'])
  network.partition(brokers[1]!.host, nameServers[1]!.host)
  await nameServers[1]!.restart()
  const ofFew = scene.cluster.newClient().nameServer(nameServers[1]!)
  await scene.cluster.until('it knows one broker', async () => (await ofFew.route('T'))?.brokerDatas.length === 1)
  const startMs = simulation.monotonic()
  const counts = new Set<number>()
  await scene.cluster.until('routes were looked up', () => {
    const assigned = members.flatMap(({ consumer }) => consumer.assigned.filter(({ topic }) => topic === 'T'))
    counts.add(assigned.length)
    return simulation.monotonic() - startMs > 120_000
  })
  expect([...counts]).toEqual([4])
  await scene.settle(Promise.all(members.map(({ consumer }) => consumer.close())))
})
