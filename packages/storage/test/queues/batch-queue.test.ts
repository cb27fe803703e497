import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { decodeBatchBody, decodeMessages, findMessageProperty } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { MessageStore, PutOutcome, ReadRequest, StoreMessage } from '../../src/index.ts'
import { FaultKit, range, root } from '../faults/fault-kit.ts'
import { settle } from '../settle.ts'
import { batchTopics, message, openStore, wholeBatch } from '../store-kit.ts'

const options = { batchQueueSegmentBytes: 46 * 20, queueTypes: batchTopics }

/** Stores batches one after the other, of messages numbered from `first` on. */
async function putBatches(
  kit: FaultKit,
  store: MessageStore,
  counts: readonly number[],
  first = 0,
): Promise<PutOutcome[]> {
  let next = first
  const outcomes = counts.map((count) => {
    const batch = wholeBatch(next, count)
    next += count
    return new Promise<PutOutcome>((resolve) => store.putWhole(batch, count, resolve))
  })
  kit.clock.finishTurn()
  return Promise.all(outcomes)
}

function single(number: number, changes: Partial<Omit<StoreMessage, 'properties'>> & { properties?: string } = {}) {
  return message({ topic: 'Batch', body: Buffer.from(String(number)), ...changes })
}

function readAt(queueOffset: number, changes: Partial<ReadRequest> = {}): ReadRequest {
  const limits = { countMax: 1000, scannedUnitsMax: 800, bytesMax: 1024 * 1024 }
  return { topic: 'Batch', queueId: 0, queueOffset, ...limits, matches: () => true, ...changes }
}

interface Seen {
  status: string
  next: number
  /** First offset of each record, and the numbers of its messages. */
  records: [offset: number, numbers: number[]][]
}

async function read(store: MessageStore, queueOffset: number, changes: Partial<ReadRequest> = {}): Promise<Seen> {
  const result = await store.read(readAt(queueOffset, changes))
  const decoded = result.parts.flatMap((part) => decodeMessages(Buffer.from(part)))
  return {
    status: result.status,
    next: result.nextQueueOffset,
    records: decoded.map(({ queueOffset: offset, body, properties }) => [
      offset,
      findMessageProperty(properties, 'INNER_NUM') === undefined
        ? [Number(body)]
        : decodeBatchBody(body).map((one) => Number(one.body)),
    ]),
  }
}

/** All messages of a queue, read by a consumer that goes on where it is told to. */
async function readAll(store: MessageStore): Promise<number[]> {
  const numbers: number[] = []
  for (let offset = Math.max(0, store.minOffset('Batch', 0)); ; ) {
    const { records, next } = await read(store, offset, { countMax: 32 })
    if (next === offset) return numbers
    numbers.push(...records.flatMap(([, found]) => found))
    offset = next
  }
}

const endings: [string, (kit: FaultKit, store: MessageStore) => Promise<void>][] = [
  ['closed', async (_, store) => store.close()],
  ['killed before its units were written', async (kit) => kit.disk.kill()],
  [
    'killed after that',
    async (kit) => {
      await kit.pass(60_000)
      kit.disk.kill()
    },
  ],
  [
    'cut off from power after a sync',
    async (kit) => {
      await kit.pass(60_000)
      kit.disk.crash(7)
    },
  ],
]

describe('a queue of batches', () => {
  test('gives each message of a batch an offset, and the batch one unit', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    const outcomes = await putBatches(kit, store, [3, 2])
    expect(outcomes).toMatchObject([{ places: [{ queueOffset: 0 }] }, { places: [{ queueOffset: 3 }] }])
    expect(await kit.put(store, [single(5)])).toMatchObject([{ places: [{ queueOffset: 5 }] }])
    expect([store.minOffset('Batch', 0), store.maxOffset('Batch', 0)]).toEqual([0, 6])
    const places = await store.units('Batch', 0, 0, 100)
    store.close()
    const file = kit.disk.readFile(`${root}/batchconsumequeue/Batch/0/00000000000000000000`)!
    expect(file.length).toBe(46 * 20)
    const units = range(0, 4).map((unit) => ({
      physicalOffset: Number(file.readBigInt64BE(46 * unit)),
      totalSize: file.readInt32BE(46 * unit + 8),
      tagsCode: Number(file.readBigInt64BE(46 * unit + 12)),
      hasTime: file.readBigInt64BE(46 * unit + 20) > 0n,
      baseOffset: Number(file.readBigInt64BE(46 * unit + 28)),
      count: file.readInt16BE(46 * unit + 36),
      rest: file.toString('hex', 46 * unit + 38, 46 * unit + 46),
    }))
    const rest = 'ffffffff00000000'
    expect(units).toMatchObject([
      { physicalOffset: places[0]!.physicalOffset, tagsCode: 0, hasTime: true, baseOffset: 0, count: 3, rest },
      { physicalOffset: places[1]!.physicalOffset, tagsCode: 0, hasTime: true, baseOffset: 3, count: 2, rest },
      { physicalOffset: places[2]!.physicalOffset, tagsCode: 0, hasTime: true, baseOffset: 5, count: 1, rest },
      { totalSize: 0, hasTime: false, count: 0 },
    ])
    expect(kit.disk.list(`${root}/consumequeue`)).toEqual([])
  })

  test('tells with a batch how many messages it holds, and where they begin', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [3, 2])
    const { parts } = await store.read(readAt(3))
    const [batch] = decodeMessages(Buffer.concat(parts))
    expect(batch).toMatchObject({ queueOffset: 3, sysFlag: 192 })
    expect(batch!.properties).toContain('INNER_NUM\u00012\u0002INNER_BASE\u00013\u0002')
  })

  test('is read by whole batches, the first one however many messages it holds', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [5, 3, 2, 4])
    expect(await read(store, 0, { countMax: 1 })).toEqual({ status: 'FOUND', next: 5, records: [[0, range(0, 5)]] })
    expect(await read(store, 0, { countMax: 9 })).toMatchObject({ next: 8 })
    expect(await read(store, 0, { countMax: 10 })).toMatchObject({ next: 10 })
    // Inside of a batch there is no way to read but all of it.
    expect(await read(store, 6, { countMax: 1 })).toEqual({ status: 'FOUND', next: 8, records: [[5, [5, 6, 7]]] })
    expect(await read(store, 13)).toMatchObject({ next: 14, records: [[10, range(10, 14)]] })
    expect(await read(store, 14)).toMatchObject({ status: 'OFFSET_OVERFLOW_ONE', next: 14 })
    expect(await read(store, 20)).toMatchObject({ status: 'OFFSET_OVERFLOW_BADLY', next: 14 })
    const result = await store.read(readAt(0))
    expect(result.count).toBe(14)
  })

  test('passes by what does not match, and tells where to go on', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [5, 3])
    await kit.put(store, [single(8, { properties: 'TAGS\u0001A\u0002' })])
    await putBatches(kit, store, [2], 9)
    const matches = (tagsCode: number): boolean => tagsCode === 65
    expect(await read(store, 0, { matches })).toEqual({ status: 'FOUND', next: 11, records: [[8, [8]]] })
    expect(await read(store, 9, { matches })).toEqual({ status: 'NO_MATCHED_MESSAGE', next: 11, records: [] })
    expect(await read(store, 1, { matches, scannedUnitsMax: 1 })).toMatchObject({
      status: 'NO_MATCHED_MESSAGE',
      next: 5,
    })
    const recordFilter = { matches: (_: Buffer, __: number, bytes: number) => bytes > 230, bytesMax: 10_000 }
    expect(await read(store, 0, { recordFilter })).toMatchObject({ next: 11, records: [[0, range(0, 5)]] })
  })

  test('begins at -1 as long as it has no message, and ends at 0', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    const told = () => [store.minOffset('Batch', 0), store.maxOffset('Batch', 0)]
    expect(told()).toEqual([-1, 0])
    for (const queueOffset of [-1, 0, 5]) {
      expect(await store.read(readAt(queueOffset))).toMatchObject({ nextQueueOffset: 0, minOffset: -1, maxOffset: 0 })
    }
    await putBatches(kit, store, [2])
    expect(told()).toEqual([0, 2])
    await store.cutBackTo(0)
    expect(told()).toEqual([-1, 0])
    expect(store.offsetByTime('Batch', 0, 0, 'lower')).toBe(0)
    expect(store.storeTimestamp('Batch', 0, -1)).toBeUndefined()
    expect(store.storeTimestamp('Batch', 0, 0)).toBeUndefined()
  })

  test('tells for a time where a batch begins', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    const times: number[] = []
    for (const first of [0, 3, 6]) {
      kit.clock.advance(1000)
      times.push(kit.clock.now())
      await putBatches(kit, store, [3], first)
    }
    const [one, two, three] = times as [number, number, number]
    const lower = (ms: number): number => store.offsetByTime('Batch', 0, ms, 'lower')
    const upper = (ms: number): number => store.offsetByTime('Batch', 0, ms, 'upper')
    expect([one - 1, one, one + 1, two, two + 1, three].map(lower)).toEqual([0, 0, 3, 3, 6, 6])
    // Behind the last one there is nothing: as the official broker does, it tells where that begins.
    expect(lower(three + 1)).toBe(6)
    expect([one - 1, one, two - 1, two, three - 1, three, three + 1].map(upper)).toEqual([0, 0, 0, 3, 3, 6, 6])
    expect(range(0, 9).map((offset) => store.storeTimestamp('Batch', 0, offset))).toEqual(
      [one, two, three].flatMap((ms) => [ms, ms, ms]),
    )
  })

  test.each(endings)('is the same after its broker was %s, and goes on', async (_, end) => {
    const kit = new FaultKit(options)
    const store = kit.open({ flushMode: 'SYNC_FLUSH' })
    const counts = Array.from({ length: 50 }, (_, index) => 1 + (index % 4))
    const total = counts.reduce((sum, count) => sum + count, 0)
    const stored = Promise.all([putBatches(kit, store, counts), settle()])
    await stored
    await end(kit, store)
    const second = kit.open()
    expect([second.minOffset('Batch', 0), second.maxOffset('Batch', 0)]).toEqual([0, total])
    expect(await readAll(second)).toEqual(range(0, total))
    expect(await putBatches(kit, second, [2], total)).toMatchObject([{ places: [{ queueOffset: total }] }])
    second.close()
    expect(await readAll(kit.open())).toEqual(range(0, total + 2))
    expect(kit.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('finds each offset in files that are long out of memory', async () => {
    using folder = temporaryFolder()
    const files = { batchQueueSegmentBytes: 46 * 400, consumeQueueSegmentBytes: 20 * 50, tailBytesMax: 1 }
    const all = { ...options, ...files, commitLogSegmentBytes: 256 * 1024 }
    const store = openStore(folder.path, all)
    const counts = Array.from({ length: 3000 }, (_, index) => 1 + (index % 3))
    let next = 0
    const bases: number[] = []
    for (const count of counts) {
      const batch = wholeBatch(next, count)
      store.putWhole(batch, count, () => {})
      for (let index = 0; index < count; index++) bases.push(next)
      next += count
    }
    store.close()
    const again = openStore(folder.path, all)
    for (let offset = 0; offset < next; offset += 97) {
      const { records } = await read(again, offset, { countMax: 1 })
      expect(records[0]![0]).toBe(bases[offset])
    }
    expect(again.storeTimestamp('Batch', 0, next - 1)).toBeGreaterThan(0)
    again.close()
  })

  test('gives offsets that could not be used to the next batch', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [3])
    const full = kit.faults.add({ operation: 'write', path: /commitlog/, count: 1, kind: 'ENOSPC', label: 'full' })
    expect(await putBatches(kit, store, [4], 3)).toMatchObject([{ kind: 'refused', cause: 'disk-full' }])
    full.remove()
    await kit.pass(60_000)
    expect(await putBatches(kit, store, [2], 3)).toMatchObject([{ places: [{ queueOffset: 3 }] }])
    expect(await readAll(store)).toEqual(range(0, 5))
  })

  test('refuses a batch in an ordinary topic', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    const outcome = new Promise((resolve) => store.putWhole(wholeBatch(0, 2, { topic: 'T' }), 2, resolve))
    expect(await outcome).toMatchObject({ kind: 'refused', cause: 'illegal', reason: expect.stringMatching(/BatchCQ/) })
  })

  test('loses its oldest batches with the log, and its files with them', async () => {
    const kit = new FaultKit(options)
    const store = kit.open({
      retentionRules: () => ({
        ...{ reservedMs: 1000, deleteHours: [], cleanRatio: 2, forceRatio: 2, fullRatio: 2, mayForce: false },
      }),
    })
    const counts = Array.from({ length: 120 }, () => 3)
    const padded = counts.map((count, index) =>
      wholeBatch(index * 3, count, { properties: `pad\u0001${'p'.repeat(300)}\u0002` }),
    )
    for (const batch of padded) store.putWhole(batch, 3, () => {})
    await kit.pass(60_000)
    store.deleteOldFiles()
    await kit.pass(60_000)
    const min = store.minOffset('Batch', 0)
    expect(min).toBeGreaterThan(60)
    expect(min % 3).toBe(0)
    expect(await read(store, 0)).toMatchObject({ status: 'OFFSET_TOO_SMALL', next: min })
    expect(await readAll(store)).toEqual(range(min, 360))
    expect(Number(kit.disk.list(`${root}/batchconsumequeue/Batch/0`)[0])).toBeGreaterThan(0)
    store.close()
    const again = kit.open()
    expect([again.minOffset('Batch', 0), again.maxOffset('Batch', 0)]).toEqual([min, 360])
  })

  test('hides its oldest batches when the time of its topic has passed', async () => {
    const kit = new FaultKit(options)
    const store = kit.open({ topicReserves: () => [{ topic: 'Batch', reservedMs: 5000 }] })
    await putBatches(kit, store, [3, 2])
    await kit.pass(4000)
    await putBatches(kit, store, [4], 5)
    await kit.pass(3000)
    store.hideExpired()
    expect([store.minOffset('Batch', 0), store.maxOffset('Batch', 0)]).toEqual([5, 9])
    expect(await read(store, 1)).toMatchObject({ status: 'OFFSET_TOO_SMALL', next: 5 })
    expect(store.offsetByTime('Batch', 0, 0, 'lower')).toBe(5)
    await kit.pass(10_000)
    store.hideExpired()
    expect(store.minOffset('Batch', 0)).toBe(9)
    expect(await read(store, 9)).toMatchObject({ status: 'OFFSET_OVERFLOW_ONE', next: 9 })
    expect(await putBatches(kit, store, [2], 9)).toMatchObject([{ places: [{ queueOffset: 9 }] }])
    expect(await readAll(store)).toEqual([9, 10])
  })

  test('is cut back to where a batch begins', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [3, 3, 3])
    const [, second] = await store.units('Batch', 0, 0, 100)
    await kit.pass(20_000)
    const cut = store.cutBackTo(second!.physicalOffset)
    await kit.pass(10)
    await cut
    expect(store.maxOffset('Batch', 0)).toBe(3)
    expect(await putBatches(kit, store, [2], 3)).toMatchObject([{ places: [{ queueOffset: 3 }] }])
    expect(await readAll(store)).toEqual(range(0, 5))
    store.close()
    expect(await readAll(kit.open())).toEqual(range(0, 5))
  })

  test.each([
    ['both folders of queues', ['consumequeue', 'batchconsumequeue']],
    ['the folder of batches', ['batchconsumequeue']],
    ['the folder of ordinary queues', ['consumequeue']],
  ])('is made again from the log when somebody deletes %s', async (_, folders) => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [3, 2])
    await kit.put(store, [message({ topic: 'T', body: Buffer.from('ordinary') })])
    store.close()
    for (const name of folders) kit.disk.removeFolder(`${root}/${name}`)
    const again = kit.open()
    expect(await readAll(again)).toEqual(range(0, 5))
    expect(again.maxOffset('T', 0)).toBe(1)
  })

  test('goes with its topic, and comes again as what the topic is then', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [3])
    await kit.pass(20_000)
    expect(store.queueTypesInFiles('Batch')).toEqual(['BatchCQ'])
    store.removeTopic('Batch')
    expect(store.queueTypesInFiles('Batch')).toEqual([])
    expect([store.minOffset('Batch', 0), store.maxOffset('Batch', 0)]).toEqual([-1, 0])
    expect(await putBatches(kit, store, [2])).toMatchObject([{ places: [{ queueOffset: 0 }] }])
    kit.disk.kill()
    // The topic was deleted, and nobody knows it any more: what the log has of it says nothing.
    kit.disk.removeFolder(`${root}/batchconsumequeue`)
    let type: 'BatchCQ' | undefined
    const again = kit.open({ queueTypes: { of: () => type, hasBatches: false } })
    expect(kit.lines.filter(({ level }) => level === 'error')).toEqual([])
    expect([again.positions.max > 0, again.queueTypesInFiles('Batch')]).toEqual([true, []])
    type = 'BatchCQ'
    expect(await putBatches(kit, again, [2])).toMatchObject([{ kind: 'stored', places: [{ queueOffset: 0 }] }])
  })

  test('that a damaged unit would end far away ends with the unit in front of it', async () => {
    const kit = new FaultKit(options)
    const store = kit.open()
    await putBatches(kit, store, [3, 2])
    store.close()
    const path = `${root}/batchconsumequeue/Batch/0/00000000000000000000`
    kit.change(path, (file) => file.write(Buffer.from([0x40]), 46 + 28))
    const again = kit.open()
    expect(again.maxOffset('Batch', 0)).toBe(3)
    expect(await read(again, 0)).toMatchObject({ records: [[0, [0, 1, 2]]], next: 3 })
  })
})
