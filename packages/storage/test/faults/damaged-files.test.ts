import { decodeMessages } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { ConfigFile, QueueFileError, SegmentSizeError, StoreLayoutError } from '../../src/index.ts'
import type { KitOptions } from '../store-kit.ts'
import { FaultKit, logBytes, numbered, range, readable, root, segmentPath } from './fault-kit.ts'

/** A store of 100 messages, closed in order; and where each of them stands. */
async function closedStore(changes: Partial<KitOptions> = {}): Promise<{ kit: FaultKit; positions: number[] }> {
  const kit = new FaultKit()
  const store = kit.open(changes)
  const outcomes = await kit.put(store, numbered(100))
  store.close()
  kit.lines.length = 0
  const positions = outcomes.map((outcome) => (outcome.kind === 'stored' ? outcome.places[0]!.physicalOffset : -1))
  return { kit, positions }
}

function without(count: number, ...missing: number[]): number[] {
  return range(0, count).filter((id) => !missing.includes(id))
}

function logPath(position: number): string {
  return segmentPath('commitlog', position - (position % logBytes))
}

describe('a damaged log', () => {
  test.each([
    ['size', 2],
    ['magic', 4],
    ['position', 33],
    ['length of the body', 87],
  ])('is read past a message whose %s is wrong, and says so once', async (_, at) => {
    const { kit, positions } = await closedStore()
    const position = positions[40]!
    kit.flip(logPath(position), (position % logBytes) + at)
    const store = kit.open()
    expect(await readable(store)).toEqual(without(100, 40))
    expect(await readable(store)).toEqual(without(100, 40))
    expect(kit.alarms.filter((line) => line.includes('the log holds no message'))).toHaveLength(1)
    expect(await store.recordAt(position)).toBeUndefined()
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ kind: 'stored' }])
  })

  test('hands out a damaged body with the checksum that shows it', async () => {
    const { kit, positions } = await closedStore()
    const position = positions[40]!
    kit.flip(logPath(position), (position % logBytes) + 200)
    const store = kit.open()
    const record = await store.recordAt(position)
    expect(() => decodeMessages(record!)).toThrow(/checksum/)
  })

  test('keeps what stands behind damage when it is recovered, since that was no crash', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const outcomes = await kit.put(store, numbered(100))
    kit.disk.kill()
    const outcome = outcomes[40]!
    const position = outcome.kind === 'stored' ? outcome.places[0]!.physicalOffset : -1
    kit.flip(logPath(position), (position % logBytes) + 200)
    const reopened = kit.open()
    expect(await readable(reopened)).toEqual(without(100, 40))
    expect(kit.alarms).toContainEqual(expect.stringMatching(new RegExp(`the log is damaged at ${position}.*restore`)))
    expect(reopened.maxOffset('T', 0)).toBe(50)
    expect(await kit.put(reopened, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 50 }] }])
  })

  test('without a file in the middle is read around it, and says which is missing', async () => {
    const { kit, positions } = await closedStore()
    kit.disk.remove(segmentPath('commitlog', logBytes))
    const store = kit.open()
    const there = range(0, 100).filter((id) => Math.floor(positions[id]! / logBytes) !== 1)
    expect(await readable(store)).toEqual(there)
    expect(kit.alarms).toContainEqual(expect.stringMatching(/files of the log are missing.*restore/))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ kind: 'stored' }])
    store.close()
    expect(await readable(kit.open())).toEqual([...there, 100])
  })

  test.each([
    ['first', 0],
    ['last', 3],
  ])('whose %s file is cut off keeps the rest, and gives no offset out twice', async (_, index) => {
    const { kit, positions } = await closedStore()
    kit.change(segmentPath('commitlog', index * logBytes), (file) => file.truncate(5000))
    const store = kit.open()
    const isLost = (id: number): boolean => {
      const end = positions[id + 1] ?? positions[id]! + 600
      return Math.floor(positions[id]! / logBytes) === index && end > index * logBytes + 5000
    }
    expect(await readable(store)).toEqual(range(0, 100).filter((id) => !isLost(id)))
    expect(kit.alarms).toContainEqual(expect.stringMatching(/shorter than it should be.*restore/))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 50 }] }])
  })

  test('without its last file goes on when that is accepted, and says that files are missing', async () => {
    const { kit, positions } = await closedStore()
    kit.disk.remove(segmentPath('commitlog', 3 * logBytes))
    const store = kit.open({ acceptLostMessages: true })
    expect(await readable(store)).toEqual(range(0, 100).filter((id) => positions[id]! < 3 * logBytes))
    expect(kit.alarms).toContainEqual(expect.stringMatching(/ends at position 49152.*told to go on/))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ kind: 'stored' }])
  })

  test('of files of another size is not opened, and can be opened with the right one', async () => {
    const { kit } = await closedStore()
    expect(() => kit.open({ commitLogSegmentBytes: logBytes * 2 })).toThrow(SegmentSizeError)
    expect(() => kit.open({ commitLogSegmentBytes: logBytes / 2 })).toThrow(/mappedFileSizeCommitLog/)
    expect(await readable(kit.open())).toEqual(range(0, 100))
  })

  test.each(['killed', 'closed'])('with queues of another size is not opened, when it was %s', async (end) => {
    const { kit } = await closedStore({ consumeQueueSegmentBytes: 20 * 200 })
    if (end === 'killed') kit.disk.open(`${root}/abort`, 'create').close()
    expect(() => kit.open({ consumeQueueSegmentBytes: 20 * 60 })).toThrow(/mappedFileSizeConsumeQueue/)
    expect(await readable(kit.open({ consumeQueueSegmentBytes: 20 * 200 }))).toEqual(range(0, 100))
  })
})

describe('damaged consume queues', () => {
  test('are made again when all are missing', async () => {
    const { kit } = await closedStore()
    kit.disk.removeFolder(`${root}/consumequeue`)
    const store = kit.open()
    expect(kit.alarms).toContainEqual(expect.stringMatching(/made again from the whole log/))
    expect(await readable(store)).toEqual(range(0, 100))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 50 }] }])
  })

  test('are read around a missing file, and say so', async () => {
    const { kit } = await closedStore()
    kit.disk.remove(segmentPath('consumequeue/T/0', 0))
    kit.disk.open(segmentPath('consumequeue/T/0', 640), 'update').close()
    const store = kit.open()
    expect(await readable(store)).toEqual(range(0, 100).filter((id) => id % 2 === 1 || id >= 64))
    expect(store.maxOffset('T', 0)).toBe(50)
  })

  test('take no messages in a queue whose end is unknown, and those for others', async () => {
    const { kit } = await closedStore()
    kit.change(segmentPath('consumequeue/T/0', 640), (file) => file.truncate(100))
    const store = kit.open()
    expect(() => store.put(numbered(1, 100), () => {})).toThrow(QueueFileError)
    expect(() => store.maxOffset('T', 0)).toThrow(/delete the folders consumequeue and batchconsumequeue/)
    expect(await kit.put(store, numbered(1, 101))).toMatchObject([{ kind: 'stored' }])
    store.close()
    kit.disk.removeFolder(`${root}/consumequeue`)
    expect(await readable(kit.open())).toEqual([...range(0, 100), 101])
  })

  test.each([
    ['the only file', 1024, 0],
    ['the newest of several files', 32, 640],
    ['the newest of several full files', 25, 500],
  ])('give no offset out twice when %s is missing, and are made again from the log', async (_, units, start) => {
    const { kit } = await closedStore({ consumeQueueSegmentBytes: 20 * units })
    kit.disk.remove(segmentPath('consumequeue/T/0', start))
    const store = kit.open({ consumeQueueSegmentBytes: 20 * units })
    expect(() => store.put(numbered(1, 100), () => {})).toThrow(
      /is missing.*delete the folders consumequeue and batchconsumequeue/,
    )
    expect(() => store.maxOffset('T', 0)).toThrow(QueueFileError)
    expect(await kit.put(store, numbered(1, 101))).toMatchObject([{ kind: 'stored' }])
    store.close()
    kit.disk.removeFolder(`${root}/consumequeue`)
    expect(await readable(kit.open({ consumeQueueSegmentBytes: 20 * units }))).toEqual([...range(0, 100), 101])
  })

  test('of a deleted topic go even when one of them cannot be used', async () => {
    const { kit } = await closedStore()
    kit.disk.remove(segmentPath('consumequeue/T/0', 640))
    const store = kit.open()
    store.removeTopic('T')
    expect(store.topicsWithQueues()).toEqual(new Set())
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 0 }] }])
  })

  test('that are made again from the whole log are made again once more after the death of who began it', async () => {
    const { kit } = await closedStore()
    kit.disk.removeFolder(`${root}/consumequeue`)
    const fault = kit.faults.add({ label: 'a', operation: 'write', path: /consumequeue.T.1/, kind: 'EIO' })
    expect(() => kit.open()).toThrow(/EIO/)
    expect(fault.struck).toBe(1)
    kit.disk.kill()
    const store = kit.open()
    expect(await readable(store)).toEqual(range(0, 100))
  })

  test('with a unit that leads anywhere are read past it', async () => {
    const { kit } = await closedStore()
    for (const [offset, at] of [
      [3, 5],
      [5, 7],
      [7, 8],
      [9, 11],
    ] as const) {
      kit.flip(segmentPath('consumequeue/T/0', 0), offset * 20 + at)
    }
    const store = kit.open()
    expect(await readable(store)).toEqual(without(100, 6, 10, 14, 18))
    expect(kit.alarms.length).toBeGreaterThanOrEqual(4)
  })

  // Units are looked for by halves: which ones that meets depends on where the queue ends.
  test.each([
    ['that leads behind the log', 1024, 0x7f],
    ['of zeros', 1024, 0],
    ['that leads behind the log, in small files', 32, 0x7f],
    ['of zeros, in small files', 32, 0],
  ])('with a unit %s in the middle keep those behind it, and give no offset out twice', async (_, units, value) => {
    const options = { consumeQueueSegmentBytes: 20 * units }
    for (const offset of [0, 1, 7, 12, 24, 25, 31, 32, 33, 37, 43, 46, 48]) {
      const { kit } = await closedStore(options)
      kit.change(segmentPath('consumequeue/T/0', (offset - (offset % units)) * 20), (file) =>
        file.write(Buffer.alloc(20, value), (offset % units) * 20),
      )
      const store = kit.open(options)
      expect(store.maxOffset('T', 0), `unit ${offset}`).toBe(50)
      expect(await readable(store)).toEqual(without(100, offset * 2))
      const outcomes = await kit.put(store, numbered(2, 100))
      expect(outcomes).toMatchObject([{ places: [{ queueOffset: 50 }] }, { places: [{ queueOffset: 50 }] }])
      store.close()
      const again = kit.open(options)
      expect(again.maxOffset('T', 0), `unit ${offset}`).toBe(51)
      expect(await readable(again)).toEqual(without(102, offset * 2))
    }
  })
})

describe('other damaged files', () => {
  const find = (store: ReturnType<FaultKit['open']>, id: number): number =>
    store.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER).length

  test('an index file that is cut off is left out, and the others are used', async () => {
    const kit = new FaultKit()
    const first = kit.open({ keyIndex: { slotCount: 97, entryCountMax: 100 } })
    for (let round = 0; round < 4; round++) {
      await kit.put(first, numbered(25, round * 25))
      await kit.pass(2000)
    }
    first.close()
    const names = kit.disk.list(`${root}/index`)
    expect(names.length).toBeGreaterThan(1)
    kit.change(`${root}/index/${names[0]}`, (file) => file.truncate(500))
    const store = kit.open({ keyIndex: { slotCount: 97, entryCountMax: 100 } })
    expect(kit.alarms).toContainEqual(expect.stringMatching(/is left out.*To make the index again/))
    expect(find(store, 99)).toBe(1)
    expect(find(store, 0)).toBe(0)
    expect(await readable(store)).toEqual(range(0, 100))
  })

  test.each([
    ['the newest file', (names: string[]) => names.slice(-1)],
    ['every file', (names: string[]) => names],
  ])('the key index is made again from the log where %s of it is missing', async (_, which) => {
    const kit = new FaultKit()
    const keyIndex = { slotCount: 97, entryCountMax: 100 }
    const first = kit.open({ keyIndex })
    for (let round = 0; round < 4; round++) {
      await kit.put(first, numbered(25, round * 25))
      await kit.pass(2000)
    }
    first.close()
    for (const name of which(kit.disk.list(`${root}/index`))) kit.disk.remove(`${root}/index/${name}`)
    const store = kit.open({ keyIndex })
    expect(kit.alarms).toEqual([expect.stringMatching(/files of the key index are missing.*made again/)])
    for (const id of range(0, 100)) expect(find(store, id), `message ${id}`).toBe(1)
    expect(await readable(store)).toEqual(range(0, 100))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 50 }] }])
  })

  test.each<[string, (kit: FaultKit) => void]>([
    ['is missing', (kit) => kit.disk.remove(`${root}/checkpoint`)],
    ['is empty', (kit) => kit.change(`${root}/checkpoint`, (file) => file.truncate(0))],
    ['is cut off', (kit) => kit.change(`${root}/checkpoint`, (file) => file.truncate(1100))],
    ['holds other bytes', (kit) => kit.change(`${root}/checkpoint`, (file) => file.write(Buffer.alloc(4096, 0xa5), 0))],
    ['has a wrong byte', (kit) => kit.flip(`${root}/checkpoint`, 1040)],
  ])('a checkpoint that %s costs time only, after an orderly end and after a kill', async (_, damage) => {
    const { kit } = await closedStore()
    damage(kit)
    const store = kit.open()
    await kit.put(store, numbered(10, 100))
    await kit.pass(15_000)
    kit.disk.kill()
    damage(kit)
    const again = kit.open()
    expect(await readable(again)).toEqual(range(0, 110))
    expect(find(again, 105)).toBe(1)
    expect(again.maxOffset('T', 0)).toBe(55)
  })

  test('a config file that is damaged is replaced by its copy, which is kept until a good one is there', () => {
    const kit = new FaultKit()
    kit.disk.makeFolder(root)
    const path = `${root}/a.json`
    const file = new ConfigFile(kit.faults, path, kit.log)
    file.save('1')
    file.save('2')
    kit.change(path, (opened) => opened.write(Buffer.from('{'), 0))
    const reopened = new ConfigFile(kit.faults, path, kit.log)
    expect(reopened.load(JSON.parse)).toBe(1)
    expect(kit.alarms).toEqual([expect.stringMatching(/could not be used: the copy before its last change was read/)])
    reopened.save('3')
    expect(kit.disk.readFile(`${path}.bak`)?.toString()).toBe('1')
    expect(kit.disk.readFile(path)?.toString()).toBe('3')
    for (const damaged of [path, `${path}.bak`]) kit.change(damaged, (opened) => opened.write(Buffer.from('{'), 0))
    expect(() => new ConfigFile(kit.faults, path, kit.log).load(JSON.parse)).toThrow(/Restore one of the files/)
  })

  test('a store with extended consume queues is not opened, and says why', async () => {
    const { kit } = await closedStore()
    kit.disk.makeFolder(`${root}/consumequeue_ext/T`)
    expect(() => kit.open()).toThrow(StoreLayoutError)
    expect(() => kit.open()).toThrow(/made again from the log/)
    kit.disk.removeFolder(`${root}/consumequeue_ext`)
    expect(await readable(kit.open())).toEqual(range(0, 100))
  })

  test('a store whose queues were in RocksDB gets queues in files, and is told so', async () => {
    const { kit } = await closedStore()
    kit.disk.removeFolder(`${root}/consumequeue`)
    kit.disk.makeFolder(`${root}/consumequeue_rocksdb/000001.sst`)
    expect(await readable(kit.open())).toEqual(range(0, 100))
    expect(kit.alarms).toContainEqual(expect.stringMatching(/RocksDB/))
  })
})
