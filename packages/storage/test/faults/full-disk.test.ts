import { describe, expect, test } from 'vitest'
import { message, properties } from '../store-kit.ts'
import { FaultKit, numbered, range, readable } from './fault-kit.ts'

const derived = /consumequeue|index/
const sizes = { commitLogSegmentBytes: 1024 * 1024 }

describe('a disk that is full for queues and index, while the log still finds space', () => {
  test('costs no message: their units and keys wait in memory, however many they are', async () => {
    const kit = new FaultKit()
    const store = kit.open(sizes)
    const full = kit.faults.add({ operation: 'write', path: derived, kind: 'no-space', count: 1e9, label: 'full' })
    // More than a queue, and than a file of the index, keep in memory.
    const outcomes = await kit.put(store, numbered(1500))
    expect(outcomes.every(({ kind }) => kind === 'stored')).toBe(true)
    expect(await readable(store)).toEqual(range(0, 1500))
    await kit.pass(11_000)
    expect(store.refusal).toMatch(/no space left/)
    full.remove()
    await kit.pass(30_000)
    expect(store.refusal).toBeUndefined()
    expect(await kit.put(store, numbered(600, 1500))).toMatchObject(Array(600).fill({ kind: 'stored' }))
    expect(await readable(store)).toEqual(range(0, 2100))
    await kit.pass(60_000)
    kit.disk.kill()
    const reopened = kit.open(sizes)
    expect(await readable(reopened)).toEqual(range(0, 2100))
    for (const id of [0, 777, 1499, 2099]) {
      expect(reopened.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER), `k${id}`).toHaveLength(1)
    }
    expect(kit.alarms.join()).not.toMatch(/takes no more writes/)
  })

  test('costs no message when the process dies before there is space', async () => {
    const kit = new FaultKit()
    const store = kit.open(sizes)
    const full = kit.faults.add({ operation: 'write', path: derived, kind: 'no-space', count: 1e9, label: 'full' })
    await kit.put(store, numbered(900))
    await kit.pass(11_000)
    kit.disk.kill()
    full.remove()
    const reopened = kit.open(sizes)
    expect(await readable(reopened)).toEqual(range(0, 900))
    expect(reopened.findByKey('T', 'k899', 'key', 9, 0, Number.MAX_SAFE_INTEGER)).toHaveLength(1)
  })
})

describe('a store that found no space', () => {
  test('says once that it refuses, and goes on when there is room for more than a few bytes', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    await kit.put(store, numbered(4))
    kit.disk.space = { totalBytes: 1e9, freeBytes: 4096 }
    const full = kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'no-space', count: 1e9, label: 'full' })
    await kit.put(store, numbered(1, 100))
    for (let round = 0; round < 10; round++) {
      await kit.pass(10_000)
      expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ kind: 'refused', cause: 'disk-full' }])
    }
    expect(full.struck).toBe(1)
    expect(kit.alarms.filter((line) => line.includes('no space left'))).toHaveLength(1)
    full.remove()
    kit.disk.space = { totalBytes: 1e9, freeBytes: 5e8 }
    await kit.pass(10_000)
    expect(await kit.put(store, numbered(2, 4))).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }])
    expect(await readable(store)).toEqual(range(0, 6))
  })

  test('takes back a message that did not fit, and the queue it would have begun', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const full = kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'no-space', label: 'full' })
    const one = message({ topic: 'New', properties: properties({ KEYS: 'k' }) })
    expect(await kit.put(store, [one])).toMatchObject([{ kind: 'refused', cause: 'disk-full' }])
    full.remove()
    await kit.pass(11_000)
    expect(store.maxOffset('New', 0)).toBe(0)
    expect(await kit.put(store, [one])).toMatchObject([{ kind: 'stored', places: [{ queueOffset: 0 }] }])
    expect(store.findByKey('New', 'k', 'key', 9, 0, Number.MAX_SAFE_INTEGER)).toHaveLength(1)
  })
})

test('a disk that is full for the index alone costs no key, however many wait', async () => {
  const kit = new FaultKit()
  const large = {
    commitLogSegmentBytes: 8_000_000,
    keyIndex: { slotCount: 997, entryCountMax: 60_000 },
  }
  const store = kit.open(large)
  const full = kit.faults.add({ operation: 'write', path: /index/, kind: 'no-space', count: 1e9, label: 'full' })
  const outcomes = await kit.put(store, numbered(9000))
  expect(outcomes.every(({ kind }) => kind === 'stored')).toBe(true)
  const found = (from: typeof store) =>
    [0, 8191, 8192, 8999].map((id) => from.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER).length)
  expect(found(store)).toEqual([1, 1, 1, 1])
  full.remove()
  await kit.pass(30_000)
  store.close()
  expect(found(kit.open(large))).toEqual([1, 1, 1, 1])
  expect(kit.alarms.join()).not.toMatch(/takes no more writes/)
})

test('messages that a full disk refused do not show after a failure of the power, although some of them were written', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const kit = new FaultKit()
    const store = kit.open()
    await kit.put(store, numbered(4))
    await kit.pass(1000)
    kit.faults.add({ operation: 'write', path: /commitlog\/\d+$/, kind: 'no-space', label: 'full' })
    const outcomes = await kit.put(store, numbered(6, 4))
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['refused']))
    kit.disk.crash(seed)
    expect(await readable(kit.open()), `seed ${seed}`).toEqual(range(0, 4))
  }
})
