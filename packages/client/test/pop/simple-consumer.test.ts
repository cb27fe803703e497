import { describe, expect, test } from 'vitest'
import {
  Admin,
  json,
  type PoppedMessage,
  Producer,
  type ReceiveOptions,
  SimpleConsumer,
  type SimpleConsumerOptions,
} from '../../src/index.ts'
import { clientMachine, numbered, type Scene, send, startScene } from '../client-kit.ts'

function join(scene: Scene, options: Partial<SimpleConsumerOptions> = {}, machine = clientMachine(scene.cluster)) {
  return new SimpleConsumer({ ...scene.client(machine), group: 'readers', topics: 'T', from: 'earliest', ...options })
}

const texts = (messages: readonly PoppedMessage[]): string[] => messages.map(({ body }) => String(body))

/** Receives and acknowledges until there is nothing for a time. */
async function drain(scene: Scene, consumer: SimpleConsumer, options: ReceiveOptions = {}): Promise<PoppedMessage[]> {
  const all: PoppedMessage[] = []
  for (;;) {
    const messages = await scene.settle(consumer.receive({ waitMs: 2000, ...options }))
    if (messages.length === 0) return all
    all.push(...messages)
    await scene.settle(consumer.ack(messages))
  }
}

describe('a simple consumer', () => {
  test('receives each message of all brokers once, as it was sent, when it acknowledges them', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 2)
    await send(scene, 'T', numbered(100), { tag: 'a', keys: 'k', properties: { p: 'v' }, shardingKey: 's', flag: 3 })
    await send(scene, 'T', numbered(100, 'n'))
    const consumer = join(scene, { invisibleMs: 5000 })
    const messages = await drain(scene, consumer)
    expect(texts(messages).sort()).toEqual([...numbered(100), ...numbered(100, 'n')].sort())
    const [one] = messages.filter(({ tag }) => tag === 'a')
    expect(one).toMatchObject({
      topic: 'T',
      keys: ['k'],
      properties: { p: 'v' },
      shardingKey: 's',
      flag: 3,
      attempt: 1,
    })
    expect(one!.queue).toMatchObject({ topic: 'T' })
    await scene.cluster.sleep(20_000)
    expect(await drain(scene, consumer)).toEqual([])
    await scene.settle(consumer.close())
  })

  test('gives as many as it is asked for, also more than brokers give at once', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', numbered(100))
    const consumer = join(scene)
    expect(await scene.settle(consumer.receive({ max: 3 }))).toHaveLength(3)
    expect(await scene.settle(consumer.receive({ max: 70 }))).toHaveLength(70)
    expect(await scene.settle(consumer.receive({ max: 1024 }))).toHaveLength(27)
    await scene.settle(consumer.close())
  })

  test('is given again what it does not acknowledge, with the number of the delivery', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const [receipt] = await send(scene, 'T', ['m'])
    const consumer = join(scene, { invisibleMs: 3000 })
    const [first] = await scene.settle(consumer.receive())
    const [second] = await scene.settle(consumer.receive({ waitMs: 15_000 }))
    expect(second).toMatchObject({ topic: 'T', messageId: receipt!.messageId, attempt: 2 })
    expect(String(second!.body)).toBe('m')
    expect(second!.receipt).not.toBe(first!.receipt)
    // What was given the first time is over.
    expect(await scene.failure(consumer.ack(first!))).toMatchObject({ retryable: false })
    await scene.settle(consumer.ack(second!))
    await scene.settle(consumer.ack(second!))
    await scene.cluster.sleep(20_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.close())
  })

  test('is woken by a message of any broker, while others have none', async () => {
    const scene = await startScene({ brokers: 3 })
    await scene.createTopic('T', 1)
    const consumer = join(scene)
    for (const broker of ['broker-2', 'broker-3', 'broker-1', 'broker-2']) {
      const receiving = consumer.receive({ waitMs: 60_000 })
      await scene.cluster.sleep(20_000)
      const beginMs = scene.cluster.simulation.monotonic()
      await send(scene, 'T', [broker], { queue: { topic: 'T', broker, queueId: 0 } })
      const messages = await scene.settle(receiving)
      expect(texts(messages)).toEqual([broker])
      expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(2000)
      await scene.settle(consumer.ack(messages))
    }
    await scene.settle(consumer.close())
  })

  test('waits no longer than it is told, and asks little while there is nothing', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const machine = clientMachine(scene.cluster)
    const consumer = join(scene, {}, machine)
    await scene.settle(consumer.start())
    const beginMs = scene.cluster.simulation.monotonic()
    const now = (): number => scene.cluster.simulation.monotonic() - beginMs
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    expect(now()).toBeLessThan(500)
    expect(await scene.settle(consumer.receive({ waitMs: 60_000 }), 120_000)).toEqual([])
    expect(now()).toBeGreaterThanOrEqual(60_000)
    expect(now()).toBeLessThan(62_000)
    expect(await scene.settle(consumer.receive({ waitMs: 60_000, timeoutMs: 4000 }))).toEqual([])
    expect(now()).toBeLessThan(67_000)
    await scene.settle(consumer.close())
  })

  test('takes nothing when it is ended by its signal while it waits', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const consumer = join(scene)
    const ending = new AbortController()
    const receiving = scene.failure(consumer.receive({ signal: ending.signal, waitMs: 60_000 }))
    await scene.cluster.sleep(1000)
    ending.abort()
    expect(await receiving).toMatchObject({ code: 'ABORTED' })
    await send(scene, 'T', ['m'])
    expect(texts(await scene.settle(consumer.receive()))).toEqual(['m'])
    await scene.settle(consumer.close())
  })

  test('keeps a message for longer, or gives it back sooner', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['long', 'short'])
    const consumer = join(scene, { invisibleMs: 10_000 })
    const messages = await scene.settle(consumer.receive())
    const [long, short] = messages
    const before = { ...long! }
    await scene.settle(consumer.changeInvisible(long!, 60_000))
    expect(long!.receipt).not.toBe(before.receipt)
    expect(long!.visibleTimestamp - before.visibleTimestamp).toBeGreaterThan(45_000)
    await scene.settle(consumer.changeInvisible(short!, 1000))
    const beginMs = scene.cluster.simulation.monotonic()
    const again = await scene.settle(consumer.receive({ waitMs: 30_000 }))
    expect(texts(again)).toEqual(['short'])
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(8000)
    expect(await scene.failure(consumer.ack(before))).toMatchObject({ retryable: false })
    await scene.settle(consumer.ack([long!, again[0]!]))
    await scene.cluster.sleep(70_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.close())
  })

  test('settles a message whose invisible time is just being changed', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', numbered(3))
    const machine = clientMachine(scene.cluster)
    const consumer = join(scene, { invisibleMs: 10_000 }, machine)
    const [one, two, three] = await scene.settle(consumer.receive())
    const first = consumer.changeInvisible(one!, 20_000)
    const second = consumer.changeInvisible(one!, 30_000)
    const afterFirst = first.then(() => consumer.ack(one!))
    const acked = [consumer.ack([one!, three!]), consumer.changeInvisible(two!, 20_000), consumer.ack(two!)]
    await scene.settle(Promise.all([first, second, afterFirst, ...acked]))
    await scene.cluster.sleep(90_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.close())
  })

  test('settles a message whose invisible time is just being changed, while a second change is given up', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', numbered(1))
    const consumer = join(scene, { invisibleMs: 30_000 })
    const [message] = await scene.settle(consumer.receive())
    const first = consumer.changeInvisible(message!, 20_000)
    const abort = new AbortController()
    const second = consumer.changeInvisible(message!, 20_000, { signal: abort.signal }).catch((error) => error.code)
    abort.abort()
    expect(await scene.settle(second)).toBe('ABORTED')
    await scene.settle(Promise.all([consumer.ack(message!), first]))
    await scene.cluster.sleep(90_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.close())
  })

  test('settles a message whose invisible time could not be changed', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['m'])
    const consumer = join(scene, { invisibleMs: 10_000 })
    const [message] = await scene.settle(consumer.receive())
    const changing = scene.failure(consumer.changeInvisible(message!, 1_000_000_000_000))
    await scene.settle(consumer.ack(message!))
    expect(await changing).toMatchObject({ code: 'INVALID_PARAMETER' })
    await scene.cluster.sleep(30_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.close())
  })

  test('makes dead letters of what it gives up, and of what was delivered too often', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['given up', 'never done'])
    const admin = new Admin(scene.client())
    await scene.settle(admin.createGroup('readers', { retriesMax: 2 }))
    const consumer = join(scene, { invisibleMs: 2000 })
    const counts = new Map<string, number>()
    for (let round = 0; round < 8; round++) {
      for (const message of await scene.settle(consumer.receive({ waitMs: 8000 }))) {
        const body = String(message.body)
        counts.set(body, (counts.get(body) ?? 0) + 1)
        if (body === 'given up') await scene.settle(consumer.deadLetter(message))
      }
    }
    expect(Object.fromEntries(counts)).toEqual({ 'given up': 1, 'never done': 3 })
    expect((await scene.bodies('%DLQ%readers')).sort()).toEqual(['given up', 'never done'])
    await scene.settle(Promise.all([consumer.close(), admin.close()]))
  })

  test('does with a message that cannot be decoded what it is told', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['5', 'no json'])
    for (const [group, undecodable] of [
      ['strict', undefined],
      ['lenient', 'skip'],
    ] as const) {
      const options = { group, topics: 'T', from: 'earliest', codec: json<number>(), invisibleMs: 2000 } as const
      const consumer = new SimpleConsumer({ ...scene.client(), ...options, undecodable })
      const messages = await scene.settle(consumer.receive())
      expect(messages.map(({ body }) => body)).toEqual([5])
      await scene.settle(consumer.ack(messages))
      await scene.cluster.sleep(10_000)
      expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
      await scene.settle(consumer.close())
    }
    expect(await scene.bodies('%DLQ%strict')).toEqual(['no json'])
    expect(await scene.bodies('%DLQ%lenient').catch(() => [])).toEqual([])
  })

  test('gives the messages of a queue in order, and no more before they are acknowledged', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const admin = new Admin(scene.client())
    await scene.settle(admin.createGroup('readers', { order: true }))
    await send(scene, 'T', numbered(6))
    const one = join(scene, { order: true, invisibleMs: 4000 })
    const other = join(scene, { order: true, invisibleMs: 4000 })
    const first = await scene.settle(one.receive({ max: 2 }))
    expect(texts(first)).toEqual(['m0', 'm1'])
    expect(await scene.settle(other.receive({ waitMs: 1000 }))).toEqual([])
    await scene.settle(one.ack(first[0]!))
    // What was not acknowledged comes again, before what stands behind it.
    const again = await scene.settle(other.receive({ max: 1, waitMs: 20_000 }))
    expect(again.map(({ body, attempt }) => [String(body), attempt])).toEqual([['m1', 2]])
    await scene.settle(other.ack(again))
    const rest: string[] = []
    for (const message of await drain(scene, one, { max: 3 })) rest.push(String(message.body))
    expect(rest).toEqual(['m2', 'm3', 'm4', 'm5'])
    await scene.settle(Promise.all([one.close(), other.close(), admin.close()]))
  })

  test('begins where it is told when its group was nowhere, and misses nothing of what is made meanwhile', async () => {
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'true' } })
    await scene.createTopic('T', 2)
    await send(scene, 'T', numbered(4, 'old'))
    const consumer = join(scene, { from: 'latest', topics: ['T', 'later'] })
    await scene.settle(consumer.start())
    await send(scene, 'T', numbered(4, 'new'))
    await send(scene, 'later', ['first'])
    expect(texts(await drain(scene, consumer)).sort()).toEqual(['first', ...numbered(4, 'new')])
    await scene.createTopic('T', 3)
    await send(scene, 'T', ['in a new queue'], { queue: { topic: 'T', broker: 'broker-1', queueId: 2 } })
    expect(texts(await drain(scene, consumer))).toEqual(['in a new queue'])
    await scene.settle(consumer.close())
  })

  test('is given the messages of its filter alone', async () => {
    const scene = await startScene({ brokerSettings: { enablePropertyFilter: 'true' } })
    await scene.createTopic('T', 1)
    for (const tag of ['A', 'B', 'Aa', 'BB']) await send(scene, 'T', [tag], { tag, properties: { size: tag.length } })
    const tagged = join(scene, { topics: { T: 'A || BB' } })
    expect(texts(await drain(scene, tagged)).sort()).toEqual(['A', 'BB'])
    await scene.settle(tagged.close())
  })

  test('says of a filter that cannot be read, or that brokers do not serve, that it is none, before it asks for messages', async () => {
    for (const [isServed, sql, code] of [
      ['true', 'size >', 'SUBSCRIPTION_PARSE_FAILED'],
      ['false', 'size > 5', 'SYSTEM_ERROR'],
    ] as const) {
      const scene = await startScene({ brokerSettings: { enablePropertyFilter: isServed } })
      await scene.createTopic('T', 1)
      await send(scene, 'T', ['m'])
      const consumer = join(scene, { topics: { T: { sql } } })
      expect(await scene.failure(consumer.start())).toMatchObject({ code })
      expect(await scene.failure(consumer.receive({ waitMs: 1000 }))).toMatchObject({ code })
      const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
      expect(await broker.maxOffset('%RETRY%readers_T')).toBe(0)
      await scene.settle(consumer.close())
    }
  })

  test('is given the messages of an expression of SQL92 alone', async () => {
    const scene = await startScene({ brokerSettings: { enablePropertyFilter: 'true' } })
    const consumer = join(scene, { topics: { T: { sql: 'size > 1' } } })
    await scene.settle(consumer.start())
    await scene.createTopic('T', 1)
    for (const body of ['a', 'bb', 'c', 'dd']) await send(scene, 'T', [body], { properties: { size: body.length } })
    expect(texts(await drain(scene, consumer)).sort()).toEqual(['bb', 'dd'])
    await scene.settle(consumer.close())
  })

  test('acknowledges messages whose sender has written receipts into them', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const forged = ['none', '5 1 60000 0 0 elsewhere 0 5', '5 1 60000 0 1 broker-1 0 5']
    const sendForged = async (): Promise<void> => {
      for (const receipt of forged) await broker.send({ topic: 'T', body: receipt, properties: { POP_CK: receipt } })
    }
    const consumer = join(scene, { invisibleMs: 2000 })
    await sendForged()
    expect(texts(await drain(scene, consumer, { waitMs: 20_000 })).sort()).toEqual(forged.toSorted())
    await sendForged()
    expect(await scene.settle(consumer.receive())).toHaveLength(3)
    const again = await drain(scene, consumer, { waitMs: 20_000 })
    expect(again.map(({ body, attempt }) => `${body} ${attempt}`).sort()).toEqual(
      forged.map((receipt) => `${receipt} 2`).toSorted(),
    )
    await scene.settle(consumer.close())
  })

  test('goes on with other brokers while one is gone', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const consumer = join(scene)
    await scene.settle(consumer.start())
    scene.cluster.brokers[0]!.kill()
    const queue = { topic: 'T', broker: 'broker-2', queueId: 0 }
    for (const body of numbered(5)) {
      await send(scene, 'T', [body], { queue })
      const messages = await scene.settle(consumer.receive({ waitMs: 30_000 }), 60_000)
      expect(texts(messages)).toEqual([body])
      await scene.settle(consumer.ack(messages))
    }
    await scene.settle(consumer.close())
  })

  test('says in its time that no broker answers, and closes all the same', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const consumer = join(scene)
    await scene.settle(consumer.start())
    scene.cluster.brokers[0]!.kill()
    const failure = await scene.failure(consumer.receive({ waitMs: 5000 }), 60_000)
    expect(failure).toMatchObject({ retryable: true })
    await scene.settle(consumer.close(), 10_000)
    expect(await scene.failure(consumer.receive())).toMatchObject({ code: 'CLOSED' })
  })

  test('is a member of its group until it is closed, in its namespace', async () => {
    const scene = await startScene()
    const admin = new Admin({ ...scene.client(), namespace: 'ns' })
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    const producer = new Producer({ ...scene.client(), namespace: 'ns', group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'm' }))
    const consumer = join(scene, { namespace: 'ns', invisibleMs: 2000 })
    await scene.settle(consumer.receive())
    const [again] = await scene.settle(consumer.receive({ waitMs: 15_000 }))
    expect(again).toMatchObject({ topic: 'T', attempt: 2 })
    await scene.settle(consumer.ack(again!))
    const { members } = await scene.settle(admin.describeGroup('readers'))
    expect(members).toMatchObject([{ clientId: consumer.clientId, language: 'NODE_JS' }])
    await scene.settle(consumer.close())
    expect((await scene.settle(admin.describeGroup('readers'))).members).toEqual([])
    await scene.settle(Promise.all([producer.close(), admin.close()]))
  })

  test('acknowledges what another process has received, and more at a time than a request may have', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['a', 'b'])
    const one = join(scene)
    const received = await scene.settle(one.receive())
    await scene.settle(one.close())
    const other = join(scene)
    const written = JSON.parse(JSON.stringify(received)) as PoppedMessage[]
    const many = Array.from({ length: 5000 }, () => written).flat()
    await scene.settle(other.ack(many))
    await scene.cluster.sleep(60_000)
    expect(await scene.settle(other.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(other.close())
  })

  test.each<[string, object]>([
    ['max', { max: 0 }],
    ['max', { max: 1025 }],
    ['invisibleMs', { invisibleMs: 999 }],
    ['invisibleMs', { invisibleMs: 1000.5 }],
    ['waitMs', { waitMs: -1 }],
    ['count', { count: 5 }],
  ])('refuses what cannot be used: %s', async (name, options) => {
    const scene = await startScene()
    const consumer = join(scene)
    const failure = await scene.failure(consumer.receive(options))
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(failure.message).toContain(name)
    for (const receipt of ['none', '', '5 1 1 0 0 b 0', '5 1 1 0 0 b 0 4']) {
      const refused = await scene.failure(consumer.ack({ queue: { topic: 'T' }, receipt }))
      expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await scene.settle(consumer.close())
  })
})
