import { describe, expect, test } from 'vitest'
import { Consumer, DeadLetter, Producer, RetryAfter } from '../../src/index.ts'
import { numbered, send, startScene } from '../client-kit.ts'
import { Group, type Member } from './group-kit.ts'

describe('a consumer', () => {
  test('handles each message once, those from before it and those that come', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 2)
    await send(scene, 'T', numbered(20, 'before '))
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' })
    await send(scene, 'T', numbered(20, 'after '))
    await group.sees([...numbered(20, 'before '), ...numbered(20, 'after ')])
    expect(group.handled.length).toBe(40)
    await scene.settle(consumer.close())
  })

  test('gives the handler what the producer sent', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const body = Buffer.alloc(10_000, 'large')
    const receipt = await scene.settle(
      producer.send({
        topic: 'T',
        body,
        tag: 'a',
        keys: ['k1', 'k2'],
        properties: { p: 'v' },
        shardingKey: 's',
        flag: 3,
      }),
    )
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' })
    await group.sees([String(body)])
    expect(group.handled[0]).toMatchObject({
      topic: 'T',
      tag: 'a',
      keys: ['k1', 'k2'],
      properties: { p: 'v' },
      shardingKey: 's',
      flag: 3,
      messageId: receipt.messageId,
      queue: receipt.queue,
      queueOffset: receipt.queueOffset,
      attempt: 1,
    })
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('goes on where its group was, and begins where it is told when it was nowhere', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['old'])
    const group = new Group(scene)
    const first = await group.join('first', { topics: 'T', from: 'latest' })
    await scene.settle(first.consumer.close())
    await send(scene, 'T', ['meanwhile'])
    const second = await group.join('second', { topics: 'T', from: 'latest' })
    await group.sees(['meanwhile'])
    await scene.settle(second.consumer.close())
    const third = await group.join('third', { topics: 'T', from: 'earliest' })
    await send(scene, 'T', ['new'])
    await group.sees(['new'])
    expect(group.bodies).toEqual(['meanwhile', 'new'])
    await scene.settle(third.consumer.close())
  })

  test('misses nothing of a queue that its topic gets while it is there', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', from: 'latest' })
    await scene.createTopic('T', 3)
    const queue = { topic: 'T', broker: 'broker-1', queueId: 2 }
    await send(scene, 'T', ['early'], { queue })
    await group.sees(['early'], 60_000)
    await scene.settle(consumer.close())
  })

  test('misses nothing of a topic that is made while it is there', async () => {
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'true' } })
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', from: 'latest' })
    await send(scene, 'T', numbered(8))
    await group.sees(numbered(8), 60_000)
    await scene.settle(consumer.close())
  })

  test('is given the messages of its tags alone', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    for (const tag of ['A', 'B', 'Aa', 'BB']) await send(scene, 'T', [tag], { tag })
    await send(scene, 'T', ['none'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: { T: 'A || BB' } })
    await group.sees(['A', 'BB'])
    await scene.cluster.sleep(5000)
    expect(group.bodies.sort()).toEqual(['A', 'BB'])
    await scene.settle(consumer.close())
  })

  test('is given a message that it refused again within 12 s, also as the first of a new group', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['m'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' }, ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet')
    })
    await scene.cluster.until('it is delivered again', () => group.handled.length === 2)
    const [first, second] = group.handled
    expect(second!.atMs - first!.atMs).toBeLessThan(12_000)
    expect(second).toMatchObject({ topic: 'T', attempt: 2, messageId: first!.messageId })
    await scene.settle(consumer.close())
  })

  test('delivers again after the time that the handler asks for, and makes dead letters of what it gives up', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['later', 'never'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' }, ({ body, attempt }) => {
      if (String(body) === 'never') throw new DeadLetter('poison')
      if (attempt === 1) throw new RetryAfter(1000)
    })
    await scene.cluster.until(
      'it is delivered again',
      () => group.bodies.filter((body) => body === 'later').length === 2,
    )
    const [first, second] = group.handled.filter(({ body }) => String(body) === 'later')
    expect(second!.atMs - first!.atMs).toBeLessThan(4000)
    expect(await scene.bodies('%DLQ%readers')).toEqual(['never'])
    await scene.settle(consumer.close())
  })

  test('shares queues with other members, and takes over those of one that leaves or dies', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 4)
    const group = new Group(scene)
    const one = await group.join('one', { topics: 'T' })
    const two = await group.join('two', { topics: 'T' })
    const ofTopic = ({ consumer }: Member): number => consumer.assigned.filter(({ topic }) => topic === 'T').length
    await scene.cluster.until('two each', () => ofTopic(one) === 2 && ofTopic(two) === 2)
    await send(scene, 'T', numbered(40))
    await group.sees(numbered(40))
    expect(group.handled.length).toBe(40)
    two.machine.kill()
    await scene.cluster.until('all four', () => ofTopic(one) === 4)
    await send(scene, 'T', numbered(40, 'late '))
    await group.sees(numbered(40, 'late '))
    await scene.settle(one.consumer.close())
  })

  test('handles messages of a queue in order, again in their place when one fails', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', numbered(10))
    const group = new Group(scene)
    let failures = 3
    const { consumer } = await group.join('one', { topics: 'T', order: 'queue' }, ({ body }) => {
      if (String(body) === 'm4' && failures-- > 0) throw new Error('not yet')
    })
    await group.sees(numbered(10))
    expect(group.bodies).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm4', 'm4', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9'])
    expect(group.handled.slice(4, 8).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
    await scene.settle(consumer.close())
  })

  test('goes on with other queues in order while a dead letter cannot be sent', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', order: 'queue', concurrency: 1 }, ({ body }) => {
      if (String(body) !== 'dead') return
      scene.cluster.brokers[0]!.kill()
      throw new DeadLetter()
    })
    await send(scene, 'T', ['dead'], { queue: { topic: 'T', broker: 'broker-1', queueId: 0 } })
    await group.sees(['dead'])
    await send(scene, 'T', ['alive'], { queue: { topic: 'T', broker: 'broker-2', queueId: 0 } })
    await group.sees(['alive'], 10_000)
    await scene.settle(consumer.close(), 60_000)
  })

  test('handles messages of a sharding key in order and others meanwhile', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', numbered(5, 'a'), { shardingKey: 'a' })
    await send(scene, 'T', numbered(5, 'b'), { shardingKey: 'b' })
    const group = new Group(scene)
    let failures = 2
    const { consumer } = await group.join('one', { topics: 'T', order: 'shardingKey' }, ({ body }) => {
      if (String(body) === 'a1' && failures-- > 0) throw new Error('not yet')
    })
    await group.sees([...numbered(5, 'a'), ...numbered(5, 'b')])
    expect(group.bodies.filter((body) => body.startsWith('a'))).toEqual(['a0', 'a1', 'a1', 'a1', 'a2', 'a3', 'a4'])
    expect(group.bodies.filter((body) => body.startsWith('b'))).toEqual(numbered(5, 'b'))
    expect(group.bodies.indexOf('b4')).toBeLessThan(group.bodies.lastIndexOf('a1'))
    await scene.settle(consumer.close())
  })

  test('keeps order while members come and go', async () => {
    const scene = await startScene({ seed: 5 })
    await scene.createTopic('T', 4)
    const group = new Group(scene)
    const slow = (): Promise<void> => new Promise((resolve) => void scene.cluster.simulation.after(20, resolve))
    const members = [await group.join('0', { topics: 'T', order: 'queue' }, slow)]
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    for (let n = 0; n < 120; n++) {
      await scene.settle(producer.send({ topic: 'T', body: `${n}`, shardingKey: `${n % 7}` }))
      if (n % 30 === 10) members.push(await group.join(`${n}`, { topics: 'T', order: 'queue' }, slow))
      if (n % 30 === 25) await scene.settle(members.shift()!.consumer.close())
    }
    await group.sees(Array.from({ length: 120 }, (_, n) => `${n}`))
    for (let key = 0; key < 7; key++) {
      const numbers = group.bodies.map(Number).filter((number) => number % 7 === key)
      const firsts = numbers.filter((number, index) => numbers.indexOf(number) === index)
      expect(firsts).toEqual(firsts.toSorted((one, other) => one - other))
    }
    await scene.settle(Promise.all([producer.close(), ...members.map(({ consumer }) => consumer.close())]))
  })

  test('gives every member of a broadcast all messages', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 2)
    const group = new Group(scene)
    const members = [
      await group.join('one', { topics: 'T', broadcast: true }),
      await group.join('two', { topics: 'T', broadcast: true }),
    ]
    await send(scene, 'T', numbered(10))
    await scene.cluster.until('all have all', () => group.handled.length === 20)
    for (const name of ['one', 'two']) {
      expect(
        group.handled
          .filter(({ member }) => member === name)
          .map(({ body }) => String(body))
          .sort(),
      ).toEqual(numbered(10).sort())
    }
    await scene.settle(Promise.all(members.map(({ consumer }) => consumer.close())))
  })

  test('hands batches to a batch handler', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const bodies = numbered(20)
    await send(scene, 'T', bodies)
    const batches: string[][] = []
    const consumer = new Consumer({
      ...scene.client(),
      group: 'readers',
      topics: 'T',
      from: 'earliest',
      batchMax: 8,
      batchHandler: (messages) => void batches.push(messages.map(({ body }) => String(body))),
    })
    await scene.settle(consumer.start())
    await scene.cluster.until('all are handled', () => batches.flat().length === 20)
    expect(batches.flat().sort()).toEqual(bodies.sort())
    expect(Math.max(...batches.map(({ length }) => length))).toBe(8)
    await scene.settle(consumer.close())
  })

  test('handles no more at a time than it may, and holds no more than its limits', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 2)
    await send(scene, 'T', numbered(200))
    let running = 0
    let most = 0
    const group = new Group(scene)
    const options = { topics: 'T', concurrency: 3, pendingMessagesMax: 10 }
    const { consumer } = await group.join('one', options, async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => void scene.cluster.simulation.after(50, resolve))
      running--
    })
    await group.sees(numbered(200))
    expect(most).toBe(3)
    await scene.settle(consumer.close())
  })

  test('handles nothing while it is paused', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T' })
    const resume = consumer.pause()
    await scene.cluster.sleep(20_000)
    await send(scene, 'T', ['m'])
    await scene.cluster.sleep(20_000)
    expect(group.bodies).toEqual([])
    resume()
    await group.sees(['m'])
    await scene.settle(consumer.close())
  })

  test('waits for its handlers when it is closed, and what they did does not come again', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['m'])
    const group = new Group(scene)
    let isDone = false
    const { consumer } = await group.join('one', { topics: 'T' }, async () => {
      await new Promise<void>((resolve) => void scene.cluster.simulation.after(5000, resolve))
      isDone = true
    })
    await group.sees(['m'])
    await scene.settle(consumer.close())
    expect(isDone).toBe(true)
    const next = await group.join('two', { topics: 'T' })
    await scene.cluster.sleep(20_000)
    expect(group.bodies).toEqual(['m'])
    await scene.settle(next.consumer.close())
  })

  test('closes in bounded time when a handler hangs and the brokers are gone', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['m'])
    const group = new Group(scene)
    const options = { topics: 'T', closeTimeoutMs: 2000 }
    const { consumer } = await group.join('one', options, () => new Promise(() => {}))
    await group.sees(['m'])
    scene.cluster.brokers[0]!.kill()
    scene.cluster.nameServers[0]!.kill()
    const startMs = scene.cluster.simulation.monotonic()
    await scene.settle(consumer.close())
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(15_000)
  })

  test('loses nothing when brokers are killed and clocks are set back', async () => {
    const scene = await startScene({ brokers: 2, seed: 11 })
    await scene.createTopic('T', 2)
    const group = new Group(scene)
    const { consumer, machine } = await group.join('one', { topics: 'T' })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    for (let n = 0; n < 60; n++) {
      await scene.settle(producer.send({ topic: 'T', body: `m${n}` }, { timeoutMs: 60_000 }))
      if (n % 20 === 5) scene.cluster.brokers[n % 2]!.kill()
      if (n % 20 === 15) for (const broker of scene.cluster.brokers) if (!broker.isAlive) await broker.start()
      if (n === 30) machine.jumpClock(-3_600_000)
      if (n === 40)
        for (const connection of scene.cluster.network.connections()) scene.cluster.network.silence(connection)
    }
    for (const broker of scene.cluster.brokers) if (!broker.isAlive) await broker.start()
    await group.sees(numbered(60), 180_000)
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })
})
