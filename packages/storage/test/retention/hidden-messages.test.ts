import { describe, expect, test } from 'vitest'
import type { MessageStore, TopicReserve } from '../../src/index.ts'
import { FaultKit, numbered, root } from '../faults/fault-kit.ts'
import { message } from '../store-kit.ts'

const minute = 60_000
const filePath = `${root}/config/hiddenPositions.json`
const read = { queueId: 0, countMax: 32, scannedUnitsMax: 800, bytesMax: 1_000_000, matches: () => true }

/** A store with 20 messages an hour old, 10 in each queue of topic T, and 20 that came now. */
async function open(kit = new FaultKit(), reserves: TopicReserve[] = []) {
  const store = kit.open({ topicReserves: () => reserves, retentionIntervalMs: 10_000 })
  store.hideExpired()
  if (store.maxOffset('T', 0) === 0) {
    await kit.put(store, numbered(20))
    await kit.pass(60 * minute)
    await kit.put(store, numbered(20, 20))
  }
  return { kit, store, reserves }
}

function minima(store: MessageStore): number[] {
  return [store.minOffset('T', 0), store.minOffset('T', 1)]
}

const oneMinute: TopicReserve = { topic: 'T', reservedMs: minute }

describe('messages of a topic with a time of its own', () => {
  test('are hidden within one round once it has passed, in all queues, and the others stay', async () => {
    const { kit, store, reserves } = await open()
    await kit.put(store, [message({ topic: 'Other' })])
    await kit.pass(10_000)
    expect(minima(store)).toEqual([0, 0])
    reserves.push(oneMinute)
    await kit.pass(10_000)
    expect(minima(store)).toEqual([10, 10])
    expect(await store.read({ ...read, topic: 'T', queueOffset: 3 })).toMatchObject({
      status: 'OFFSET_TOO_SMALL',
      nextQueueOffset: 10,
      minOffset: 10,
      maxOffset: 20,
    })
    expect(await store.read({ ...read, topic: 'T', queueOffset: 10 })).toMatchObject({ status: 'FOUND', count: 10 })
    expect(store.storeTimestamp('T', 0, 9)).toBeUndefined()
    expect(store.offsetByTime('T', 0, 0, 'lower')).toBe(10)
    await kit.pass(60 * minute)
    expect(minima(store)).toEqual([20, 20])
    expect(await store.read({ ...read, topic: 'T', queueOffset: 20 })).toMatchObject({ status: 'OFFSET_OVERFLOW_ONE' })
    expect(store.minOffset('Other', 0)).toBe(0)
    expect(store.positions.min).toBe(0)
    await kit.put(store, numbered(2, 40))
    expect(await store.read({ ...read, topic: 'T', queueOffset: 20 })).toMatchObject({ status: 'FOUND', count: 1 })
  })

  test('are kept to the millisecond', async () => {
    const kit = new FaultKit()
    const store = kit.open({ topicReserves: () => [oneMinute] })
    await kit.put(store, numbered(2))
    kit.clock.advance(minute)
    store.hideExpired()
    expect(minima(store)).toEqual([0, 0])
    kit.clock.advance(1)
    store.hideExpired()
    expect(minima(store)).toEqual([1, 1])
  })

  test('take the queue files with them that hold nothing else, before the log does', async () => {
    const kit = new FaultKit()
    const store = kit.open({ topicReserves: () => [oneMinute] })
    await kit.put(store, numbered(200))
    await kit.pass(30_000)
    const folder = `${root}/consumequeue/T/0`
    expect(kit.disk.list(folder)).toHaveLength(4)
    await kit.pass(2 * minute)
    expect(kit.disk.list(folder)).toHaveLength(1)
    expect(store.positions.min).toBe(0)
    expect(minima(store)).toEqual([100, 100])
    const outcomes = await kit.put(store, numbered(100, 200))
    expect(outcomes[0]).toMatchObject({ kind: 'stored', places: [{ queueOffset: 100 }] })
    expect(await store.read({ ...read, topic: 'T', queueOffset: 100 })).toMatchObject({ status: 'FOUND' })
  })

  const ends: [string, (kit: FaultKit, store: MessageStore) => MessageStore][] = [
    ['goes on running', (_, store) => store],
    [
      'is closed',
      (kit, store) => {
        store.close()
        return kit.open()
      },
    ],
    [
      'is killed',
      (kit) => {
        kit.disk.kill()
        return kit.open()
      },
    ],
    [
      'loses its power',
      (kit) => {
        kit.disk.crash(5)
        return kit.open()
      },
    ],
  ]
  test.each(ends)(
    'leave no gap when the log is cut back before them after their queue files went, and the store %s',
    async (_, next) => {
      const kit = new FaultKit()
      const store = kit.open({ topicReserves: () => [oneMinute], queueSyncIntervalMs: 1000 })
      const outcomes = await kit.put(store, numbered(200))
      for (let round = 0; round < 15; round++) await kit.pass(10_000)
      expect(kit.disk.list(`${root}/consumequeue/T/0`)).toHaveLength(1)
      const kept = outcomes[50]!
      if (kept.kind !== 'stored') throw new Error(kept.kind)
      await store.cutBackTo(kept.places[0]!.physicalOffset)
      const after = next(kit, store)
      expect([after.maxOffset('T', 0), after.maxOffset('T', 1)]).toEqual([25, 25])
      expect(await kit.put(after, numbered(1, 200))).toMatchObject([{ places: [{ queueOffset: 25 }] }])
      expect(await after.read({ ...read, topic: 'T', queueOffset: 25 })).toMatchObject({ status: 'FOUND', count: 1 })
    },
  )

  test('stay hidden when the attribute is taken away or raised, and no more of them are', async () => {
    const { kit, store, reserves } = await open(new FaultKit(), [oneMinute])
    await kit.pass(10_000)
    expect(minima(store)).toEqual([10, 10])
    reserves[0] = { topic: 'T', reservedMs: 600 * minute }
    await kit.pass(10 * minute)
    expect(minima(store)).toEqual([10, 10])
    reserves.pop()
    await kit.pass(600 * minute)
    expect(minima(store)).toEqual([10, 10])
  })

  test.each(['closed', 'killed', 'power'])('stay hidden in the next life, the attribute gone: %s', async (end) => {
    const { kit, store } = await open(new FaultKit(), [oneMinute])
    await kit.pass(120_000)
    if (end === 'closed') store.close()
    else if (end === 'killed') kit.disk.kill()
    else kit.disk.crash(3)
    const { store: again } = await open(kit, [])
    expect(minima(again)).toEqual([20, 20])
    expect(again.maxOffset('T', 0)).toBe(20)
  })

  test('are hidden before anything is read when the time passed while nobody ran', async () => {
    const { kit, store } = await open()
    store.close()
    kit.clock.advance(2 * minute)
    const again = kit.open({ topicReserves: () => [oneMinute] })
    again.hideExpired()
    expect(minima(again)).toEqual([20, 20])
  })

  test('do not take those with them that a topic of the same name gets later', async () => {
    const { kit, store, reserves } = await open(new FaultKit(), [oneMinute])
    await kit.pass(120_000)
    store.removeTopic('T')
    reserves.pop()
    await kit.put(store, numbered(4, 100))
    expect(minima(store)).toEqual([0, 0])
    store.close()
    const { store: again } = await open(kit, [])
    expect(minima(again)).toEqual([0, 0])
    expect(await again.read({ ...read, topic: 'T', queueOffset: 0 })).toMatchObject({ status: 'FOUND', count: 2 })
  })

  test('do not take those with them that come where a log was that lost its end', async () => {
    const { kit, store } = await open(new FaultKit(), [oneMinute])
    await kit.pass(120_000)
    const { max } = store.positions
    store.close()
    kit.change(filePath, (file) => {
      file.truncate(0)
      file.write(Buffer.from(JSON.stringify({ hiddenBefore: { T: max + 5000 } })), 0)
    })
    const { store: again } = await open(kit, [])
    await kit.put(again, numbered(20, 100))
    kit.disk.kill()
    const { store: third } = await open(kit, [])
    expect(minima(third)).toEqual([20, 20])
    expect(kit.alarms).toEqual([expect.stringMatching(/hides messages beyond the end of the log/)])
  })

  test('are not looked at while none can be too old yet', async () => {
    const kit = new FaultKit()
    const store = kit.open({ topicReserves: () => [oneMinute], retentionIntervalMs: 10_000 })
    await kit.put(store, numbered(2))
    await kit.pass(10_000)
    const looks = kit.faults.add({ operation: 'list', path: /consumequeue\/T$/, kind: 'EIO', label: 'a look' })
    await kit.pass(50_000)
    expect(looks.struck).toBe(0)
    looks.remove()
    await kit.pass(10_000)
    expect(minima(store)).toEqual([1, 1])
  })

  test('need no queue to be opened that has none of them', async () => {
    const kit = new FaultKit()
    const first = kit.open()
    await kit.put(
      first,
      Array.from({ length: 50 }, (_, index) => message({ topic: `other-${index}` })),
    )
    await kit.put(first, numbered(2))
    first.close()
    const opened = kit.faults.add({
      operation: 'open',
      path: /consumequeue\/other/,
      kind: 'EIO',
      label: 'not asked for',
    })
    kit.clock.advance(2 * minute)
    const store = kit.open({ topicReserves: () => [oneMinute] })
    store.hideExpired()
    expect(minima(store)).toEqual([1, 1])
    expect(opened.struck).toBe(0)
  })
})

describe('a file that says what is hidden', () => {
  test('costs nothing when it is damaged, but for a line that says so', async () => {
    const { kit, store } = await open(new FaultKit(), [oneMinute])
    await kit.pass(120_000)
    store.close()
    for (const path of [filePath, `${filePath}.bak`]) {
      if (kit.disk.status(path) !== undefined) kit.change(path, (file) => file.truncate(3))
    }
    const { store: again } = await open(kit, [])
    expect(kit.alarms).toContainEqual(expect.stringMatching(/may show again/))
    expect(minima(again)).toEqual([0, 0])
  })

  test('is written later when the disk is full, which is told once', async () => {
    const { kit, store, reserves } = await open()
    reserves.push(oneMinute)
    const full = kit.faults.add({ operation: 'write', path: /hidden/, kind: 'no-space', count: 99, label: 'full' })
    await kit.pass(60_000)
    expect(minima(store)).toEqual([10, 10])
    expect(kit.alarms.filter((line) => line.includes('hiddenPositions.json'))).toHaveLength(1)
    full.remove()
    await kit.pass(10_000)
    kit.disk.kill()
    const { store: again } = await open(kit, [])
    expect(minima(again)).toEqual([20, 20])
  })
})

test('a topic whose messages cannot be read keeps no other one waiting', async () => {
  const kit = new FaultKit()
  const first = kit.open()
  await kit.put(first, [message({ topic: 'A' }), ...numbered(2)])
  first.close()
  kit.clock.advance(2 * minute)
  const store = kit.open({ topicReserves: () => [{ topic: 'A', reservedMs: minute }, oneMinute] })
  kit.faults.add({ operation: 'read', path: /consumequeue\/A/, kind: 'EIO', label: 'A' })
  store.hideExpired()
  expect(minima(store)).toEqual([1, 1])
  expect(store.minOffset('A', 0)).toBe(0)
  expect(kit.alarms).toContainEqual(expect.stringMatching(/could not be hidden/))
})
