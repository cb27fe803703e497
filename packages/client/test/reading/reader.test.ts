import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { json, Reader, type ReaderOptions, type ReceivedMessage } from '../../src/index.ts'
import { numbered, type Scene, send, startScene } from '../client-kit.ts'

/** Everything that a reader gives until it ends, or until `countMax`. */
async function read(reader: Reader, countMax = Number.POSITIVE_INFINITY): Promise<ReceivedMessage[]> {
  const messages: ReceivedMessage[] = []
  for await (const message of reader) {
    messages.push(message)
    if (messages.length >= countMax) break
  }
  return messages
}

function texts(messages: readonly ReceivedMessage[]): string[] {
  return messages.map(({ body }) => String(body))
}

function open(scene: Scene, options: Partial<ReaderOptions> = {}): Reader {
  return new Reader({ ...scene.client(), topic: 'T', ...options })
}

describe('a reader', () => {
  test('gives everything that is there, each queue in order, and ends', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 2)
    await send(scene, 'T', numbered(50))
    const reader = open(scene, { to: 'latest' })
    const messages = await scene.settle(read(reader))
    expect(texts(messages).sort()).toEqual(numbered(50).sort())
    const offsets = new Map<string, number>()
    for (const { queue, queueOffset } of messages) {
      const key = `${queue.broker} ${queue.queueId}`
      expect(queueOffset).toBe(offsets.get(key) ?? 0)
      offsets.set(key, queueOffset + 1)
    }
    await scene.settle(reader.close())
  })

  test('ends at once in an empty topic', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 3)
    const reader = open(scene, { to: 'latest' })
    expect(await scene.settle(read(reader), 5000)).toEqual([])
    await scene.settle(reader.close())
  })

  test('goes on with what comes, also in queues that the topic gets', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const reader = open(scene, { from: 'latest' })
    await send(scene, 'T', ['old'])
    const reading = read(reader, 2)
    await scene.cluster.sleep(1000)
    await send(scene, 'T', ['new'])
    await scene.createTopic('T', 2)
    await send(scene, 'T', ['elsewhere'], { queue: { topic: 'T', broker: 'broker-1', queueId: 1 } })
    expect(texts(await scene.settle(reading))).toEqual(['new', 'elsewhere'])
    await scene.settle(reader.close())
  })

  test('begins and ends at times', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['one'])
    await scene.cluster.sleep(10_000)
    const middleMs = scene.cluster.brokers[0]!.wallMs
    await send(scene, 'T', ['two'])
    await scene.cluster.sleep(10_000)
    const endMs = scene.cluster.brokers[0]!.wallMs
    await send(scene, 'T', ['three'])
    const reader = open(scene, { from: new Date(middleMs), to: endMs })
    expect(texts(await scene.settle(read(reader)))).toEqual(['two'])
    await scene.settle(reader.close())
  })

  test('reads the queues that it is told, and goes where it is sent', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 2)
    const queue = { topic: 'T', broker: 'broker-1', queueId: 1 }
    await send(scene, 'T', numbered(10), { queue })
    await send(scene, 'T', ['other'], { queue: { ...queue, queueId: 0 } })
    const reader = open(scene, { queues: [queue] })
    expect(texts(await scene.settle(read(reader, 3)))).toEqual(['m0', 'm1', 'm2'])
    expect(await scene.settle(reader.lag())).toEqual([{ queue, nextOffset: 3, endOffset: 10, lag: 7 }])
    await scene.settle(reader.seek({ offset: 8 }, queue))
    expect(texts(await scene.settle(read(reader, 2)))).toEqual(['m8', 'm9'])
    await scene.settle(reader.seek('earliest'))
    expect(texts(await scene.settle(read(reader, 1)))).toEqual(['m0'])
    reader.assign([{ broker: 'broker-1', queueId: 0 }])
    expect(texts(await scene.settle(read(reader, 1)))).toEqual(['other'])
    expect(await scene.failure(reader.seek('latest', queue))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(reader.close())
  })

  test('gives the messages of its tags alone, and commits nothing', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    for (const tag of ['A', 'B', 'C']) await send(scene, 'T', [tag], { tag })
    const reader = open(scene, { filter: 'A || C', to: 'latest' })
    expect(texts(await scene.settle(read(reader)))).toEqual(['A', 'C'])
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const header = { consumerGroup: 'TOOLS_CONSUMER', topic: 'T', queueId: 0, setZeroIfNotFound: false }
    expect((await broker.call(commands.queryConsumerOffset, header)).code).toBe(22)
    await scene.settle(reader.close())
  })

  test('goes on after its broker was killed and started again', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['one'])
    const reader = open(scene)
    const reading = read(reader, 2)
    await scene.cluster.sleep(2000)
    await scene.cluster.brokers[0]!.restart()
    await send(scene, 'T', ['two'])
    expect(texts(await scene.settle(reading))).toEqual(['one', 'two'])
    await scene.settle(reader.close())
  })

  test('ends by its signal, by being closed, and with what cannot be decoded', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const reader = open(scene)
    const controller = new AbortController()
    scene.cluster.simulation.after(500, () => controller.abort())
    const aborted = await scene.failure(reader.messages({ signal: controller.signal }).next())
    expect(aborted.code).toBe('ABORTED')
    const reading = read(reader)
    await scene.cluster.sleep(1000)
    await scene.settle(reader.close())
    expect(await scene.settle(reading)).toEqual([])
    expect(await scene.failure(reader.lag())).toMatchObject({ code: 'CLOSED' })

    await send(scene, 'T', ['no json', '5'])
    const strict = new Reader({ ...scene.client(), topic: 'T', codec: json<number>(), to: 'latest' })
    expect(await scene.failure(strict.messages().next())).toMatchObject({ code: 'UNDECODABLE', queueId: 0 })
    const lenient = new Reader({
      ...scene.client(),
      topic: 'T',
      codec: json<number>(),
      undecodable: 'skip',
      to: 'latest',
    })
    const first = await scene.settle(lenient.messages().next())
    expect(first.value?.body).toBe(5)
    await scene.settle(Promise.all([strict.close(), lenient.close()]))
  })

  test('waits for a topic that is made meanwhile', async () => {
    const scene = await startScene()
    const reader = open(scene, { topic: 'new' })
    const reading = read(reader, 1)
    await scene.cluster.sleep(2000)
    await send(scene, 'new', ['first'])
    expect(texts(await scene.settle(reading))).toEqual(['first'])
    await scene.settle(reader.close())
  })

  test('asks whether an expression is one before it reads, and reads although a broker is away', async () => {
    const scene = await startScene({ brokers: 2 })
    await scene.createTopic('T', 1)
    const wrong = open(scene, { filter: { sql: 'size >' } })
    expect(await scene.failure(read(wrong))).toMatchObject({
      code: 'SUBSCRIPTION_PARSE_FAILED',
      // Official brokers give all messages to a pull with it.
      message: expect.stringContaining('CHECK_CLIENT_CONFIG'),
    })
    const queue = { topic: 'T', broker: 'broker-1', queueId: 0 }
    for (const size of ['1', '9']) await send(scene, 'T', [`of size ${size}`], { queue, properties: { size } })
    scene.cluster.brokers[1]!.kill()
    const reader = open(scene, { filter: { sql: 'size > 5' } })
    expect(texts(await scene.settle(read(reader, 1)))).toEqual(['of size 9'])
    await scene.settle(wrong.close())
    await scene.settle(reader.close())
  })

  test('says in its time that its topic does not exist', async () => {
    const scene = await startScene()
    const reader = open(scene, { topic: 'missing', timeoutMs: 3000 })
    const beginMs = scene.cluster.simulation.monotonic()
    expect(await scene.failure(read(reader))).toMatchObject({ code: 'TOPIC_NOT_EXIST' })
    expect(scene.cluster.simulation.monotonic() - beginMs).toBeLessThanOrEqual(3000)
    const reading = new AbortController()
    const ended = scene.failure(reader.messages({ signal: reading.signal }).next())
    reading.abort()
    expect(await ended).toMatchObject({ code: 'ABORTED' })
    await scene.settle(reader.close())
  })

  test.each(['from', 'to'])('is not made with a position that is none: %s', async (name) => {
    const scene = await startScene()
    expect(() => open(scene, { [name]: 'begin' })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => open(scene, { [name]: Number.NaN })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    const reader = open(scene)
    expect(await scene.failure(reader.seek('begin' as never))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(reader.close())
  })
})
