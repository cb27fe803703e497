import { describe, expect, test } from 'vitest'
import { Admin, Producer, type RocketMQError, type StaticTopicDescription } from '../../src/index.ts'
import { clientMachine, numbered, type Scene, send, startScene } from '../client-kit.ts'
import { Group } from '../consumer/group-kit.ts'

const topic = 'T'
const [one, two, three] = ['broker-1', 'broker-2', 'broker-3'] as const
/** Milliseconds from one change to the other: a request takes about one. */
const delaysMs = numbered(8).map((_, index) => index)

const leaders = ({ queues }: StaticTopicDescription) => [...new Set(queues.map(({ leader }) => leader))]
const outcome = (change: Promise<unknown>): Promise<string> =>
  change.then(
    () => 'done',
    (error: RocketMQError) => error.message,
  )

/** Sends until it is told to stop. @returns what was acknowledged */
function keepSending(scene: Scene): () => Promise<string[]> {
  const client = scene.client()
  const producer = new Producer({ ...client, group: 'shop' })
  const bodies: string[] = []
  let isOver = false
  const sending = (async () => {
    for (let number = 0; !isOver; number++) {
      const body = String(number)
      await producer.send({ topic, body }).then(
        () => bodies.push(body),
        () => {},
      )
      await new Promise<void>((resolve) => client.runtime.clock.after(5, resolve))
    }
    await producer.close()
  })()
  return async () => {
    isOver = true
    await scene.settle(sending)
    return bodies
  }
}

async function expectRead(scene: Scene, bodies: readonly string[]): Promise<void> {
  const group = new Group(scene)
  const { consumer } = await group.join('member', { topics: topic, from: 'earliest' })
  await group.sees(bodies, 120_000)
  await scene.settle(consumer.close())
}

describe('a static topic that two admins change at the same time', () => {
  test('is moved by one of them, the other one is refused, and nothing is lost', async () => {
    const seen = new Set<string>()
    for (const delayMs of delaysMs) {
      const scene = await startScene({ brokers: 3, seed: delayMs + 1 })
      const [first, second] = [new Admin(scene.client()), new Admin(scene.client())]
      await scene.settle(first.createStaticTopic(topic, { queues: 3, brokers: [one] }))
      await scene.settle(second.describeStaticTopic(topic))
      const stop = keepSending(scene)
      const moves = [
        outcome(first.moveStaticTopic(topic, { brokers: [two] })),
        scene.cluster.sleep(delayMs).then(() => outcome(second.moveStaticTopic(topic, { brokers: [three] }))),
      ]
      const outcomes = await scene.settle(Promise.all(moves))
      // When both were stopped by each other, the rest is done as the errors say.
      await scene.settle(first.completeStaticTopic(topic))
      const shown = await scene.settle(first.describeStaticTopic(topic))
      expect(shown.isUnfinished).toBe(false)
      expect(leaders(shown)).toHaveLength(1)
      for (const [index, broker] of [two, three].entries()) {
        if (outcomes[index] === 'done') expect(leaders(shown)).toEqual([broker])
        else expect(outcomes[index]).toContain('completeStaticTopic')
      }
      seen.add(outcomes.filter((text) => text !== 'done').join())
      await expectRead(scene, await stop())
      expect(leaders((await scene.settle(second.moveStaticTopic(topic, { brokers: [one] }))).after)).toEqual([one])
    }
    expect([...seen].some((text) => text.includes('changed by somebody else'))).toBe(true)
  })

  test('is completed by one of them while the other one still moves it, and nothing is lost', async () => {
    for (const delayMs of delaysMs) {
      const scene = await startScene({ brokers: 3, seed: delayMs + 1 })
      const [first, second] = [new Admin(scene.client()), new Admin(scene.client())]
      await scene.settle(first.createStaticTopic(topic, { queues: 3, brokers: [one] }))
      const stop = keepSending(scene)
      const changes = [
        outcome(first.moveStaticTopic(topic, { brokers: [two] })),
        scene.cluster.sleep(delayMs).then(() => outcome(second.completeStaticTopic(topic))),
      ]
      await scene.settle(Promise.all(changes))
      await scene.settle(first.completeStaticTopic(topic))
      expect((await scene.settle(first.describeStaticTopic(topic))).isUnfinished).toBe(false)
      await expectRead(scene, await stop())
      expect(leaders((await scene.settle(second.moveStaticTopic(topic, { brokers: [three] }))).after)).toEqual([three])
    }
  })

  test('is made although the one who made it died in whatever moment', async () => {
    const counts = new Set<number>()
    for (const delayMs of numbered(24).map((_, index) => 13 * index)) {
      const scene = await startScene({ brokers: 3, seed: delayMs + 1 })
      const machine = clientMachine(scene.cluster)
      void new Admin(scene.client(machine)).createStaticTopic(topic, { queues: 4 }).catch(() => {})
      await scene.cluster.sleep(delayMs)
      machine.kill()
      await scene.cluster.sleep(1000)
      const admin = new Admin(scene.client())
      const known = await scene.settle(outcome(admin.completeStaticTopic(topic)))
      const count = known === 'done' ? (await scene.settle(admin.describeStaticTopic(topic))).queues.length : -1
      counts.add(count)
      if (count < 4) await scene.settle(admin.createStaticTopic(topic, { queues: 4 }))
      const shown = await scene.settle(admin.describeStaticTopic(topic))
      expect([shown.isUnfinished, shown.queues.length]).toEqual([false, 4])
      for (const { leader } of shown.queues) expect(leader).toBeDefined()
    }
    expect([...counts].sort()).toEqual([-1, 0, 4])
  })

  test.each([
    'the one who moves it dies',
    'its old leader is restarted',
    'its new leader is restarted',
    'the name server is restarted',
  ])('is moved, or completed, when %s in whatever moment', async (what) => {
    for (const delayMs of numbered(6).map((_, index) => 40 * index)) {
      const scene = await startScene({ brokers: 3, seed: delayMs + 1 })
      const machine = clientMachine(scene.cluster)
      const [mover, admin] = [new Admin(scene.client(machine)), new Admin(scene.client())]
      await scene.settle(admin.createStaticTopic(topic, { queues: 3, brokers: [one, two] }))
      const stop = keepSending(scene)
      const moving = outcome(mover.moveStaticTopic(topic, { brokers: [three] }))
      await scene.cluster.sleep(delayMs)
      if (what.includes('dies')) machine.kill()
      else {
        const [first, , third] = scene.cluster.brokers
        const restarted = what.includes('old') ? first! : what.includes('new') ? third! : scene.cluster.nameServers[0]!
        restarted.kill()
        await restarted.start()
        await scene.settle(moving)
      }
      for (let isDone = false; !isDone; await scene.cluster.sleep(500)) {
        isDone = (await scene.settle(outcome(admin.completeStaticTopic(topic)))) === 'done'
      }
      const shown = await scene.settle(admin.describeStaticTopic(topic))
      expect(shown.isUnfinished).toBe(false)
      await expectRead(scene, await stop())
      expect(leaders((await scene.settle(admin.moveStaticTopic(topic, { brokers: [two] }))).after)).toEqual([two])
    }
  })
})

test.each([0, 40_000])(
  'queues are not given away whose broker is gone for %i ms, and is back later',
  async (waitMs) => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createStaticTopic('T', { queues: 3, brokers: ['broker-1'] }))
    await send(scene, 'T', numbered(30))
    const [first] = scene.cluster.brokers
    first!.kill()
    await scene.cluster.sleep(waitMs)
    const refusal =
      'the static topic T cannot be changed: the broker that leads its queue 0 takes no requests now: start it first'
    expect(await scene.settle(outcome(admin.moveStaticTopic('T', { brokers: ['broker-2'] })))).toBe(refusal)
    expect(await scene.settle(outcome(admin.completeStaticTopic('T')))).toBe(refusal)
    await first!.start()
    await scene.cluster.sleep(40_000)
    await scene.settle(admin.moveStaticTopic('T', { brokers: ['broker-2'] }))
    const group = new Group(scene)
    const { consumer } = await group.join('m', { topics: 'T', from: 'earliest' })
    await group.sees(numbered(30), 60_000)
    await scene.settle(Promise.all([consumer.close(), admin.close()]))
  },
)
