import { cpSync } from 'node:fs'
import { basename } from 'node:path'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MessageStore, StoreLockedError, type StoreMessage, TopicHandle } from '../src/index.ts'
import { message, openStore, properties, put, putAll } from './store-kit.ts'

async function bodies(store: MessageStore, topic: string, queueId: number, from = 0): Promise<string[]> {
  const found: string[] = []
  let queueOffset = from
  for (;;) {
    const result = await store.read({
      topic,
      queueId,
      queueOffset,
      countMax: 32,
      scannedUnitsMax: 800,
      bytesMax: 256 * 1024,
      matches: () => true,
    })
    if (result.status !== 'FOUND') return found
    for (const read of decodeMessages(Buffer.concat(result.parts))) {
      expect(read.topic).toBe(topic)
      expect(read.queueId).toBe(queueId)
      expect(read.queueOffset).toBe(from + found.length)
      found.push(read.body.toString())
    }
    queueOffset = result.nextQueueOffset
  }
}

function numbered(count: number, topics = 3, queues = 2): StoreMessage[] {
  return Array.from({ length: count }, (_, index) =>
    message({
      topic: `T${index % topics}`,
      queueId: Math.floor(index / topics) % queues,
      body: Buffer.from(`body ${index} ${'x'.repeat((index * 37) % 900)}`),
      properties: properties({ KEYS: `k${index} all`, UNIQ_KEY: `U${index}`, TAGS: index % 2 === 0 ? 'even' : 'odd' }),
    }),
  )
}

async function expectAll(store: MessageStore, sent: StoreMessage[]): Promise<void> {
  const byQueue = Map.groupBy(sent, ({ topic, queueId }) => `${topic}/${queueId}`)
  for (const messages of byQueue.values()) {
    const { topic, queueId } = messages[0]!
    expect(await bodies(store, topic, queueId)).toEqual(messages.map(({ body }) => body.toString()))
  }
}

/** Copies a store's files as a killed process leaves them: nothing that is only in memory, and held by nobody. */
function copyAsKilled(path: string, copyPath: string): void {
  cpSync(path, copyPath, { recursive: true, filter: (source) => !basename(source).startsWith('lock.') })
}

async function bodiesByKey(store: MessageStore, topic: string, key: string): Promise<string[]> {
  const positions = store.findByKey(topic, key, 'key', 64, 0, Number.MAX_SAFE_INTEGER)
  const records = await Promise.all(positions.map((position) => store.recordAt(position)))
  return records.map((record) => decodeMessages(record!)[0]!.body.toString())
}

describe('a store', () => {
  test('gives back what was put, queue by queue, over many files', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    const sent = numbered(700)
    await putAll(store, sent)
    await expectAll(store, sent)
    store.close()
  })

  test.each([8, 9, 16, 40])('goes on in the next file when %i bytes of one remain', async (remainingBytes) => {
    using folder = temporaryFolder()
    const fileBytes = 64 * 1024
    const store = openStore(folder.path, { commitLogSegmentBytes: fileBytes })
    const [first] = await putAll(store, [message()])
    const overheadBytes = first!.totalSize - 'hello'.length
    const filling = 'f'.repeat(fileBytes - remainingBytes - first!.totalSize - overheadBytes)
    const sent = ['hello', filling, 'next', 'last']
    await putAll(
      store,
      sent.slice(1).map((body) => message({ body: Buffer.from(body) })),
    )
    expect(store.refusal).toBeUndefined()
    expect(await bodies(store, 'T1', 0)).toEqual(sent)
    expect(store.positions.max).toBeGreaterThan(fileBytes)
    store.close()
    const again = openStore(folder.path, { commitLogSegmentBytes: fileBytes })
    expect(await bodies(again, 'T1', 0)).toEqual(sent)
    again.close()
  })

  test('removes a topic together with what was put into it right before, and takes more', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path, { queueWriteIntervalMs: 1 })
    await putAll(store, [message()])
    const before = put(store, message())
    store.removeTopic('T1')
    const after = put(store, message({ body: Buffer.from('anew') }))
    expect([(await before).kind, (await after).kind]).toEqual(['stored', 'stored'])
    expect(await bodies(store, 'T1', 0)).toEqual(['anew'])
    store.close()
    expect(store.refusal).not.toMatch(/failed/)
    const again = openStore(folder.path)
    expect(await bodies(again, 'T1', 0)).toEqual(['anew'])
    again.close()
  })

  test('remembers a topic in its handle, but not longer than until it is removed, nor for another topic', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    const handle = new TopicHandle('T1')
    const bodyOf = (text: string) => ({ handle, body: Buffer.from(text) })
    await putAll(store, [message(bodyOf('one')), message(bodyOf('two'))])
    await putAll(store, [message({ ...bodyOf('other'), topic: 'T2' })])
    expect(await bodies(store, 'T1', 0)).toEqual(['one', 'two'])
    expect(await bodies(store, 'T2', 0)).toEqual(['other'])
    store.removeTopic('T1')
    expect(await put(store, message(bodyOf('anew')))).toMatchObject({ kind: 'stored', places: [{ queueOffset: 0 }] })
    expect(await bodies(store, 'T1', 0)).toEqual(['anew'])
    store.close()
  })

  test('finds everything again after it was closed, and goes on behind it', async () => {
    using folder = temporaryFolder()
    const sent = numbered(600)
    const first = openStore(folder.path)
    await putAll(first, sent.slice(0, 400))
    first.close()
    const second = openStore(folder.path)
    expect(second.recovered.replayedCount).toBe(0)
    await expectAll(second, sent.slice(0, 400))
    await putAll(second, sent.slice(400))
    await expectAll(second, sent)
    expect(await bodiesByKey(second, 'T2', 'k38')).toEqual([expect.stringMatching(/^body 38 /)])
    second.close()
  })

  test('recovers what was confirmed when the process was killed at any moment', async () => {
    using folder = temporaryFolder()
    using copy = temporaryFolder()
    const store = openStore(folder.path)
    const sent = numbered(500)
    await putAll(store, sent)
    copyAsKilled(folder.path, copy.path)
    store.close()
    const recovered = openStore(copy.path)
    expect(recovered.recovered.replayedCount).toBe(500)
    await expectAll(recovered, sent)
    for (const index of [0, 123, 499]) {
      expect(await bodiesByKey(recovered, `T${index % 3}`, `U${index}`)).toEqual([sent[index]!.body.toString()])
    }
    await putAll(recovered, sent)
    const twice = await bodies(recovered, 'T0', 0)
    expect(twice.length).toBe(2 * sent.filter(({ topic, queueId }) => topic === 'T0' && queueId === 0).length)
    recovered.close()
  })

  test('cuts a torn record off the end of the log and nothing more', async () => {
    using folder = temporaryFolder()
    using copy = temporaryFolder()
    const store = openStore(folder.path)
    const sent = numbered(40)
    const places = await putAll(store, sent)
    copyAsKilled(folder.path, copy.path)
    store.close()
    const last = places.at(-1)!
    const fs = await import('node:fs')
    const file = `${copy.path}/commitlog/00000000000000000000`
    const descriptor = fs.openSync(file, 'r+')
    fs.writeSync(descriptor, Buffer.from('?'), 0, 1, last.physicalOffset + 90)
    fs.closeSync(descriptor)
    const recovered = openStore(copy.path)
    expect(recovered.recovered.endPosition).toBe(last.physicalOffset)
    await expectAll(recovered, sent.slice(0, -1))
    recovered.close()
  })

  test('keeps queues and log in step through any order of puts, closings, kills and reads', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('put' as const),
          topic: fc.nat(2),
          queue: fc.nat(1),
          size: fc.nat(3000),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'kill' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        using root = temporaryFolder()
        let path = `${root.path}/0`
        let store = openStore(path, { commitLogSegmentBytes: 16 * 1024 })
        const sent: StoreMessage[] = []
        for (const [index, one] of steps.entries()) {
          if (one.kind === 'put') {
            const next = message({
              topic: `T${one.topic}`,
              queueId: one.queue,
              body: Buffer.from(`${index} ${'y'.repeat(one.size)}`),
              properties: properties({ UNIQ_KEY: `U${index}` }),
            })
            await putAll(store, [next])
            sent.push(next)
          } else if (one.kind === 'close') {
            store.close()
            store = openStore(path, { commitLogSegmentBytes: 16 * 1024 })
          } else {
            const next = `${root.path}/${index + 1}`
            copyAsKilled(path, next)
            store.close()
            path = next
            store = openStore(path, { commitLogSegmentBytes: 16 * 1024 })
          }
        }
        await expectAll(store, sent)
        const last = sent.at(-1)
        if (last !== undefined) {
          const key = last.properties.text.split('\u0001')[1]!.slice(0, -1)
          expect(await bodiesByKey(store, last.topic, key)).toEqual([last.body.toString()])
        }
        store.close()
      }),
      { numRuns: 25 },
    )
  })

  test('puts a batch with consecutive offsets, all or none', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    const outcome = await put(store, message(), message(), message())
    expect(outcome).toMatchObject({
      kind: 'stored',
      places: [{ queueOffset: 0 }, { queueOffset: 1 }, { queueOffset: 2 }],
    })
    const refused = await put(store, message(), message({ body: Buffer.alloc(70_000) }))
    expect(refused).toMatchObject({ kind: 'refused', cause: 'illegal' })
    expect(store.maxOffset('T1', 0)).toBe(3)
    store.close()
  })

  test('takes no properties with zeros in them, which are how it knows a record that was written in part', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    const refused = await put(store, message(), message({ properties: properties({ note: 'a\0b' }) }))
    expect(refused).toMatchObject({ kind: 'refused', reason: expect.stringContaining('zero character') })
    expect(store.maxOffset('T1', 0)).toBe(0)
    store.close()
  })

  test('answers SYNC_FLUSH puts when the disk has them', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path, { flushMode: 'SYNC_FLUSH' })
    const outcome = await put(store, message())
    expect(outcome.kind).toBe('stored')
    expect(store.positions.synced).toBe(store.positions.max)
    store.close()
  })

  test('reads only what matches, and says where to go on when nothing does', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    await putAll(store, numbered(100, 1, 1))
    const { javaStringHash } = await import('@rocketmq-ts/protocol')
    const odd = javaStringHash('odd')
    const request = { topic: 'T0', queueId: 0, queueOffset: 0, countMax: 10, scannedUnitsMax: 800, bytesMax: 65536 }
    const found = await store.read({ ...request, matches: (tagsCode) => tagsCode === odd })
    expect(found).toMatchObject({ status: 'FOUND', count: 10, nextQueueOffset: 20, minOffset: 0, maxOffset: 100 })
    const none = await store.read({ ...request, scannedUnitsMax: 30, matches: () => false })
    expect(none).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextQueueOffset: 30 })
    expect(await store.read({ ...request, queueOffset: 100, matches: () => true })).toMatchObject({
      status: 'OFFSET_OVERFLOW_ONE',
    })
    expect(await store.read({ ...request, queueOffset: 101, matches: () => true })).toMatchObject({
      status: 'OFFSET_OVERFLOW_BADLY',
      nextQueueOffset: 100,
    })
    expect(await store.read({ ...request, topic: 'none', matches: () => true })).toMatchObject({
      status: 'NO_MATCHED_LOGIC_QUEUE',
    })
    store.close()
  })

  test('starts a deleted topic that is made again at offset 0', async () => {
    using folder = temporaryFolder()
    using copy = temporaryFolder()
    const store = openStore(folder.path)
    await putAll(store, numbered(100, 1, 1))
    store.removeTopic('T0')
    expect(store.maxOffset('T0', 0)).toBe(0)
    await putAll(store, numbered(5, 1, 1))
    expect(await bodies(store, 'T0', 0)).toHaveLength(5)
    copyAsKilled(folder.path, copy.path)
    store.close()
    const recovered = openStore(copy.path)
    expect(await bodies(recovered, 'T0', 0)).toHaveLength(5)
    recovered.close()
  })

  test('is used by one at a time, and says by whom', () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    expect(() => openStore(folder.path)).toThrow(StoreLockedError)
    expect(() => openStore(folder.path)).toThrow(`process ${process.pid}`)
    store.close()
    openStore(folder.path).close()
  })

  test.each([
    ['elsewhere', 'logs/commitlog', 'logs/commitlog'],
    ['in the folder of one of them, which is open', undefined, 'a/commitlog'],
    ['in the folder of one of them, which comes later', 'b/commitlog', undefined],
  ])('shares its log with no other one: %s', (_, logOfA, logOfB) => {
    using folder = temporaryFolder()
    const at = (path: string | undefined) => (path === undefined ? {} : { commitLogPath: `${folder.path}/${path}` })
    const openA = () => openStore(`${folder.path}/a`, at(logOfA))
    const openB = () => openStore(`${folder.path}/b`, at(logOfB))
    const first = openA()
    expect(openB).toThrow(StoreLockedError)
    first.close()
    openB().close()
    const again = openA()
    expect(openB).toThrow(StoreLockedError)
    again.close()
  })
})

describe('retention', () => {
  test('deletes whole files of the log from the front, and queues and index follow', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path, {
      retentionRules: () => ({
        reservedMs: 0,
        deleteHours: [],
        cleanRatio: 2,
        forceRatio: 2,
        fullRatio: 2,
        mayForce: false,
      }),
    })
    const sent = numbered(700, 1, 1)
    const places = await putAll(store, sent)
    const before = store.positions
    store.deleteOldFiles()
    const { min, max } = store.positions
    expect(min).toBeGreaterThan(before.min)
    expect(max).toBe(before.max)
    const first = places.find(({ physicalOffset }) => physicalOffset >= min)!
    expect(store.minOffset('T0', 0)).toBe(first.queueOffset)
    expect(await bodies(store, 'T0', 0, first.queueOffset)).toEqual(
      sent.slice(first.queueOffset).map(({ body }) => body.toString()),
    )
    const old = { topic: 'T0', queueId: 0, queueOffset: 0, countMax: 1, scannedUnitsMax: 9, bytesMax: 999 }
    expect(await store.read({ ...old, matches: () => true })).toMatchObject({
      status: 'OFFSET_TOO_SMALL',
      nextQueueOffset: first.queueOffset,
    })
    expect(await store.recordAt(places[0]!.physicalOffset)).toBeUndefined()
    store.close()
    const again = openStore(folder.path)
    expect(again.positions).toMatchObject({ min, max })
    expect(again.minOffset('T0', 0)).toBe(first.queueOffset)
    again.close()
  })

  test('refuses messages while the disk is full, and takes them when there is space again', async () => {
    using folder = temporaryFolder()
    let fullRatio = -1
    const store = openStore(folder.path, {
      retentionRules: () => ({
        reservedMs: 0,
        deleteHours: [],
        cleanRatio: 2,
        forceRatio: 2,
        fullRatio,
        mayForce: false,
      }),
    })
    await putAll(store, [message()])
    store.deleteOldFiles()
    expect(await put(store, message())).toMatchObject({ kind: 'refused', cause: 'disk-full' })
    fullRatio = 2
    store.deleteOldFiles()
    expect(await put(store, message())).toMatchObject({ kind: 'stored' })
    store.close()
  })
})
