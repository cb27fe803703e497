import type { FileHandle, OpenMode } from '@rocketmq-ts/platform'
import { describe, expect, test } from 'vitest'
import { openStore } from '../store-kit.ts'
import { CompactionKit, foundIn, root, topic } from './compaction-kit.ts'

const old = { reservedMs: 1000, deleteHours: [], cleanRatio: 2, forceRatio: 2, fullRatio: 2, mayForce: false }

/** The last message of each key. */
function latest(messages: readonly { key: string; body: string }[]): Map<string, string> {
  return new Map(messages.map(({ key, body }) => [key, body]))
}

async function putRounds(kit: CompactionKit, rounds: number, keys: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let key = 0; key < keys; key++) await kit.put(`k${key}`, `${round}-${key}-${'b'.repeat(60)}`)
  }
}

test('a compacted log with files of another size is not opened, and can be opened with the right one', async () => {
  const kit = new CompactionKit()
  await putRounds(kit, 4, 12)
  await kit.compact()
  const before = await kit.all()
  kit.store.close()
  const smaller = { recordFileBytes: 2300, unitFileBytes: 46 * 10, keyBytesMax: 1024 * 1024, intervalMs: 60_000 }
  expect(() =>
    openStore(root, {
      platform: { fileSystem: kit.disk, clock: kit.clock },
      commitLogSegmentBytes: 16 * 1024,
      compaction: smaller,
    }),
  ).toThrow(/compactionMappedFileSize/)
  kit.open()
  expect(await kit.all()).toEqual(before)
})

describe('a compaction topic', () => {
  test('keeps the last message of each key, at its offset', async () => {
    const kit = new CompactionKit()
    await putRounds(kit, 5, 4)
    await kit.compact()
    const found = await kit.all()
    expect(found.map(({ queueOffset, key }) => [queueOffset, key])).toEqual([
      [16, 'k0'],
      [17, 'k1'],
      [18, 'k2'],
      [19, 'k3'],
    ])
    expect(found.map(({ body }) => body.slice(0, 3))).toEqual(['4-0', '4-1', '4-2', '4-3'])
    expect(kit.store.minOffset(topic, 0)).toBe(0)
    expect(kit.store.maxOffset(topic, 0)).toBe(20)
  })

  test('goes on after a compaction, which the next one takes in', async () => {
    const kit = new CompactionKit()
    for (let round = 0; round < 6; round++) {
      await putRounds(kit, 4, 7)
      await kit.compact()
      expect((await kit.all()).map(({ queueOffset }) => queueOffset % 7)).toEqual([0, 1, 2, 3, 4, 5, 6])
    }
    await kit.put('k3', 'now')
    expect(latest(await kit.all()).get('k3')).toBe('now')
    kit.reopen()
    expect((await kit.all()).length).toBe(8)
    await kit.compact()
    expect((await kit.all()).length).toBe(7)
  })

  test('serves what the log has deleted, at the same offsets', async () => {
    const kit = new CompactionKit({ retentionRules: () => old, queueSyncIntervalMs: 3000 })
    await putRounds(kit, 60, 5)
    await kit.put('rare', 'once')
    await kit.compact()
    await putRounds(kit, 120, 5)
    await kit.pass(5000)
    kit.store.deleteOldFiles()
    expect(kit.store.positions.min).toBeGreaterThan(0)
    const found = await kit.all()
    expect(found[0]).toMatchObject({ queueOffset: 295 })
    expect(latest(found).get('rare')).toBe('once')
    kit.reopen()
    expect(await kit.all()).toEqual(found)
    expect(kit.store.minOffset(topic, 0)).toBe(295)
  })

  test('keeps files of the log that it has not copied', async () => {
    // The log is not synced: nothing is copied that a power failure could take.
    const kit = new CompactionKit({ retentionRules: () => old, flushIntervalMs: 1_000_000_000 })
    await putRounds(kit, 61, 20)
    await kit.pass(5000)
    kit.store.deleteOldFiles()
    expect(kit.store.positions.min).toBe(0)
    await kit.finish(kit.store.syncLog())
    await kit.pass(5000)
    const queuesSynced = 60_000
    await kit.pass(queuesSynced)
    kit.store.deleteOldFiles()
    expect(kit.store.positions.min).toBeGreaterThan(0)
    expect(latest(await kit.all()).size).toBe(20)
  })

  test('removes a key whose last message has no body, one compaction after consumers could see that', async () => {
    const kit = new CompactionKit()
    await putRounds(kit, 3, 3)
    await kit.put('k1', '')
    await kit.compact()
    expect((await kit.all()).map(({ key, body }) => [key, body.slice(0, 3)])).toEqual([
      ['k0', '2-0'],
      ['k2', '2-2'],
      ['k1', ''],
    ])
    await kit.compact()
    expect((await kit.all()).map(({ key }) => key)).toEqual(['k0', 'k2'])
    expect(kit.store.maxOffset(topic, 0)).toBe(10)
    await kit.put('k1', 'again')
    await kit.compact()
    expect((await kit.all()).map(({ key, queueOffset }) => [key, queueOffset])).toEqual([
      ['k0', 6],
      ['k2', 8],
      ['k1', 10],
    ])
  })

  test('goes on at the next offset when its last message was removed, and the broker started again', async () => {
    const kit = new CompactionKit()
    await kit.put('k', 'v')
    await kit.put('k', '')
    await kit.compact()
    await kit.compact()
    expect(await kit.all()).toEqual([])
    kit.reopen()
    expect(await kit.put('k', 'w')).toBe(2)
    await kit.compact()
    expect(await kit.all()).toEqual([{ queueOffset: 2, key: 'k', body: 'w' }])
  })

  test('lets a consumer read on while it is compacted: offsets ascend, and no last message is missed', async () => {
    const kit = new CompactionKit()
    await putRounds(kit, 20, 9)
    await kit.compact()
    await putRounds(kit, 20, 9)
    await kit.pass(2500)
    const compacting = kit.store.compactNow()
    const seen: { queueOffset: number; key: string; body: string }[] = []
    let next = 0
    for (let reads = 0; next < kit.store.maxOffset(topic, 0); reads++) {
      // What was read is used again after the turn in which it came.
      const reading = kit.read(next, { countMax: 3 }).then((result) => ({ result, found: foundIn(result) }))
      const { result, found } = await kit.finish(reading)
      seen.push(...found)
      next = result.nextQueueOffset
      if (reads < 30) await kit.put(`k${reads % 9}`, `late ${reads}`)
    }
    await kit.finish(compacting)
    const offsets = seen.map(({ queueOffset }) => queueOffset)
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
    const fresh = await kit.all()
    expect(fresh.length).toBeLessThan(seen.length)
    expect(latest(seen)).toEqual(latest(fresh))
  })

  test('compacts more keys than fit into memory in several rounds', async () => {
    const compaction = { recordFileBytes: 4600, unitFileBytes: 46 * 20, keyBytesMax: 0, intervalMs: 60_000 }
    const kit = new CompactionKit({ compaction })
    await putRounds(kit, 2, 300)
    for (let round = 0; round < 8; round++) await kit.compact()
    const found = await kit.all()
    expect(found.map(({ queueOffset }) => queueOffset)).toEqual(Array.from({ length: 300 }, (_, index) => 300 + index))
  })

  test('filters by tags where it is compacted', async () => {
    const kit = new CompactionKit()
    for (let index = 0; index < 60; index++) await kit.put(`k${index}`, 'v', { tag: index % 10 === 3 ? 'A' : 'B' })
    await kit.put('k0', 'w', { tag: 'B' })
    await kit.compact()
    const found = await kit.all(0, { matches: (tagsCode) => tagsCode === 'A'.charCodeAt(0), countMax: 2 })
    expect(found.map(({ queueOffset }) => queueOffset)).toEqual([3, 13, 23, 33, 43, 53])
  })

  test('finds offsets by times where it is compacted', async () => {
    const kit = new CompactionKit()
    const times: number[] = []
    for (let index = 0; index < 40; index++) {
      times.push(kit.clock.now())
      await kit.put(`k${index % 10}`, `${index}`)
      kit.clock.advance(1000)
    }
    await kit.compact()
    expect(kit.store.offsetByTime(topic, 0, times[0]!, 'lower')).toBe(30)
    expect(kit.store.offsetByTime(topic, 0, times[33]! + 1, 'lower')).toBe(34)
    expect(kit.store.offsetByTime(topic, 0, times[33]! + 1, 'upper')).toBe(33)
    expect(kit.store.offsetByTime(topic, 0, times[5]!, 'upper')).toBe(30)
    expect(kit.store.offsetByTime(topic, 0, times[39]! + 99, 'lower')).toBe(40)
    expect(kit.store.storeTimestamp(topic, 0, 30)).toBe(times[30])
  })

  test('is gone when it is deleted, and begins anew', async () => {
    const kit = new CompactionKit()
    await putRounds(kit, 5, 4)
    await kit.compact()
    kit.store.removeTopic(topic)
    expect(kit.disk.list(`${root}/compaction/compactionLog`)).toEqual([])
    expect(kit.disk.list(`${root}/compaction/compactionCq`)).toEqual([])
    kit.store.compact(topic)
    expect(await kit.put('k', 'v')).toBe(0)
    await kit.compact()
    expect(await kit.all()).toEqual([{ queueOffset: 0, key: 'k', body: 'v' }])
  })

  test('is deleted while it is compacted', async () => {
    const kit = new CompactionKit()
    await putRounds(kit, 30, 4)
    await kit.pass(2500)
    const compacting = kit.store.compactNow()
    kit.clock.advance(2)
    kit.store.removeTopic(topic)
    await kit.finish(compacting)
    expect(kit.store.refusal).toBeUndefined()
    expect(kit.disk.list(`${root}/compaction/compactionLog`)).toEqual([])
  })

  test('has what the log has when the log is cut back behind a compaction', async () => {
    const kit = new CompactionKit()
    await putRounds(kit, 5, 4)
    const unit = (await kit.store.units(topic, 0, 10, 1))[0]!
    await kit.compact()
    await kit.finish(kit.store.cutBackTo(unit.physicalOffset))
    expect((await kit.all()).map(({ queueOffset }) => queueOffset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await kit.put('k0', 'new')
    kit.reopen()
    await kit.compact()
    const found = await kit.all()
    expect(found.map(({ queueOffset, key }) => [queueOffset, key])).toEqual([
      [6, 'k2'],
      [7, 'k3'],
      [9, 'k1'],
      [10, 'k0'],
    ])
  })

  test('takes no writes any more, and says why, when its files cannot be written', async () => {
    let isBroken = false
    const kit = new CompactionKit()
    kit.store.close()
    kit.disk.kill()
    const open = (path: string, mode: OpenMode): FileHandle => {
      if (isBroken && path.includes('compactionLog')) throw Object.assign(new Error('EIO: broken'), { code: 'EIO' })
      return kit.disk.open(path, mode)
    }
    kit.open(
      new Proxy(kit.disk, {
        get(disk, name) {
          if (name === 'open') return open
          const value = Reflect.get(disk, name) as unknown
          return typeof value === 'function' ? value.bind(disk) : value
        },
      }),
    )
    await putRounds(kit, 2, 2)
    isBroken = true
    await kit.pass(3000)
    expect(kit.store.refusal).toContain('copying messages to compacted logs failed: EIO')
  })
})
