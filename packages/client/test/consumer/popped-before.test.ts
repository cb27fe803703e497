import { propertiesBytesMax } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { Admin, Producer, RetryAfter, type RocketMQError } from '../../src/index.ts'
import { numbered, type Scene, send, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

async function startPopped(settings: Record<string, string> = {}): Promise<{ scene: Scene; admin: Admin }> {
  const scene = await startScene({ brokers: 2, brokerSettings: settings })
  await scene.createTopic('T', 1)
  const admin = new Admin(scene.client())
  await scene.settle(admin.createGroup('readers'))
  await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'POP' }))
  return { scene, admin }
}

describe('what was taken by POP and not done', () => {
  test.each([
    ['false', false],
    ['true', false],
    ['false', true],
  ])('comes again when the group pulls (enableRetryTopicV2=%s, other members by then: %s)', async (isV2, isOther) => {
    const { scene, admin } = await startPopped({ enableRetryTopicV2: isV2 })
    const group = new Group(scene)
    let fails = true
    const handle = ({ attempt }: { attempt: number }): void => {
      if (fails || attempt === 2) throw new RetryAfter(40_000)
    }
    const first = await group.join('one', { topics: 'T' }, handle)
    await send(scene, 'T', numbered(6))
    await group.sees(numbered(6))
    fails = false
    await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'PULL' }))
    const last = isOther ? await group.join('two', { topics: 'T' }, handle) : first
    if (isOther) await scene.settle(first.consumer.close())
    const again = () => group.handled.filter(({ attempt }) => attempt === 3)
    await scene.cluster.until('all come a third time', () => again().length === 6, 300_000)
    expect(
      again()
        .map(({ body }) => String(body))
        .toSorted(),
    ).toEqual(numbered(6))
    expect(new Set(group.handled.map(({ topic }) => topic))).toEqual(new Set(['T']))
    // Each time once, and it is committed.
    await scene.settle(last.consumer.close())
    const { length } = group.handled
    const next = await group.join('three', { topics: 'T' })
    await scene.cluster.sleep(200_000)
    expect(group.handled).toHaveLength(length)
    expect(length).toBe(18)
    await scene.settle(Promise.all([next.consumer.close(), admin.close()]))
  })

  test('comes again also where its properties leave no room for the name of the group', async () => {
    const { scene, admin } = await startPopped()
    const group = new Group(scene)
    let fails = true
    await group.join('one', { topics: 'T' }, () => {
      if (fails) throw new RetryAfter(40_000)
    })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    // The largest ones that the broker takes.
    let filling = propertiesBytesMax
    for (let isSent = false; !isSent; filling--) {
      const sending = producer.send({ topic: 'T', body: 'large', properties: { filling: 'f'.repeat(filling) } })
      isSent = await scene.settle(sending.then(Boolean, (error: RocketMQError) => error.code === 'TIMEOUT'))
    }
    await group.sees(['large'])
    fails = false
    await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'PULL' }))
    await scene.cluster.until('it comes again', () => group.handled.length === 2, 300_000)
    await scene.settle(Promise.all([producer.close(), admin.close()]))
  })

  test('is not taken for what a group of the same name gets once more', async () => {
    const { scene, admin } = await startPopped()
    // The retry topic of this group is called as that of `readers` for T is.
    await scene.settle(admin.createGroup('readers_T'))
    await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'PULL' }))
    await scene.createTopic('U', 1)
    const group = new Group(scene)
    const namesake = new Group(scene)
    const other = await namesake.join('other', { group: 'readers_T', topics: 'U' }, ({ attempt }) => {
      if (attempt === 1) throw new RetryAfter(1000)
    })
    const { consumer } = await group.join('one', { topics: 'T' })
    await send(scene, 'U', numbered(6, 'u'))
    await scene.cluster.until('all come again', () => namesake.handled.length === 12, 120_000)
    await scene.cluster.sleep(120_000)
    await send(scene, 'T', ['sentinel'])
    await group.sees(['sentinel'])
    expect(group.bodies).toEqual(['sentinel'])
    expect(consumer.assigned.map(({ topic }) => topic)).toContain('%RETRY%readers_T')
    await scene.settle(Promise.all([consumer.close(), other.consumer.close(), admin.close()]))
  })
})
