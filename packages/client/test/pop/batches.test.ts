import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import {
  Admin,
  DeadLetter,
  json,
  type PoppedMessage,
  type ReceivedMessage,
  RetryAfter,
  SimpleConsumer,
  type SimpleConsumerOptions,
} from '../../src/index.ts'
import { clientMachine, numbered, type Scene, startScene } from '../client-kit.ts'
import { Group } from '../consumer/group-kit.ts'

/** A cluster with a topic whose batches are stored whole, and a group. */
async function startBatches(
  settings: { mode?: 'PULL' | 'POP'; retriesMax?: number; order?: boolean } = {},
  brokers = 1,
) {
  const { mode = 'PULL', ...ofGroup } = settings
  const scene = await startScene({ brokers })
  const admin = new Admin(scene.client())
  await scene.settle(admin.createTopic('T', { queues: 1, attributes: { 'queue.type': 'BatchCQ' } }))
  await scene.settle(admin.createGroup('readers', ofGroup))
  await scene.settle(admin.setRequestMode('readers', 'T', { mode }))
  await scene.settle(admin.close())
  return scene
}

/**
 * Sends a batch that is stored whole. A body that begins with a letter and a colon has that for its tag.
 * @param tag of the batch: brokers filter by it alone
 * @returns the id of its place
 */
async function sendWhole(scene: Scene, bodies: readonly string[], tag?: string, brokerIndex = 0): Promise<string> {
  const broker = scene.cluster.client.broker(scene.cluster.brokers[brokerIndex]!)
  const batch = bodies.map((body) => {
    const [, own] = /^(\w):/.exec(body) ?? []
    const properties = { UNIQ_KEY: `id of ${body}`, ...(own === undefined ? {} : { TAGS: own }) }
    return { topic: 'T', body, properties }
  })
  const before = await broker.maxOffset('T')
  const { messageIds } = await broker.sendBatch(batch, `batch of ${bodies[0]}`, tag)
  const records = await broker.readQueue('T', 0, before)
  expect(records).toHaveLength(1)
  return messageIds[0]!
}

function join(scene: Scene, options: Partial<SimpleConsumerOptions> = {}) {
  const base = { group: 'readers', topics: 'T', from: 'earliest', invisibleMs: 5000 } as const
  return new SimpleConsumer({ ...scene.client(), ...base, ...options })
}

const texts = (messages: readonly PoppedMessage[]): string[] => messages.map(({ body }) => String(body))

/** What comes in a time in which everything that is not acknowledged comes again. */
async function comesAgain(scene: Scene, consumer: SimpleConsumer): Promise<PoppedMessage[]> {
  return scene.settle(consumer.receive({ waitMs: 90_000 }), 120_000)
}

describe('a simple consumer of a batch that was stored whole', () => {
  test('acknowledges it with the last of its messages, and is given all of it again until then', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['a', 'b', 'c'])
    const consumer = join(scene)
    const first = await scene.settle(consumer.receive())
    expect(texts(first)).toEqual(['a', 'b', 'c'])
    expect(new Set(first.map(({ receipt }) => receipt)).size).toBe(3)
    await scene.settle(consumer.ack(first[0]!))
    await scene.settle(consumer.ack([first[2]!, first[0]!]))
    const again = await comesAgain(scene, consumer)
    expect(again.map(({ body, attempt, topic }) => [String(body), attempt, topic])).toEqual([
      ['a', 2, 'T'],
      ['b', 2, 'T'],
      ['c', 2, 'T'],
    ])
    for (const message of again) await scene.settle(consumer.ack(message))
    await scene.settle(consumer.ack(again))
    expect(await comesAgain(scene, consumer)).toEqual([])
    await scene.settle(consumer.close())
  })

  test('loses nothing of it beside messages whose tags are not wanted', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['A:1', 'B:1', 'A:2'], 'A')
    await sendWhole(scene, ['B:2', 'B:3'], 'A')
    const consumer = join(scene, { topics: { T: 'A' } })
    expect(texts(await scene.settle(consumer.receive()))).toEqual(['A:1', 'A:2'])
    const again = await comesAgain(scene, consumer)
    expect(texts(again)).toEqual(['A:1', 'A:2'])
    await scene.settle(consumer.ack(again))
    expect(await comesAgain(scene, consumer)).toEqual([])
    await scene.settle(consumer.close())
  })

  test('keeps all of it for longer with one of its messages, and acknowledges the others as they were received', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['a', 'b', 'c'])
    const consumer = join(scene)
    const [a, b, c] = await scene.settle(consumer.receive())
    const before = a!.receipt
    await scene.settle(Promise.all([consumer.changeInvisible(a!, 60_000), consumer.changeInvisible(b!, 60_000)]))
    expect(a!.receipt).not.toBe(before)
    await scene.cluster.sleep(30_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.changeInvisible(a!, 60_000))
    await scene.cluster.sleep(40_000)
    expect(await scene.settle(consumer.receive({ waitMs: 0 }))).toEqual([])
    await scene.settle(consumer.ack([{ ...a!, receipt: before }, c!]))
    await scene.settle(consumer.ack(b!))
    expect(await comesAgain(scene, consumer)).toEqual([])
    await scene.settle(consumer.close())
  })

  test('acknowledges others of the same call while nobody knows which receipt of one counts', async () => {
    const scene = await startBatches({}, 2)
    await sendWhole(scene, ['a', 'b'])
    await sendWhole(scene, ['c', 'd'], undefined, 1)
    const machine = clientMachine(scene.cluster)
    const consumer = join(scene, { ...scene.client(machine), invisibleMs: 60_000 })
    const received: PoppedMessage[] = []
    while (received.length < 4) received.push(...(await scene.settle(consumer.receive())))
    const hanging = received.find(({ body }) => String(body) === 'a')!
    const { network } = scene.cluster
    network.block(scene.cluster.brokers[0]!.host, machine.host)
    const changed = consumer.changeInvisible(hanging, 60_000).catch(() => {})
    expect(await scene.failure(consumer.ack(received, { timeoutMs: 500 }))).toMatchObject({ code: 'TIMEOUT' })
    await scene.settle(changed)
    network.unblock(scene.cluster.brokers[0]!.host, machine.host)
    expect(texts(await comesAgain(scene, consumer))).toEqual(['a', 'b'])
    await scene.settle(consumer.close())
  })

  test('gives all of it back with one of its messages', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['a', 'b'])
    const consumer = join(scene, { invisibleMs: 60_000 })
    const [a, b] = await scene.settle(consumer.receive())
    await scene.settle(consumer.ack(a!))
    await scene.settle(consumer.changeInvisible(b!, 1000))
    const beginMs = scene.cluster.simulation.monotonic()
    expect(texts(await comesAgain(scene, consumer))).toEqual(['a', 'b'])
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(8000)
    await scene.settle(consumer.close())
  })

  test('says that it is too late for the last of its messages', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['a', 'b'])
    const consumer = join(scene)
    const [a, b] = await scene.settle(consumer.receive())
    await scene.settle(consumer.ack(a!))
    await scene.settle(comesAgain(scene, consumer))
    expect(await scene.failure(consumer.ack(b!))).toMatchObject({ retryable: false })
    await scene.settle(consumer.close())
  })

  test('makes a dead letter of one of its messages, and of one that cannot be decoded', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['1', '2', 'no json', '4'])
    const consumer = join(scene, { codec: json() } as object)
    const messages = await scene.settle(consumer.receive())
    expect(messages.map(({ body }) => body)).toEqual([1, 2, 4])
    await scene.settle(consumer.ack([messages[0]!, messages[2]!]))
    await scene.settle(consumer.deadLetter(messages[1]!))
    expect(await comesAgain(scene, consumer)).toEqual([])
    expect((await scene.bodies('%DLQ%readers')).sort()).toEqual(['2', 'no json'])
    await scene.settle(consumer.close())
  })

  test('makes dead letters of all that was delivered too often', async () => {
    const scene = await startBatches({ retriesMax: 1 })
    await sendWhole(scene, ['a', 'b'])
    const consumer = join(scene)
    expect(texts(await comesAgain(scene, consumer))).toEqual(['a', 'b'])
    expect(texts(await comesAgain(scene, consumer))).toEqual(['a', 'b'])
    expect(await comesAgain(scene, consumer)).toEqual([])
    expect((await scene.bodies('%DLQ%readers')).sort()).toEqual(['a', 'b'])
    await scene.settle(consumer.close())
  })

  test('acknowledges what another process has received, when it has all of it', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['A:1', 'B:1', 'A:2'], 'A')
    const one = join(scene, { topics: { T: 'A' } })
    const received = await scene.settle(one.receive())
    await scene.settle(one.close())
    const other = join(scene)
    for (const message of JSON.parse(JSON.stringify(received)) as PoppedMessage[]) {
      await scene.settle(other.ack(message))
    }
    expect(await comesAgain(scene, other)).toEqual([])
    await scene.settle(other.close())
  })

  test('gives it and what is behind it in order', async () => {
    const scene = await startBatches({ order: true })
    await sendWhole(scene, ['a', 'b'])
    await sendWhole(scene, ['c', 'd'])
    const consumer = join(scene, { order: true })
    const seen: string[][] = []
    for (;;) {
      const messages = await scene.settle(consumer.receive({ max: 1, waitMs: 10_000 }))
      if (messages.length === 0) break
      seen.push(texts(messages))
      for (const message of messages) await scene.settle(consumer.ack(message))
    }
    expect(seen).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    await scene.settle(consumer.close())
  })

  test('gives what can be sent again as it is', async () => {
    const scene = await startBatches()
    await sendWhole(scene, ['a', 'b'])
    const consumer = join(scene)
    const [one] = await scene.settle(consumer.receive())
    expect(Object.keys(one!)).not.toContain('batch')
    expect(Object.keys(one!)).not.toContain('isOfBatch')
    await scene.settle(consumer.close())
  })
})

describe('a consumer that takes a batch by POP that was stored whole', () => {
  test('handles each of its messages once, however long one takes', async () => {
    const scene = await startBatches({ mode: 'POP' })
    await sendWhole(scene, ['slow', 'b', 'c'])
    const group = new Group(scene)
    const ended = Promise.withResolvers<void>()
    const { consumer } = await group.join('one', { topics: 'T', invisibleMs: 5000 }, ({ body }) =>
      String(body) === 'slow' ? ended.promise : undefined,
    )
    const other = await group.join('other', { topics: 'T', invisibleMs: 5000 })
    await group.sees(['slow', 'b', 'c'])
    await scene.cluster.sleep(60_000)
    ended.resolve()
    await scene.cluster.sleep(60_000)
    expect(group.bodies.toSorted()).toEqual(['b', 'c', 'slow'])
    await scene.settle(Promise.all([consumer.close(), other.consumer.close()]))
  })

  test('is given again the one that failed, and none beside it', async () => {
    const scene = await startBatches({ mode: 'POP' })
    await sendWhole(scene, ['done', 'fails', 'dead', 'skipped'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', onError: skipOnly }, ({ body, attempt }) => {
      if (String(body) === 'dead') throw new DeadLetter()
      if (String(body) === 'skipped') throw new Error('skip')
      if (String(body) === 'fails' && attempt < 3) throw new RetryAfter(1000)
    })
    await scene.cluster.until('it is delivered three times', () => group.handled.length === 6, 60_000)
    await scene.cluster.sleep(120_000)
    expect(group.handled.map(({ body, attempt }) => `${body} ${attempt}`).toSorted()).toEqual(
      ['done 1', 'skipped 1', 'dead 1', 'fails 1', 'fails 2', 'fails 3'].toSorted(),
    )
    expect(await scene.bodies('%DLQ%readers')).toEqual(['dead'])
    await scene.settle(consumer.close())
  })

  test('loses nothing of it beside messages whose tags are not wanted', async () => {
    const scene = await startBatches({ mode: 'POP' })
    await sendWhole(scene, ['B:1', 'A:1', 'B:2', 'A:2'], 'A')
    await sendWhole(scene, ['B:3', 'B:4'], 'A')
    const group = new Group(scene)
    const options = { topics: { T: 'A' }, invisibleMs: 5000 }
    const dying = await group.join('dying', options, () => new Promise(() => {}))
    await group.sees(['A:1', 'A:2'])
    dying.machine.kill()
    const { consumer } = await group.join('other', options)
    await scene.cluster.until('it is given both', () => group.handled.length === 4, 60_000)
    await scene.cluster.sleep(60_000)
    expect(group.bodies).toEqual(['A:1', 'A:2', 'A:1', 'A:2'])
    await scene.settle(consumer.close())
  })

  test('gives all of it back when it is closed before all is begun', async () => {
    const scene = await startBatches({ mode: 'POP' })
    await sendWhole(scene, ['a', 'b', 'c'])
    const group = new Group(scene)
    const ended = Promise.withResolvers<void>()
    const one = await group.join('one', { topics: 'T', concurrency: 1 }, () => ended.promise)
    await scene.cluster.until('it has begun', () => group.handled.length === 1)
    const closing = one.consumer.close()
    ended.resolve()
    await scene.settle(closing)
    const beginMs = scene.cluster.simulation.monotonic()
    const other = await group.join('other', { topics: 'T' })
    await scene.cluster.until('all is handled', () => group.handled.length === 4)
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThan(15_000)
    expect(group.bodies).toEqual(['a', 'a', 'b', 'c'])
    await scene.cluster.sleep(60_000)
    expect(group.handled).toHaveLength(4)
    await scene.settle(other.consumer.close())
  })

  test('loses none of its messages, whichever fail and whenever members and their broker are killed', async () => {
    const scene = await startBatches({ mode: 'POP' })
    const group = new Group(scene)
    const { clock } = clientMachine(scene.cluster).runtime
    const options = { topics: 'T', invisibleMs: 5000, concurrency: 3 }
    const handle = async ({ body, attempt }: ReceivedMessage) => {
      await new Promise<void>((resolve) => clock.after(200, resolve))
      if (attempt === 1 && Number(String(body).at(-1)) % 3 === 0) throw new RetryAfter(1000)
    }
    const sent: string[] = []
    for (let batch = 0; batch < 8; batch++) {
      const bodies = numbered(6, `${batch}-`)
      await sendWhole(scene, bodies)
      sent.push(...bodies)
    }
    let member = await group.join('first', options, handle)
    for (const [index, count] of [10, 25, 40].entries()) {
      await scene.cluster.until('some are handled', () => group.handled.length >= count)
      if (index === 1) {
        scene.cluster.brokers[0]!.kill()
        await scene.cluster.sleep(1000)
        await scene.cluster.brokers[0]!.start()
        continue
      }
      member.machine.kill()
      member = await group.join(`after ${count}`, options, handle)
    }
    // Each has to be handled once by a handler that did not fail.
    const isDone = (body: string) =>
      group.handled.some((one) => String(one.body) === body && (one.attempt > 1 || Number(body.at(-1)) % 3 !== 0))
    await scene.cluster.until('all are handled', () => sent.every(isDone), 300_000)
    await scene.cluster.sleep(120_000)
    const { length } = group.handled
    await scene.cluster.sleep(120_000)
    expect(group.handled).toHaveLength(length)
    await scene.settle(member.consumer.close())
  })

  test('handles each of its messages when an administrator gives it the batch', async () => {
    const scene = await startBatches({ mode: 'POP' })
    const msgId = await sendWhole(scene, ['a', 'b'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', from: 'latest' })
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const header = { consumerGroup: 'readers', clientId: consumer.clientId, msgId, topic: 'T' }
    await broker.ask(commands.consumeMessageDirectly, header)
    expect(group.bodies).toEqual(['a', 'b'])
    await scene.settle(consumer.close())
  })

  test('makes dead letters of those that failed too often', async () => {
    const scene = await startBatches({ mode: 'POP' })
    await sendWhole(scene, ['done', 'always fails'])
    const group = new Group(scene)
    const { consumer } = await group.join('one', { topics: 'T', attemptsMax: 2 }, ({ body }) => {
      if (String(body) === 'always fails') throw new RetryAfter(1000)
    })
    const letters = () => scene.bodies('%DLQ%readers').catch(() => [])
    await scene.cluster.until('it is a dead letter', async () => (await letters()).length === 1, 60_000)
    await scene.cluster.sleep(60_000)
    expect(await letters()).toEqual(['always fails'])
    expect(group.bodies.toSorted()).toEqual(['always fails', 'always fails', 'done'])
    await scene.settle(consumer.close())
  })
})

function skipOnly(error: unknown) {
  return (error as Error).message === 'skip' ? ({ kind: 'skip' } as const) : undefined
}
