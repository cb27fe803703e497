import { describe, expect, test } from 'vitest'
import { json, LiteSimpleConsumer as Lite, type LiteSimpleConsumer, type PoppedMessage } from '../../src/index.ts'
import { clientMachine, type Scene } from '../client-kit.ts'
import { sendLite, simple, startLite } from './lite-kit.ts'

const texts = (messages: readonly PoppedMessage[]) => messages.map(({ liteTopic, body }) => `${liteTopic}:${body}`)

/** Receives and acknowledges until there is nothing for a time. */
async function drain(scene: Scene, consumer: LiteSimpleConsumer): Promise<string[]> {
  const all: string[] = []
  for (;;) {
    const messages = await scene.settle(consumer.receive({ waitMs: 5000 }))
    if (messages.length === 0) return all
    all.push(...texts(messages))
    await scene.settle(consumer.ack(messages))
  }
}

describe('a simple consumer of lite topics', () => {
  test('receives what stands in those that it subscribes to on any broker, and what it acknowledges no more', async () => {
    const scene = await startLite({ brokers: 3 })
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of [...names, 'other']) await sendLite(scene, name, '1', '2')
    const consumer = simple(scene, { liteTopics: names, invisibleMs: 5000 })
    const all = await drain(scene, consumer)
    expect(all.toSorted()).toEqual(names.flatMap((name) => [`${name}:1`, `${name}:2`]))
    await scene.cluster.sleep(20_000)
    expect(await drain(scene, consumer)).toEqual([])
    await scene.settle(consumer.close())
  })

  test('is given no more of a lite topic before all that it was given is acknowledged', async () => {
    const scene = await startLite()
    await sendLite(scene, 'a', '1', '2', '3')
    await sendLite(scene, 'b', '1')
    const consumer = simple(scene, { liteTopics: ['a', 'b'], invisibleMs: 60_000 })
    const first = await scene.settle(consumer.receive({ max: 2 }))
    expect(first).toHaveLength(2)
    const rest = await scene.settle(consumer.receive({ waitMs: 0 }))
    const seen = texts([...first, ...rest])
    expect(seen.filter((text) => text.startsWith('a')).length).toBeLessThan(4)
    await scene.settle(consumer.ack([...first, ...rest]))
    expect([...seen, ...(await drain(scene, consumer))].toSorted()).toEqual(['a:1', 'a:2', 'a:3', 'b:1'])
    await scene.settle(consumer.close())
  })

  test('is woken by a message of any broker, while others have none', async () => {
    const scene = await startLite({ brokers: 3 })
    const names = Array.from({ length: 9 }, (_, index) => `lite-${index}`)
    const consumer = simple(scene, { liteTopics: names })
    await scene.settle(consumer.start())
    const brokers = new Set<string>()
    for (const name of names) {
      const receiving = consumer.receive({ waitMs: 60_000 })
      await scene.cluster.sleep(20_000)
      const beginMs = scene.cluster.simulation.monotonic()
      const [receipt] = await sendLite(scene, name, 'x')
      brokers.add(receipt!.queue.broker)
      const messages = await scene.settle(receiving)
      expect(texts(messages)).toEqual([`${name}:x`])
      expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(2000)
      await scene.settle(consumer.ack(messages))
    }
    expect(brokers.size).toBeGreaterThan(1)
    await scene.settle(consumer.close())
  })

  test('waits no longer than it is told', async () => {
    const scene = await startLite({ brokers: 2 })
    const consumer = simple(scene, { liteTopics: ['a'] })
    await scene.settle(consumer.start())
    const beginMs = scene.cluster.simulation.monotonic()
    const now = (): number => scene.cluster.simulation.monotonic() - beginMs
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    expect(now()).toBeLessThan(500)
    expect(await scene.settle(consumer.receive({ waitMs: 60_000 }), 120_000)).toEqual([])
    expect(now()).toBeGreaterThanOrEqual(60_000)
    expect(now()).toBeLessThan(62_000)
    await scene.settle(consumer.close())
  })

  test('keeps for the next call what came when one was ended', async () => {
    const scene = await startLite()
    const consumer = simple(scene, { liteTopics: ['a'] })
    const ending = new AbortController()
    const receiving = scene.failure(consumer.receive({ signal: ending.signal, waitMs: 60_000 }))
    await scene.cluster.sleep(1000)
    ending.abort()
    expect(await receiving).toMatchObject({ code: 'ABORTED' })
    await sendLite(scene, 'a', '1')
    await scene.cluster.sleep(2000)
    const messages = await scene.settle(consumer.receive({ waitMs: 0 }))
    expect(messages.map(({ body, attempt }) => [String(body), attempt])).toEqual([['1', 1]])
    await scene.settle(consumer.ack(messages))
    await scene.settle(consumer.close())
  })

  test('is given at once what an answer brought that was lost, as if for the first time', async () => {
    const scene = await startLite()
    const machine = clientMachine(scene.cluster)
    const consumer = simple(scene, { ...scene.client(machine), liteTopics: ['a'], invisibleMs: 600_000 })
    await scene.settle(consumer.start())
    await sendLite(scene, 'a', '1', '2')
    const [broker] = scene.cluster.brokers
    scene.cluster.network.block(broker!.host, machine.host)
    const lost = await scene.failure(consumer.receive({ waitMs: 0 }), 60_000)
    expect(lost).toMatchObject({ outcome: 'unknown', retryable: true })
    scene.cluster.network.heal()
    const messages = await scene.settle(consumer.receive({ waitMs: 30_000 }), 60_000)
    expect(messages.map(({ body, attempt }) => [String(body), attempt])).toEqual([
      ['1', 1],
      ['2', 1],
    ])
    await scene.settle(consumer.ack(messages))
    await scene.settle(consumer.close())
  })

  test('gives to two calls at the same time what comes for either', async () => {
    const scene = await startLite({ brokers: 2 })
    const consumer = simple(scene, { liteTopics: ['a', 'b', 'c', 'd'] })
    const calls = [consumer.receive({ waitMs: 60_000 }), consumer.receive({ waitMs: 60_000 })]
    await scene.cluster.sleep(1000)
    await sendLite(scene, 'a', '1')
    const beginMs = scene.cluster.simulation.monotonic()
    const first = await scene.settle(Promise.race(calls))
    expect(texts(first)).toEqual(['a:1'])
    await sendLite(scene, 'b', '1')
    const both = await scene.settle(Promise.all(calls))
    expect(both.flatMap(texts).toSorted()).toEqual(['a:1', 'b:1'])
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(5000)
    await scene.settle(consumer.close())
  })

  test('gives back to others what came and nobody received', async () => {
    const scene = await startLite()
    const one = simple(scene, { liteTopics: ['a'], invisibleMs: 60_000 })
    const ending = new AbortController()
    const receiving = scene.failure(one.receive({ signal: ending.signal, waitMs: 60_000 }))
    await scene.cluster.sleep(1000)
    ending.abort()
    await receiving
    await sendLite(scene, 'a', '1')
    await scene.cluster.sleep(2000)
    await scene.settle(one.close())
    const other = simple(scene, { liteTopics: ['a'] })
    const messages = await scene.settle(other.receive({ waitMs: 20_000 }))
    expect(messages.map(({ body, attempt }) => [String(body), attempt])).toEqual([['1', 1]])
    await scene.settle(other.close())
  })

  test('is given again what it does not acknowledge, counted, and keeps it for longer where it asks for that', async () => {
    const scene = await startLite()
    await sendLite(scene, 'a', '1')
    const consumer = simple(scene, { liteTopics: ['a'], invisibleMs: 3000 })
    const [first] = await scene.settle(consumer.receive())
    expect(first).toMatchObject({ liteTopic: 'a', topic: 'chat', attempt: 1 })
    const [second] = await scene.settle(consumer.receive({ waitMs: 15_000 }))
    expect(second).toMatchObject({ liteTopic: 'a', attempt: 2, messageId: first!.messageId })
    expect(await scene.failure(consumer.ack(first!))).toMatchObject({ retryable: false })
    const before = second!.visibleTimestamp
    await scene.settle(consumer.changeInvisible(second!, 60_000))
    expect(second!.visibleTimestamp - before).toBeGreaterThan(50_000)
    expect(await scene.settle(consumer.receive({ waitMs: 40_000 }), 60_000)).toEqual([])
    await scene.settle(consumer.changeInvisible(second!, 1000))
    const [third] = await scene.settle(consumer.receive({ waitMs: 15_000 }))
    expect(third).toMatchObject({ attempt: 3 })
    await scene.settle(consumer.ack(third!))
    await scene.settle(consumer.ack(third!))
    expect(await scene.settle(consumer.receive({ waitMs: 15_000 }))).toEqual([])
    await scene.settle(consumer.close())
  })

  test('makes dead letters of what it gives up, of what cannot be decoded and of what was delivered too often', async () => {
    const scene = await startLite({ retriesMax: 1 })
    await sendLite(scene, 'a', '1')
    await sendLite(scene, 'b', 'no json')
    await sendLite(scene, 'c', '3')
    const options = { liteTopics: ['a', 'b', 'c'], invisibleMs: 2000, codec: json<number>() }
    const consumer = new Lite({ ...scene.client(), group: 'readers', topic: 'chat', ...options })
    const counts = new Map<number, number>()
    for (let round = 0; round < 6; round++) {
      for (const message of await scene.settle(consumer.receive({ waitMs: 8000 }))) {
        counts.set(message.body, (counts.get(message.body) ?? 0) + 1)
        if (message.body === 1) await scene.settle(consumer.deadLetter(message))
      }
    }
    expect(Object.fromEntries(counts)).toEqual({ 1: 1, 3: 2 })
    expect((await scene.bodies('%DLQ%readers')).sort()).toEqual(['1', '3', 'no json'])
    await scene.settle(consumer.close())
  })

  test('subscribes and ends subscriptions between two calls', async () => {
    const scene = await startLite()
    await sendLite(scene, 'a', '1')
    const consumer = simple(scene)
    expect(await scene.settle(consumer.receive({ waitMs: 1000 }))).toEqual([])
    await scene.settle(consumer.subscribe('a'))
    expect(await drain(scene, consumer)).toEqual(['a:1'])
    await scene.settle(consumer.unsubscribe('a'))
    await sendLite(scene, 'a', '2')
    expect(await scene.settle(consumer.receive({ waitMs: 1000 }))).toEqual([])
    await scene.settle(consumer.subscribe('a', { from: 'earliest' }))
    expect(await drain(scene, consumer)).toEqual(['a:1', 'a:2'])
    await scene.settle(consumer.close())
  })

  test('says that its topic has no lite topics, or is not there, and closes all the same', async () => {
    const scene = await startLite()
    await scene.createTopic('plain', 1)
    const plain = simple(scene, { topic: 'plain', liteTopics: ['a'] })
    expect(await scene.failure(plain.receive({ waitMs: 1000 }))).toMatchObject({ code: 'INVALID_PARAMETER' })
    const none = simple(scene, { topic: 'none' })
    expect(await scene.failure(none.receive({ waitMs: 1000 }))).toMatchObject({ code: 'TOPIC_NOT_EXIST' })
    await scene.settle(Promise.all([plain.close(), none.close()]))
    expect(await scene.failure(none.receive())).toMatchObject({ code: 'CLOSED' })
  })

  test('acknowledges only messages of lite topics', async () => {
    const scene = await startLite()
    await sendLite(scene, 'a', '1')
    const consumer = simple(scene, { liteTopics: ['a'] })
    const [message] = await scene.settle(consumer.receive())
    const { liteTopic: _, ...rest } = message!
    expect(await scene.failure(consumer.ack(rest))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    const written = JSON.parse(JSON.stringify(message)) as PoppedMessage
    await scene.settle(consumer.ack(written))
    await scene.settle(consumer.close())
  })

  test.each<[string, object]>([
    ['invisibleMs', { invisibleMs: 999 }],
    ['waitMs', { waitMs: -1 }],
    ['liteTopics', { liteTopics: ['a/b'] }],
    ['handler', { handler: () => {} }],
  ])('is refused with %s that cannot be used', (_name, options) => {
    const given = { nameServers: 'localhost', group: 'g', topic: 'T', ...options }
    expect(() => new Lite(given as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})
