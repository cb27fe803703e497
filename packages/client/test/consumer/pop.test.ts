import { describe, expect, test } from 'vitest'
import { Admin, Consumer, DeadLetter, RetryAfter } from '../../src/index.ts'
import { numbered, type Scene, send, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

async function setMode(scene: Scene, mode: 'PULL' | 'POP', sharedQueues = 0): Promise<void> {
  const admin = new Admin(scene.client())
  await scene.settle(admin.setRequestMode('readers', 'T', { mode, sharedQueues }))
  await scene.settle(admin.close())
}

async function startPopped(brokers = 1, queues = 2): Promise<Scene> {
  const scene = await startScene({ brokers })
  await scene.createTopic('T', queues)
  const admin = new Admin(scene.client())
  await scene.settle(admin.createGroup('readers'))
  await scene.settle(admin.close())
  await setMode(scene, 'POP')
  return scene
}

const ids = (queues: readonly { readonly queueId: number }[]): number[] => queues.map(({ queueId }) => queueId)

describe('a consumer whose group takes messages by POP', () => {
  test('handles each message of all brokers once, also with more members than queues', async () => {
    const scene = await startPopped(2, 1)
    await send(scene, 'T', numbered(40, 'before '))
    const group = new Group(scene)
    const members = []
    for (const name of ['a', 'b', 'c', 'd']) members.push(await group.join(name, { topics: 'T' }))
    for (const { consumer } of members) expect(ids(consumer.assigned)).toEqual(expect.arrayContaining([-1, -1]))
    for (let n = 0; n < 40; n++) await send(scene, 'T', [`after ${n}`])
    await group.sees([...numbered(40, 'before '), ...Array.from({ length: 40 }, (_, n) => `after ${n}`)])
    await scene.cluster.sleep(90_000)
    expect(group.handled.length).toBe(80)
    await scene.settle(Promise.all(members.map(({ consumer }) => consumer.close())))
  })

  test('changes over while it runs, and loses nothing', async () => {
    const scene = await startPopped(1, 2)
    await setMode(scene, 'PULL')
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' })
    const isAssigned = (queueIds: number[]) => () =>
      consumer.assigned
        .filter(({ topic }) => topic === 'T')
        .map(({ queueId }) => queueId)
        .join() === queueIds.join()
    await send(scene, 'T', numbered(10, 'pulled'))
    await scene.cluster.until('it pulls', isAssigned([0, 1]))
    await setMode(scene, 'POP')
    await scene.cluster.until('it pops', isAssigned([-1]), 60_000)
    await send(scene, 'T', numbered(10, 'popped'))
    await group.sees([...numbered(10, 'pulled'), ...numbered(10, 'popped')], 60_000)
    await setMode(scene, 'PULL')
    await scene.cluster.until('it pulls again', isAssigned([0, 1]), 60_000)
    // A request that the broker holds is given messages that are pulled, too, and they come once more.
    await scene.cluster.sleep(20_000)
    await send(scene, 'T', numbered(10, 'again'))
    await group.sees(numbered(10, 'again'), 60_000)
    await scene.cluster.sleep(90_000)
    expect(group.bodies.toSorted()).toEqual(
      [...numbered(10, 'pulled'), ...numbered(10, 'popped'), ...numbered(10, 'again')].toSorted(),
    )
    await scene.settle(consumer.close())
  })

  test('begins where it is told when it was nowhere', async () => {
    const scene = await startPopped()
    await send(scene, 'T', numbered(4, 'old'))
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', from: 'latest' })
    await send(scene, 'T', numbered(4, 'new'))
    await group.sees(numbered(4, 'new'))
    await scene.cluster.sleep(20_000)
    expect(group.bodies.toSorted()).toEqual(numbered(4, 'new'))
    await scene.settle(consumer.close())
  })

  test('is given several messages at a time where it handles them together', async () => {
    const scene = await startPopped(1, 1)
    await send(scene, 'T', numbered(12))
    const sizes: number[] = []
    const consumer = new Consumer({
      ...scene.client(),
      ...{ group: 'readers', topics: 'T', from: 'earliest', batchMax: 6 },
      batchHandler: (messages) => void sizes.push(messages.length),
    })
    await scene.settle(consumer.start())
    await scene.cluster.until('all are handled', () => sizes.reduce((sum, size) => sum + size, 0) === 12)
    expect(sizes).toEqual([6, 6])
    await scene.settle(consumer.close())
  })

  test('is given again what it refused, after the time that it asks for', async () => {
    const scene = await startPopped()
    await send(scene, 'T', ['m'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' }, ({ attempt }) => {
      if (attempt === 1) throw new RetryAfter(4000)
      if (attempt === 2) throw new Error('not yet')
    })
    await scene.cluster.until('it is delivered three times', () => group.handled.length === 3, 90_000)
    const [first, second, third] = group.handled
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(3000)
    expect(second!.atMs - first!.atMs).toBeLessThan(8000)
    // The second delivery by itself waits longer than the first one.
    expect(third!.atMs - second!.atMs).toBeGreaterThan(25_000)
    expect(third).toMatchObject({ topic: 'T', attempt: 3, messageId: first!.messageId })
    await scene.cluster.sleep(120_000)
    expect(group.handled.length).toBe(3)
    await scene.settle(consumer.close())
  })

  test.for([7 * 86_400_000, Number.POSITIVE_INFINITY])(
    'is not given again soon what it asks for later than brokers can keep it: %d ms',
    async (delayMs) => {
      const scene = await startPopped()
      await send(scene, 'T', ['m'])
      const group = new Group(scene)
      const { consumer } = await group.join('one', { topics: 'T' }, () => {
        throw new RetryAfter(delayMs)
      })
      await scene.cluster.sleep(600_000)
      expect(group.handled).toHaveLength(1)
      await scene.settle(consumer.close())
    },
  )

  test('makes dead letters of what it gives up, and of what failed too often', async () => {
    const scene = await startPopped()
    await send(scene, 'T', ['given up', 'always fails'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', attemptsMax: 2 }, ({ body }) => {
      if (String(body) === 'given up') throw new DeadLetter()
      throw new RetryAfter(1000)
    })
    const letters = async () => (await scene.bodies('%DLQ%readers').catch(() => [])).toSorted()
    await scene.cluster.until('both are dead letters', async () => (await letters()).length === 2, 60_000)
    expect(await letters()).toEqual(['always fails', 'given up'])
    expect(group.bodies.toSorted()).toEqual(['always fails', 'always fails', 'given up'])
    await scene.cluster.sleep(120_000)
    expect(group.handled.length).toBe(3)
    await scene.settle(consumer.close())
  })

  test('keeps a message to itself while its handler runs, however long', async () => {
    const scene = await startPopped()
    await send(scene, 'T', ['slow', 'waits'])
    const group = new Group(scene)
    const ended = Promise.withResolvers<void>()
    const options = { topics: 'T', concurrency: 1, invisibleMs: 5000 }
    const one = await group.join('one', options, () => ended.promise)
    await scene.cluster.until('it has begun', () => group.handled.length === 1)
    const other = await group.join('other', options)
    await scene.cluster.sleep(60_000)
    expect(group.handled.length).toBe(1)
    ended.resolve()
    await group.sees(['slow', 'waits'])
    await scene.cluster.sleep(60_000)
    expect(group.handled.length).toBe(2)
    await scene.settle(Promise.all([one.consumer.close(), other.consumer.close()]))
  })

  test('gives back what it has not begun when it is closed', async () => {
    const scene = await startPopped(1, 1)
    await send(scene, 'T', numbered(10))
    const group = new Group(scene)
    const ended = Promise.withResolvers<void>()
    const one = await group.join('one', { topics: 'T', concurrency: 1 }, () => ended.promise)
    await scene.cluster.until('it has begun', () => group.handled.length === 1)
    const closing = one.consumer.close()
    ended.resolve()
    await scene.settle(closing)
    const beginMs = scene.cluster.simulation.monotonic()
    const other = await group.join('other', { topics: 'T' })
    await group.sees(numbered(10))
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(15_000)
    // It was not tried there.
    expect(group.handled.map(({ attempt }) => attempt)).toEqual(numbered(10).map(() => 1))
    await scene.settle(other.consumer.close())
  })

  test('is closed soon when its broker is gone', async () => {
    const scene = await startPopped(1, 1)
    await send(scene, 'T', numbered(10))
    const group = new Group(scene)
    const ended = Promise.withResolvers<void>()
    const { consumer } = await group.join('one', { topics: 'T', concurrency: 1 }, () => ended.promise)
    await scene.cluster.until('it has begun', () => group.handled.length === 1)
    scene.cluster.brokers[0]!.kill()
    const beginMs = scene.cluster.simulation.monotonic()
    await scene.settle(consumer.close(), 60_000)
    // The time that handlers have, and that of leaving.
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(45_000)
  })

  test('comes to messages of a member that died when their time is over', async () => {
    const scene = await startPopped(1, 1)
    await send(scene, 'T', ['m'])
    const group = new Group(scene)
    const dying = await group.join('dying', { topics: 'T', invisibleMs: 5000 }, () => new Promise(() => {}))
    await scene.cluster.until('it has begun', () => group.handled.length === 1)
    dying.machine.kill()
    const other = await group.join('other', { topics: 'T' })
    await scene.cluster.until('it is handled', () => group.handled.length === 2, 30_000)
    expect(group.handled[1]).toMatchObject({ member: 'other', attempt: 2 })
    await scene.settle(other.consumer.close())
  })

  test('pulls where its messages are handled in order, whatever is set', async () => {
    const scene = await startPopped(1, 2)
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', order: 'queue' })
    expect(ids(consumer.assigned.filter(({ topic }) => topic === 'T')).toSorted()).toEqual([0, 1])
    await scene.settle(consumer.close())
  })

  test('tells of itself what Java tools read', async () => {
    const scene = await startPopped()
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' })
    const admin = new Admin(scene.client())
    const status = await scene.settle(admin.memberStatus('readers', consumer.clientId))
    expect(status.queues.filter(({ topic }) => topic === 'T')).toEqual([])
    await scene.settle(Promise.all([consumer.close(), admin.close()]))
  })
})

test('an admin shows and sets how groups get the messages of topics', async () => {
  const scene = await startScene({ brokers: 2 })
  await scene.createTopic('T')
  const admin = new Admin(scene.client())
  await scene.settle(admin.createGroup('readers'))
  expect(await scene.settle(admin.requestModes())).toEqual([])
  const set = { group: 'readers', topic: 'T', mode: 'POP', sharedQueues: 3 }
  const both = [
    { ...set, broker: 'broker-1' },
    { ...set, broker: 'broker-2' },
  ]
  expect(await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'POP', sharedQueues: 3 }))).toEqual(both)
  expect(await scene.settle(admin.requestModes())).toEqual(both)
  await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'PULL', brokers: ['broker-2'] }))
  expect(await scene.settle(admin.requestModes())).toMatchObject([{ mode: 'POP' }, { mode: 'PULL', sharedQueues: 0 }])
  for (const [group, topic, settings, code] of [
    ['readers', 'nothing', { mode: 'POP' }, 'TOPIC_NOT_EXIST'],
    ['readers', 'T', { mode: 'PUSH' }, 'INVALID_ARGUMENT'],
    ['readers', 'T', { mode: 'POP', sharedQueues: -1 }, 'INVALID_ARGUMENT'],
    ['readers', 'T', { mode: 'POP', shared: 1 }, 'INVALID_ARGUMENT'],
  ] as const) {
    expect(await scene.failure(admin.setRequestMode(group, topic, settings as never))).toMatchObject({ code })
  }
  await scene.settle(admin.close())
})
