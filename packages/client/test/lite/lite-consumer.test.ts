import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import {
  Admin,
  DeadLetter,
  LiteConsumer,
  Producer,
  type ReceivedMessage,
  RetryAfter,
  type SubscribeOptions,
} from '../../src/index.ts'
import { clientMachine, type Scene } from '../client-kit.ts'
import { LiteGroup, sendLite, startLite } from './lite-kit.ts'

/** Sends numbers from 0 on to each of some lite topics. */
async function numberedInEach(scene: Scene, topicCount: number, messageCount: number) {
  const names = Array.from({ length: topicCount }, (_, index) => `t${index}`)
  const numbers = Array.from({ length: messageCount }, (_, index) => index)
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  for (const number of numbers) {
    const messages = names.map((liteTopic) => ({ topic: 'chat', liteTopic, body: String(number) }))
    await scene.settle(producer.send(messages), 60_000)
  }
  return { names, numbers, producer }
}

describe('a consumer of lite topics', () => {
  test('handles what stands in those that it subscribes to on any broker, those of one in their order', async () => {
    const scene = await startLite({ brokers: 2 })
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a', 'b'] })
    await sendLite(scene, 'a', '1', '2', '3')
    await sendLite(scene, 'other', '1')
    await sendLite(scene, 'b', '1', '2')
    await group.sees(['a:1', 'a:2', 'a:3', 'b:1', 'b:2'])
    await scene.cluster.sleep(60_000)
    expect(group.texts.filter((text) => text.startsWith('a'))).toEqual(['a:1', 'a:2', 'a:3'])
    expect(group.texts.filter((text) => text.startsWith('b'))).toEqual(['b:1', 'b:2'])
    expect(group.texts).toHaveLength(5)
    expect(consumer.liteTopics).toEqual(['a', 'b'])
    await scene.settle(consumer.close())
  })

  test('subscribes to others while it runs, and ends subscriptions', async () => {
    const scene = await startLite({ brokers: 2 })
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one')
    await sendLite(scene, 'a', 'before')
    await scene.cluster.sleep(20_000)
    expect(group.texts).toEqual([])
    await scene.settle(consumer.subscribe('a'))
    await scene.settle(consumer.subscribe(['b', 'c']))
    expect(consumer.liteTopics).toEqual(['a', 'b', 'c'])
    const beginMs = scene.cluster.simulation.monotonic()
    await sendLite(scene, 'b', 'after')
    await group.sees(['a:before', 'b:after'])
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(3000)
    await scene.settle(consumer.unsubscribe(['a', 'b']))
    await sendLite(scene, 'a', 'too late')
    await sendLite(scene, 'c', 'still')
    await group.sees(['c:still'])
    // What brokers are told again and again is what it subscribes to by then.
    await scene.cluster.sleep(400_000)
    await sendLite(scene, 'c', 'later')
    await group.sees(['c:later'])
    expect(group.texts).not.toContain('a:too late')
    await scene.settle(consumer.close())
  })

  test('begins where it is told', async () => {
    const scene = await startLite()
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a'] })
    await sendLite(scene, 'a', '1', '2', '3')
    await group.sees(['a:1', 'a:2', 'a:3'])
    await scene.cluster.sleep(1000)
    const from = async (position: Parameters<typeof consumer.subscribe>[1]) => {
      group.handled.length = 0
      await scene.settle(consumer.subscribe('a', position))
      await scene.cluster.sleep(20_000)
      return group.texts
    }
    expect(await from({ from: 'earliest' })).toEqual(['a:1', 'a:2', 'a:3'])
    expect(await from({})).toEqual([])
    expect(await from({ from: { offset: 1 } })).toEqual(['a:2', 'a:3'])
    expect(await from({ from: { shift: -1 } })).toEqual(['a:3'])
    expect(await from({ from: new Date(1) })).toEqual(['a:1', 'a:2', 'a:3'])
    expect(await from({ from: 'latest' })).toEqual([])
    await scene.settle(consumer.close())
  })

  test('handles what fails again in its place, while those behind it wait and other lite topics go on', async () => {
    const scene = await startLite()
    await sendLite(scene, 'a', '1', 'fails', '3')
    await sendLite(scene, 'b', '1', '2')
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a', 'b'], invisibleMs: 5000 }, ({ body, attempt }) => {
      if (String(body) === 'fails' && attempt < 3) throw new RetryAfter(20_000)
    })
    await group.sees(['b:2'], 5000)
    await group.sees(['a:3'], 120_000)
    const ofA = group.handled.filter(({ text }) => text.startsWith('a'))
    expect(ofA.map(({ text, attempt }) => `${text} ${attempt}`)).toEqual([
      'a:1 1',
      'a:fails 1',
      'a:fails 2',
      'a:fails 3',
      'a:3 1',
    ])
    expect(ofA[2]!.atMs - ofA[1]!.atMs).toBeGreaterThanOrEqual(20_000)
    await scene.cluster.sleep(60_000)
    expect(group.handled).toHaveLength(7)
    await scene.settle(consumer.close())
  })

  test('goes on with others while lite topics wait for their next try, or for a handler that is slow', async () => {
    const scene = await startLite()
    const bodies = Array.from({ length: 10 }, (_, index) => String(index))
    for (const liteTopic of ['fails', 'slow']) await sendLite(scene, liteTopic, ...bodies)
    const group = new LiteGroup(scene)
    const ended = Promise.withResolvers<void>()
    const options = { liteTopics: ['fails', 'slow', 'good'], concurrency: 2 }
    const { consumer } = await group.join('one', options, ({ liteTopic }) => {
      if (liteTopic === 'fails') throw new RetryAfter(600_000)
      return liteTopic === 'slow' ? ended.promise : undefined
    })
    await group.sees(['fails:0', 'slow:0'])
    await sendLite(scene, 'good', ...bodies)
    await group.sees(
      bodies.map((body) => `good:${body}`),
      20_000,
    )
    expect(group.texts.filter((text) => !text.startsWith('good'))).toHaveLength(2)
    ended.resolve()
    await scene.settle(consumer.close())
  })

  test('gives back what stands behind messages that fail when it has as many as it may, and loses neither them nor their order', async () => {
    const scene = await startLite()
    const { names, numbers, producer } = await numberedInEach(scene, 36, 32)
    const group = new LiteGroup(scene)
    let isWell = false
    const { consumer } = await group.join('one', { liteTopics: [...names, 'good'] }, ({ liteTopic }) => {
      if (!isWell && liteTopic !== 'good') throw new RetryAfter(120_000)
    })
    // A thousand may wait: 31 of these lite topics and a part of another.
    await group.sees(
      names.map((name) => `${name}:0`),
      60_000,
    )
    await sendLite(scene, 'good', '0')
    await group.sees(['good:0'], 20_000)
    isWell = true
    await group.sees(
      names.flatMap((name) => numbers.map((number) => `${name}:${number}`)),
      700_000,
    )
    for (const name of names) {
      const ofOne = group.handled.filter(({ text }) => text.startsWith(`${name}:`))
      expect(ofOne.map(({ text, attempt }) => `${text} ${attempt}`)).toEqual([
        `${name}:0 1`,
        ...numbers.map((number) => `${name}:${number} ${number === 0 ? 2 : 1}`),
      ])
    }
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('goes on with others while a dead letter cannot be sent', async () => {
    const scene = await startLite({ brokers: 2 })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const send = (broker: string, body: string) => {
      const queue = { topic: 'chat', broker, queueId: 0 }
      return scene.settle(producer.send({ topic: 'chat', liteTopic: 'a', body, queue }))
    }
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a'], concurrency: 1 }, ({ body }) => {
      if (String(body) !== 'dead') return
      scene.cluster.brokers[0]!.kill()
      throw new DeadLetter()
    })
    await send('broker-1', 'dead')
    await group.sees(['a:dead'])
    await send('broker-2', 'alive')
    await group.sees(['a:alive'], 20_000)
    await scene.settle(Promise.all([consumer.close(), producer.close()]), 60_000)
  })

  test('handles messages of one lite topic together where it is told so, and all of them again when one fails', async () => {
    const scene = await startLite()
    const send = (liteTopic: string) => sendLite(scene, liteTopic, '0', '1', '2', '3', '4')
    await send('a')
    await send('b')
    const calls: string[] = []
    const { consumer } = await new LiteGroup(scene).join('one', {
      liteTopics: ['a', 'b'],
      handler: undefined,
      batchMax: 3,
      batchHandler: (messages) => {
        const [{ liteTopic, attempt }] = messages as [ReceivedMessage, ...ReceivedMessage[]]
        calls.push(`${liteTopic} ${messages.map(({ body }) => String(body)).join('')} ${attempt}`)
        if (liteTopic === 'a' && attempt === 1 && String(messages[0]!.body) === '0') throw new Error('not yet')
      },
    })
    await scene.cluster.until('all are handled', () => calls.length === 5)
    await scene.cluster.sleep(60_000)
    expect(calls.filter((call) => call.startsWith('a'))).toEqual(['a 012 1', 'a 012 2', 'a 34 1'])
    expect(calls.filter((call) => call.startsWith('b'))).toEqual(['b 012 1', 'b 34 1'])
    await scene.settle(consumer.close())
  })

  test('handles also what another topic has sent to a lite topic', async () => {
    const scene = await startLite()
    await scene.createTopic('other', 1)
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const sent = (queue: string) => ({ topic: 'other', body: queue, properties: { INNER_MULTI_DISPATCH: queue } })
    await broker.send(sent('%LMQ%$chat$a'))
    await sendLite(scene, 'a', '1')
    await sendLite(scene, 'b', '1')
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a', 'b'], invisibleMs: 5000 })
    await group.sees(['a:%LMQ%$chat$a', 'a:1', 'b:1'])
    await scene.cluster.sleep(30_000)
    expect(group.handled).toHaveLength(3)
    await scene.settle(consumer.close())
  })

  test('handles a message that was sent to several lite topics once in each of them', async () => {
    const scene = await startLite()
    await scene.createTopic('other', 1)
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const names = ['%LMQ%$chat$a', '%LMQ%elsewhere', '%LMQ%$chat$b', '%LMQ%$chat$b', '%LMQ%$chat$c']
    await sendLite(scene, 'b', 'before')
    await broker.send({ topic: 'other', body: 'all', properties: { INNER_MULTI_DISPATCH: names.join(',') } })
    await sendLite(scene, 'b', 'behind')
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['b', 'c'], invisibleMs: 5000 })
    const later = await group.join('two', { liteTopics: ['a'], invisibleMs: 5000 })
    await group.sees(['a:all', 'b:before', 'b:all', 'b:behind', 'c:all'])
    await scene.cluster.sleep(30_000)
    expect(group.texts).toHaveLength(5)
    expect(group.texts.filter((text) => text.startsWith('b'))).toEqual(['b:before', 'b:all', 'b:behind'])
    await scene.settle(Promise.all([consumer.close(), later.consumer.close()]))
  })

  test('makes dead letters of what it gives up, and of what failed too often', async () => {
    const scene = await startLite({ retriesMax: 1 })
    const sent = await sendLite(scene, 'a', 'given up', 'always fails', 'behind')
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a'] }, ({ body }) => {
      if (String(body) === 'given up') throw new DeadLetter()
      if (String(body) === 'always fails') throw new RetryAfter(1000)
    })
    await group.sees(['a:behind'], 60_000)
    expect(group.texts).toEqual(['a:given up', 'a:always fails', 'a:always fails', 'a:behind'])
    expect(await scene.bodies('%DLQ%readers')).toEqual(['given up', 'always fails'])
    const admin = new Admin(scene.client())
    const [letter] = await scene.settle(admin.messagesById('%DLQ%readers', sent[0]!.messageId))
    expect(letter).toMatchObject({ liteTopic: 'a' })
    // Nobody reads the retry topic of such a group.
    const redelivered = await scene.failure(admin.redeliver('readers', letter!))
    expect(redelivered).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(admin.close())
    await scene.cluster.sleep(60_000)
    expect(group.handled).toHaveLength(4)
    await scene.settle(consumer.close())
  })

  test('keeps a message to itself while its handler runs, and gives back what waits when it is closed', async () => {
    const scene = await startLite()
    await sendLite(scene, 'a', '1', '2')
    const group = new LiteGroup(scene)
    const ended = Promise.withResolvers<void>()
    const options = { liteTopics: ['a'], invisibleMs: 5000 }
    const one = await group.join('one', options, () => ended.promise)
    await group.sees(['a:1'])
    const other = await group.join('other', options)
    await scene.cluster.sleep(60_000)
    expect(group.texts).toEqual(['a:1'])
    const closing = one.consumer.close()
    ended.resolve()
    await scene.settle(closing)
    await group.sees(['a:2'], 20_000)
    expect(group.handled.map(({ text, attempt, member }) => `${text} ${attempt} ${member}`)).toEqual([
      'a:1 1 one',
      'a:2 1 other',
    ])
    await scene.settle(other.consumer.close())
  })

  test('shares a lite topic with other subscribers, and takes over what one had that died', async () => {
    const scene = await startLite()
    const group = new LiteGroup(scene)
    const hangs = (member: string) => () => (member === 'dying' ? new Promise(() => {}) : undefined)
    const dying = await group.join('dying', { liteTopics: ['a'], invisibleMs: 5000 }, hangs('dying'))
    await sendLite(scene, 'a', '1')
    await group.sees(['a:1'])
    const other = await group.join('other', { liteTopics: ['a'], invisibleMs: 5000 }, hangs('other'))
    dying.machine.kill()
    await scene.cluster.until('it comes again', () => group.handled.length === 2, 120_000)
    expect(group.handled[1]).toMatchObject({ text: 'a:1', member: 'other', attempt: 2 })
    await scene.settle(other.consumer.close())
  })

  test('is told of a lite topic that another one has taken over, and does not ask for it again', async () => {
    const scene = await startLite({ exclusive: true, brokers: 2 })
    const group = new LiteGroup(scene)
    const lost: string[] = []
    const onUnsubscribed = (liteTopic: string) => lost.push(liteTopic)
    const one = await group.join('one', { liteTopics: ['a', 'b'], onUnsubscribed })
    const other = await group.join('other')
    await scene.settle(other.consumer.subscribe('a'))
    await scene.cluster.until('it is told', () => lost.length > 0)
    expect(one.consumer.liteTopics).toEqual(['b'])
    await scene.cluster.sleep(70_000)
    await sendLite(scene, 'a', '1')
    await sendLite(scene, 'b', '1')
    await group.sees(['a:1', 'b:1'])
    expect(group.handled.map(({ text, member }) => `${text} ${member}`).toSorted()).toEqual(['a:1 other', 'b:1 one'])
    expect(lost).toEqual(['a'])
    await scene.settle(Promise.all([one.consumer.close(), other.consumer.close()]))
  })

  test('goes on when what it is to call for a lite topic that was taken over fails', async () => {
    const scene = await startLite({ exclusive: true })
    const group = new LiteGroup(scene)
    const told: string[] = []
    const onUnsubscribed = async (liteTopic: string): Promise<void> => {
      told.push(liteTopic)
      await Promise.resolve()
      throw new Error('it fails')
    }
    const one = await group.join('one', { liteTopics: ['a', 'b'], onUnsubscribed })
    const other = await group.join('other')
    await scene.settle(other.consumer.subscribe('a'))
    await scene.cluster.until('it is told', () => told.length > 0)
    await sendLite(scene, 'b', '1')
    await group.sees(['b:1'])
    expect(one.consumer.liteTopics).toEqual(['b'])
    await scene.settle(Promise.all([one.consumer.close(), other.consumer.close()]))
  })

  test('of a group that takes all lite topics subscribes to none, and is given all', async () => {
    const scene = await startLite({ wildcard: true })
    await sendLite(scene, 'old', '1')
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one')
    expect(await scene.failure(consumer.subscribe('a'))).toMatchObject({ code: 'ILLEGAL_OPERATION' })
    expect(consumer.liteTopics).toEqual([])
    await sendLite(scene, 'new', '1')
    await group.sees(['old:1', 'new:1'], 60_000)
    await scene.settle(consumer.close())
  })

  test('says that its subscriptions are too many, and keeps those that it has', async () => {
    const scene = await startLite({ subscriptionsMax: 2 })
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a'] })
    const exceeded = { code: 'LITE_SUBSCRIPTION_QUOTA_EXCEEDED', retryable: false }
    expect(await scene.failure(consumer.subscribe(['b', 'c']))).toMatchObject(exceeded)
    expect(consumer.liteTopics).toEqual(['a'])
    await scene.settle(consumer.subscribe('b'))
    await sendLite(scene, 'b', '1')
    await group.sees(['b:1'])
    const greedy = new LiteConsumer({
      ...scene.client(),
      group: 'readers',
      topic: 'chat',
      liteTopics: ['a', 'b', 'c'],
      handler: () => {},
    })
    expect(await scene.failure(greedy.start())).toMatchObject(exceeded)
    await scene.settle(Promise.all([consumer.close(), greedy.close()]))
  })

  test('goes on when its broker is back, and has forgotten everything', async () => {
    const scene = await startLite()
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a'] })
    await sendLite(scene, 'a', '1')
    await group.sees(['a:1'])
    const [broker] = scene.cluster.brokers
    broker!.kill()
    await scene.cluster.sleep(5000)
    await broker!.start()
    await scene.cluster.until('it is sent', async () => {
      const sent = await sendLite(scene, 'a', '2').catch(() => [])
      return sent.length > 0
    })
    await group.sees(['a:2'], 60_000)
    await scene.settle(consumer.close())
  })

  test('loses nothing, and keeps the order in which messages come first, whenever its broker is killed and clocks jump', async () => {
    const scene = await startLite()
    const group = new LiteGroup(scene)
    const names = ['a', 'b', 'c']
    const { clock } = clientMachine(scene.cluster).runtime
    const handle = () => new Promise<void>((resolve) => clock.after(300, resolve))
    const { consumer, machine } = await group.join('one', { liteTopics: names, invisibleMs: 5000 }, handle)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const [broker] = scene.cluster.brokers
    const sent: string[] = []
    for (let round = 0; round < 4; round++) {
      for (let number = 0; number < 6; number++) {
        for (const liteTopic of names) {
          const body = `${round}${number}`
          await scene.settle(producer.send({ topic: 'chat', liteTopic, body }), 120_000)
          sent.push(`${liteTopic}:${body}`)
        }
      }
      await scene.cluster.until(`some of round ${round} are handled`, () => group.handled.length > round * 10)
      if (round < 3) {
        broker!.kill()
        machine.jumpClock(round === 1 ? -3_600_000 : 3_600_000)
        await scene.cluster.sleep(2000)
        await broker!.start()
      }
    }
    await group.sees(sent, 300_000)
    const first = [...new Set(group.texts)]
    for (const name of names) {
      const ofOne = (texts: readonly string[]) => texts.filter((text) => text.startsWith(name))
      expect(ofOne(first)).toEqual(ofOne(sent))
    }
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('keeps the order of what fails too, whenever its broker is killed', async () => {
    const random = new SeededRandom(2)
    const scene = await startLite()
    const { names, numbers, producer } = await numberedInEach(scene, 36, 32)
    const done = new Map(names.map((name) => [name, new Set<number>()]))
    let isFailing = true
    const batchHandler = (messages: readonly ReceivedMessage[]): void => {
      if (isFailing && random.below(3) > 0) throw new RetryAfter(random.below(60_000))
      for (const { liteTopic, body } of messages) done.get(liteTopic!)!.add(Number(String(body)))
    }
    const options = { liteTopics: names, invisibleMs: 5000 + random.below(30_000), batchMax: 4 }
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { ...options, handler: undefined, batchHandler })
    const [broker] = scene.cluster.brokers
    for (let kills = 0; kills < 3; kills++) {
      await scene.cluster.sleep(random.below(60_000))
      broker!.kill()
      await scene.cluster.sleep(random.below(20_000))
      await broker!.start()
    }
    isFailing = false
    const isAll = (): boolean => [...done.values()].every(({ size }) => size === numbers.length)
    await scene.cluster.until('all are handled', isAll, 900_000)
    for (const handled of done.values()) expect([...handled]).toEqual(numbers)
    await scene.settle(Promise.all([consumer.close(), producer.close()]), 60_000)
  })

  test('is subscribed to what a broker could not be told of, once that is back', async () => {
    const scene = await startLite({ brokers: 2 })
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one')
    const [first] = scene.cluster.brokers
    first!.kill()
    await scene.settle(consumer.subscribe('a'), 30_000)
    await first!.start()
    await scene.cluster.sleep(60_000)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    for (const broker of ['broker-1', 'broker-2']) {
      const queue = { topic: 'chat', broker, queueId: 0 }
      await scene.settle(producer.send({ topic: 'chat', liteTopic: 'a', body: broker, queue }), 60_000)
    }
    await group.sees(['a:broker-1', 'a:broker-2'], 60_000)
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test.each<[string, SubscribeOptions['from'], string[]]>([
    ['the first message', 'earliest', ['0', '1', '2', 'after']],
    ['the end', 'latest', ['after']],
    ['an offset', { offset: 1 }, ['1', '2', 'after']],
    ['so many messages before', { shift: -2 }, ['1', '2', 'after']],
    ['a time', new Date(1), ['0', '1', '2', 'after']],
  ])('begins at %s at a broker too that could not be told so, once that is back', async (_name, from, expected) => {
    const scene = await startLite({ brokers: 2 })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const queue = { topic: 'chat', broker: 'broker-1', queueId: 0 }
    const send = (body: string) =>
      scene.settle(producer.send({ topic: 'chat', liteTopic: 'a', body, queue }, { timeoutMs: 60_000 }), 90_000)
    for (const body of ['0', '1', '2']) await send(body)
    const before = new LiteGroup(scene)
    const first = await before.join('first', { liteTopics: ['a'] })
    // Where the end is meant, something stands before it that the group has not done.
    const isBehind = from === 'latest'
    await before.sees(['a:2'])
    await scene.cluster.sleep(70_000)
    await scene.settle(first.consumer.close())
    if (isBehind) {
      await send('undone')
      await scene.cluster.sleep(70_000)
    }
    const [broker] = scene.cluster.brokers
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one')
    broker!.kill()
    await scene.settle(consumer.subscribe('a', { from }), 30_000)
    await broker!.start()
    await send('after')
    await group.sees(
      expected.map((body) => `a:${body}`),
      90_000,
    )
    await scene.cluster.sleep(90_000)
    expect(group.texts).toEqual(expected.map((body) => `a:${body}`))
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('is not sent back at a broker that was away by a subscription that has ended, or was made anew', async () => {
    const scene = await startLite({ brokers: 2 })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const queue = { topic: 'chat', broker: 'broker-1', queueId: 0 }
    const send = (liteTopic: string, body: string) =>
      scene.settle(producer.send({ topic: 'chat', liteTopic, body, queue }, { timeoutMs: 60_000 }), 90_000)
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['ended', 'anew'] })
    await send('ended', '0')
    await send('anew', '0')
    await send('anew', '1')
    await group.sees(['ended:0', 'anew:0', 'anew:1'])
    await scene.cluster.sleep(20_000)
    const [broker] = scene.cluster.brokers
    broker!.kill()
    await scene.settle(consumer.subscribe(['ended', 'anew'], { from: 'earliest' }), 30_000)
    await scene.settle(consumer.unsubscribe('ended'), 30_000)
    await scene.settle(consumer.subscribe('anew', { from: { shift: -1 } }), 30_000)
    group.handled.length = 0
    await broker!.start()
    await scene.cluster.sleep(60_000)
    await scene.settle(consumer.subscribe('ended'), 30_000)
    await scene.cluster.sleep(60_000)
    expect(group.texts).toEqual(['anew:1'])
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('handles nothing while it is paused', async () => {
    const scene = await startLite()
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { liteTopics: ['a'] })
    const resume = consumer.pause()
    await sendLite(scene, 'a', '1')
    await scene.cluster.sleep(60_000)
    expect(group.texts).toEqual([])
    resume()
    await group.sees(['a:1'])
    await scene.settle(consumer.close())
  })

  test('is a member of its group in its namespace until it is closed', async () => {
    const scene = await startLite()
    const admin = new Admin({ ...scene.client(), namespace: 'ns' })
    await scene.settle(admin.createTopic('chat', { queues: 1, lite: { expirationMinutes: 60 } }))
    await scene.settle(admin.createGroup('readers', { lite: { topic: 'chat' } }))
    const group = new LiteGroup(scene)
    const { consumer } = await group.join('one', { namespace: 'ns', liteTopics: ['a'] })
    const producer = new Producer({ ...scene.client(), namespace: 'ns', group: 'shop' })
    await scene.settle(producer.send({ topic: 'chat', liteTopic: 'a', body: '1' }))
    await group.sees(['a:1'])
    const { members } = await scene.settle(admin.describeGroup('readers'))
    expect(members).toMatchObject([{ clientId: consumer.clientId, language: 'NODE_JS' }])
    await scene.settle(consumer.close())
    expect((await scene.settle(admin.describeGroup('readers'))).members).toEqual([])
    await scene.settle(Promise.all([producer.close(), admin.close()]))
  })

  test.each<[string, object]>([
    ['liteTopics', { liteTopics: ['a b'] }],
    ['liteTopics', { liteTopics: 'a' }],
    ['handler', { handler: undefined }],
    ['handler', { batchHandler: () => {} }],
    ['batchMax', { batchMax: 0 }],
    ['concurrency', { concurrency: 0 }],
    ['invisibleMs', { invisibleMs: 4999 }],
    ['attemptsMax', { attemptsMax: 0 }],
    ['undecodable', { undecodable: 'drop' }],
    ['topics', { topics: 'T' }],
  ])('is refused with %s that cannot be used', (_name, options) => {
    const given = { nameServers: 'localhost', group: 'g', topic: 'T', handler: () => {}, ...options }
    expect(() => new LiteConsumer(given as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  test('refuses names and positions that cannot be used', async () => {
    const scene = await startLite()
    const consumer = new LiteConsumer({
      ...scene.client(clientMachine(scene.cluster)),
      ...{ group: 'readers', topic: 'chat', handler: () => {} },
    })
    for (const [names, options] of [
      ['a/b', {}],
      ['a', { from: { shift: 1 } }],
      ['a', { from: { offset: -1 } }],
      ['a', { form: 'earliest' }],
    ] as const) {
      const refused = scene.failure(consumer.subscribe(names, options as object))
      expect(await refused).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    expect(consumer.liteTopics).toEqual([])
    await scene.settle(consumer.close())
  })
})

describe('a message of a lite topic', () => {
  test('goes where all producers send those of its lite topic, alone and among others', async () => {
    const scene = await startLite({ brokers: 3 })
    const one = await sendLite(scene, 'a', '1')
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const others = ['a', 'b', 'a', 'c'].map((liteTopic, index) => ({ topic: 'chat', liteTopic, body: String(index) }))
    const receipts = await scene.settle(producer.send(others))
    expect(receipts.filter((_, index) => others[index]!.liteTopic === 'a').map(({ queue }) => queue)).toEqual([
      one[0]!.queue,
      one[0]!.queue,
    ])
    const admin = new Admin(scene.client())
    const described = await scene.settle(admin.describeLiteTopic('chat', 'a'))
    expect(described.filter(({ isChosen }) => isChosen).map(({ broker }) => broker)).toEqual([one[0]!.queue.broker])
    expect(described.map(({ maxOffset }) => maxOffset).toSorted()).toEqual([0, 0, 3])
    await scene.settle(Promise.all([producer.close(), admin.close()]))
  })

  test('is refused with a name that cannot be used, or beside another kind', async () => {
    const scene = await startLite()
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    for (const extra of [
      { liteTopic: 'a b' },
      { liteTopic: '' },
      { liteTopic: 'a', shardingKey: 's' },
      { liteTopic: 'a', delayMs: 1000 },
      { liteTopic: 'a', priority: 1 },
      { properties: { __LITE_TOPIC: 'a' } },
    ]) {
      const sent = producer.send({ topic: 'chat', body: 'x', ...extra })
      expect(await scene.failure(sent)).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await scene.settle(producer.close())
  })

  test('is one too many where its broker has as many lite topics as it may', async () => {
    const scene = await startLite({ brokerSettings: { enableLmqQuota: 'true', maxLmqConsumeQueueNum: '2' } })
    await sendLite(scene, 'a', '1')
    await sendLite(scene, 'b', '1')
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const failure = await scene.failure(producer.send({ topic: 'chat', liteTopic: 'c', body: 'x' }))
    expect(failure).toMatchObject({ code: 'LMQ_QUOTA_EXCEEDED', retryable: false })
    await scene.settle(producer.close())
  })
})
