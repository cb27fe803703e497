import type { FolderLock } from '@rocketmq-ts/platform'
import { type Fault, FaultyFileSystem } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { settle } from '../settle.ts'
import { FaultKit, numbered, range, readable, root } from './fault-kit.ts'

const log = /commitlog\/\d+$/
const waysToWrite = [
  ['at once', {}],
  ['in the background', { backgroundWriteBytesMin: 0 }],
] as const

describe.each(waysToWrite)('a store that writes %s, and whose disk fails a write or a sync,', (_, way) => {
  test.each<[string, Pick<Fault, 'operation' | 'kind'>]>([
    ['a write fails', { operation: 'write', kind: 'EIO' }],
    ['a write is cut short', { operation: 'write', kind: 'short' }],
    ['a sync fails', { operation: 'sync', kind: 'EIO' }],
    ['a sync finds no space', { operation: 'sync', kind: 'ENOSPC' }],
  ])('refuses everything from then on when %s, and says what to do', async (label, fault) => {
    const kit = new FaultKit(way)
    const store = kit.open({ flushMode: 'SYNC_FLUSH' })
    await kit.put(store, numbered(10))
    kit.faults.add({ ...fault, path: log, label })
    const outcomes = await kit.put(store, numbered(5, 10))
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'refused', cause: 'fenced' })
    const again = kit.faults.add({ ...fault, path: log, label: 'never tried again' })
    await kit.pass(120_000)
    expect(await kit.put(store, numbered(1, 15))).toMatchObject([{ kind: 'refused', cause: 'fenced' }])
    expect(again.struck).toBe(0)
    again.remove()
    expect(kit.alarms).toContainEqual(expect.stringMatching(/takes no more writes.*restart the broker/s))
    expect(await readable(store)).toEqual(expect.arrayContaining(range(0, 10)))
    store.close()
    expect(kit.disk.status(`${root}/abort`)).toBeDefined()
    kit.disk.crash(7)
    const reopened = kit.open({ flushMode: 'SYNC_FLUSH' })
    expect(await readable(reopened)).toEqual(expect.arrayContaining(range(0, 10)))
    expect(await kit.put(reopened, numbered(1, 16))).toMatchObject([{ kind: 'stored' }])
  })

  test('is fenced by a failed sync in the background, with ASYNC_FLUSH', async () => {
    const kit = new FaultKit(way)
    const store = kit.open()
    await kit.put(store, numbered(1))
    kit.faults.add({ operation: 'sync', path: log, kind: 'EIO', label: 'background' })
    await kit.pass(600)
    expect(await kit.put(store, numbered(1, 1))).toMatchObject([{ kind: 'refused', cause: 'fenced' }])
    store.close()
  })

  test.each(['consumequeue', 'index', 'checkpoint'])(
    'is fenced when %s cannot be written, and loses nothing',
    async (name) => {
      const kit = new FaultKit(way)
      const store = kit.open()
      await kit.put(store, numbered(20))
      kit.faults.add({ operation: 'write', path: new RegExp(name), kind: 'EIO', label: name })
      await kit.pass(15_000)
      expect(await kit.put(store, numbered(1, 20))).toMatchObject([{ kind: 'refused', cause: 'fenced' }])
      store.close()
      const reopened = kit.open()
      expect(await readable(reopened)).toEqual(range(0, 20))
      reopened.close()
    },
  )
})

describe.each(waysToWrite)('a store that writes %s, and whose disk is full,', (_, way) => {
  test('refuses, keeps nothing half-written, and goes on when there is space', async () => {
    const kit = new FaultKit(way)
    const store = kit.open()
    await kit.put(store, numbered(10))
    const full = kit.faults.add({ operation: 'write', path: log, kind: 'no-space', count: 3, label: 'full' })
    const refused = await kit.put(store, numbered(60, 100))
    for (const outcome of refused) expect(outcome).toMatchObject({ kind: 'refused', cause: 'disk-full' })
    expect(kit.alarms).toContainEqual(expect.stringMatching(/no space left: free space/))
    expect(await kit.put(store, numbered(1, 200))).toMatchObject([{ kind: 'refused', cause: 'disk-full' }])
    full.remove()
    await kit.pass(11_000)
    const stored = await kit.put(store, numbered(40, 10))
    expect(stored.every(({ kind }) => kind === 'stored')).toBe(true)
    expect(stored[0]).toMatchObject({ places: [{ queueOffset: 5 }] })
    expect(await readable(store)).toEqual(range(0, 50))
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual(range(0, 50))
  })

  test('takes back what went into several files', async () => {
    const kit = new FaultKit(way)
    const store = kit.open()
    await kit.put(store, numbered(25))
    kit.faults.add({ operation: 'write', path: /commitlog\/0+49152$/, kind: 'no-space', label: 'third file' })
    const refused = await kit.put(store, numbered(80, 100))
    expect(refused.every(({ kind }) => kind === 'refused')).toBe(true)
    await kit.pass(11_000)
    await kit.put(store, numbered(80, 25))
    expect(await readable(store)).toEqual(range(0, 105))
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual(range(0, 105))
  })

  test('keeps queue units and keys in memory until there is space', async () => {
    const kit = new FaultKit(way)
    const store = kit.open()
    await kit.put(store, numbered(20))
    kit.faults.add({ operation: 'write', path: /consumequeue|index/, kind: 'no-space', count: 3, label: 'full' })
    await kit.pass(11_500)
    expect(store.refusal).toMatch(/no space left/)
    await kit.pass(30_000)
    expect(await kit.put(store, numbered(10, 20))).toMatchObject(Array(10).fill({ kind: 'stored' }))
    await kit.pass(11_000)
    kit.disk.kill()
    const reopened = kit.open()
    expect(await readable(reopened)).toEqual(range(0, 30))
    expect(reopened.findByKey('T', 'k3', 'key', 9, 0, Number.MAX_SAFE_INTEGER)).toHaveLength(1)
  })
})

describe('a store whose disk fails a read', () => {
  const request = { topic: 'T', queueId: 0, queueOffset: 0, countMax: 32, scannedUnitsMax: 800, bytesMax: 1_000_000 }

  test('fails the pull that needs it, and goes on', async () => {
    const kit = new FaultKit()
    const first = kit.open()
    await kit.put(first, numbered(20))
    first.close()
    const store = kit.open()
    kit.faults.add({ operation: 'read', path: log, kind: 'EIO', label: 'cold read' })
    await expect(store.read({ ...request, matches: () => true })).rejects.toThrow(/EIO/)
    expect(await readable(store)).toEqual(range(0, 20))
    expect(await kit.put(store, numbered(1, 20))).toMatchObject([{ kind: 'stored' }])
  })

  test('reads once more before it takes a message for lost', async () => {
    const kit = new FaultKit()
    const first = kit.open()
    await kit.put(first, numbered(2))
    first.close()
    const store = kit.open()
    // The middle of what is read is the size of the second of two messages that are alike.
    const flip = kit.faults.add({ operation: 'read', path: log, kind: 'flip', label: 'a bit on the way' })
    expect(await readable(store)).toEqual([0, 1])
    expect(flip.struck).toBe(1)
    expect(kit.alarms).toEqual([])
  })

  test('fails the put into a queue that cannot be opened, and takes those into others', async () => {
    const kit = new FaultKit()
    const first = kit.open()
    await kit.put(first, numbered(4))
    first.close()
    const store = kit.open()
    kit.faults.add({ operation: 'read', path: /consumequeue\/T\/0/, kind: 'EIO', label: 'queue' })
    expect(() => store.put(numbered(1, 4), () => {})).toThrow(/EIO/)
    expect(await kit.put(store, numbered(2, 5))).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }])
    await settle()
    expect(await readable(store)).toEqual([0, 1, 2, 3, 5, 6])
  })
})

test('a store whose lock keeps out less than it should says so once, and is opened', () => {
  const kit = new FaultKit()
  class WeaklyLocked extends FaultyFileSystem {
    override lockFolder(path: string): FolderLock {
      return { ...super.lockFolder(path), weakness: 'the kernel cannot be asked' }
    }
  }
  kit.open({ platform: { fileSystem: new WeaklyLocked(kit.disk), clock: kit.clock } })
  expect(kit.alarms).toEqual(['the kernel cannot be asked'])
})
