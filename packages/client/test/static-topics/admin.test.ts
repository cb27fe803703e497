import { StaticTopicAdmin } from '@rocketmq-ts/dev-env'
import { describe, expect, test } from 'vitest'
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

/** Sends bodies, each to any queue. */
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

describe('an admin of static topics', () => {
  test('makes one over brokers, which all of them know, and gives it more queues', async () => {
    const { scene, admin } = await start()
    const made = await scene.settle(admin.createStaticTopic(topic, { queues: 4, brokers: [one, two] }))
    expect(made.before).toBeUndefined()
    expect(leaders(made.after)).toEqual([one, two, one, two])
    const shown = await scene.settle(admin.describeStaticTopic(topic))
    expect(shown).toEqual(made.after)
    expect(shown).toMatchObject({ topic, isUnfinished: false, brokers: [one, two, three] })
    const part = { generation: 0, broker: one, brokerQueueId: 1, startOffset: 0, brokerStartOffset: 0 }
    expect(shown.queues[2]).toEqual({ queueId: 2, leader: one, rivals: [], parts: [part] })
    const grown = await scene.settle(admin.createStaticTopic(topic, { queues: 6 }))
    expect(grown.before).toEqual(shown)
    expect(leaders(grown.after)).toEqual([one, two, one, two, three, three])
    expect(await scene.settle(admin.describeStaticTopic(topic))).toEqual(grown.after)
    expect(grown.after.epoch).toBeGreaterThan(shown.epoch)
    await sendAll(scene, numbered(12))
    await expectRead(scene, numbered(12))
    await scene.settle(admin.close())
  })

  test('says what would change and changes nothing', async () => {
    const { scene, admin } = await start()
    const dryRun = true
    const made = await scene.settle(admin.createStaticTopic(topic, { queues: 3 }, { dryRun }))
    expect(leaders(made.after)).toEqual([one, two, three])
    expect(await scene.failure(admin.describeStaticTopic(topic))).toMatchObject({ code: 'TOPIC_NOT_EXIST' })
    await scene.settle(admin.createStaticTopic(topic, { queues: 3 }))
    const before = await scene.settle(admin.describeStaticTopic(topic))
    const moved = await scene.settle(admin.moveStaticTopic(topic, { brokers: [three] }, { dryRun }))
    expect(leaders(moved.after)).toEqual([three, three, three])
    expect(moved.after.queues[0]!.parts[1]).toMatchObject({ generation: 1, broker: three, startOffset: undefined })
    const grown = await scene.settle(admin.createStaticTopic(topic, { queues: 4 }, { dryRun }))
    expect(grown.after.queues).toHaveLength(4)
    expect(await scene.settle(admin.describeStaticTopic(topic))).toEqual(before)
    await scene.settle(admin.close())
  })

  test('moves queues to other brokers, with all that was sent', async () => {
    const { scene, admin } = await start()
    await scene.settle(admin.createStaticTopic(topic, { queues: 3, brokers: [one] }))
    await sendAll(scene, numbered(6, 'first '))
    const moved = await scene.settle(admin.moveStaticTopic(topic, { brokers: [one, two, three] }))
    expect(leaders(moved.before!)).toEqual([one, one, one])
    expect(leaders(moved.after).toSorted()).toEqual([one, two, three])
    for (const { parts } of moved.after.queues) for (const part of parts) expect(part.startOffset).toBeDefined()
    await sendAll(scene, numbered(6, 'second '))
    await expectRead(scene, [...numbered(6, 'first '), ...numbered(6, 'second ')])
    await scene.settle(admin.close())
  })

  test('refuses what cannot be, and says what is there', async () => {
    const { scene, admin } = await start()
    await scene.settle(admin.createTopic('ordinary'))
    await scene.settle(admin.createStaticTopic(topic, { queues: 2 }))
    expect(await scene.settle(admin.staticTopics())).toEqual([topic])
    const code = async (promise: Promise<unknown>) => (await scene.failure(promise)).code
    expect(await code(admin.createStaticTopic('U', { queues: 0 }))).toBe('INVALID_ARGUMENT')
    expect(await code(admin.createStaticTopic('U', { queues: 65_537 }))).toBe('INVALID_ARGUMENT')
    expect(await code(admin.createStaticTopic('U', { queues: 1, brokers: [] }))).toBe('INVALID_ARGUMENT')
    expect(await code(admin.createStaticTopic('U', { queues: 1, brokers: ['nobody'] }))).toBe('BROKER_NOT_EXIST')
    expect(await code(admin.createStaticTopic(topic, { queues: 2 }))).toBe('INVALID_PARAMETER')
    expect(await code(admin.createStaticTopic(topic, { queues: 1 }))).toBe('INVALID_PARAMETER')
    expect(await code(admin.createStaticTopic('ordinary', { queues: 9 }))).toBe('INVALID_PARAMETER')
    expect(await code(admin.moveStaticTopic('ordinary', { brokers: [one] }))).toBe('INVALID_PARAMETER')
    expect(await code(admin.describeStaticTopic('ordinary'))).toBe('INVALID_PARAMETER')
    expect(await code(admin.completeStaticTopic('ordinary'))).toBe('INVALID_PARAMETER')
    expect(await code(admin.moveStaticTopic('nothing', { brokers: [one] }))).toBe('TOPIC_NOT_EXIST')
    expect(await code(admin.moveStaticTopic(topic, { brokers: [] }))).toBe('INVALID_ARGUMENT')
    expect(await code(admin.moveStaticTopic(topic, {} as { brokers: string[] }))).toBe('INVALID_ARGUMENT')
    await scene.settle(admin.close())
  })

  test.each(['old leader', 'offset', 'others'] as const)(
    'completes a move that was interrupted before the step "%s", and refuses other changes until then',
    async (interrupted) => {
      const { scene, admin } = await start()
      const tools = new StaticTopicAdmin(scene.cluster, scene.cluster.client, topic)
      await tools.create([one, one])
      await sendAll(scene, numbered(4, 'before '))
      const moving = tools.move(0, two, (step) => {
        if (step === interrupted) throw new Error('interrupted')
      })
      await expect(moving).rejects.toThrow('interrupted')
      expect((await scene.settle(admin.describeStaticTopic(topic))).isUnfinished).toBe(true)
      for (const change of [
        admin.moveStaticTopic(topic, { brokers: [three] }),
        admin.createStaticTopic(topic, { queues: 5 }),
      ]) {
        expect((await scene.failure(change)).message).toContain('completeStaticTopic')
      }
      const dry = await scene.settle(admin.completeStaticTopic(topic, { dryRun: true }))
      expect(leaders(dry.after)).toEqual([two, one])
      expect((await scene.settle(admin.describeStaticTopic(topic))).isUnfinished).toBe(true)
      const { after } = await scene.settle(admin.completeStaticTopic(topic))
      expect(after.isUnfinished).toBe(false)
      expect(leaders(after)).toEqual([two, one])
      const again = await scene.settle(admin.completeStaticTopic(topic))
      expect(again.after).toEqual(after)
      await sendAll(scene, numbered(4, 'after '))
      await expectRead(scene, [...numbered(4, 'before '), ...numbered(4, 'after ')])
      expect(leaders((await scene.settle(admin.moveStaticTopic(topic, { brokers: [three] }))).after)).toEqual([
        three,
        three,
      ])
      await scene.settle(admin.close())
    },
  )
})
