import type { FileSystem } from '@rocketmq-ts/platform'
import { describe, expect, test } from 'vitest'
import { FaultKit, logBytes, root } from '../faults/fault-kit.ts'
import { type KitOptions, message } from '../store-kit.ts'
import { bodiesIn, keptForAMinute, lightOpen, named } from './light-kit.ts'

const names = Array.from({ length: 60 }, (_, index) => `%LMQ%${index}`)

interface AskedFileSystem {
  fileSystem: FileSystem
  /** What was asked of the disk, with the path. */
  asked: [operation: string, path: string][]
}

/** A disk that notes what it is asked for. */
function noting(inner: FileSystem): AskedFileSystem {
  const asked: [string, string][] = []
  const fileSystem = new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        asked.push([String(name), String(args[0])])
        return value.apply(target, args)
      }
    },
  })
  return { fileSystem, asked }
}

/** A store with a message in each of many light queues. */
async function filled(kit: FaultKit, changes: Partial<KitOptions>, fileSystem: FileSystem = kit.faults) {
  const platform = { fileSystem, clock: kit.clock }
  const store = lightOpen(kit, { platform, openLightQueuesMax: 8, ...changes })
  for (const name of names) await kit.put(store, [named(name, name)])
  await kit.pass(130_000)
  return store
}

describe.each([
  { where: 'slots', changes: {}, syncOfRemovals: { operation: 'sync', path: /consumequeue\.light$/ } },
  {
    where: 'files',
    changes: { hasLightSlots: false },
    syncOfRemovals: { operation: 'syncFolder', path: /consumequeue$/ },
  },
] as const)('very many light queues in $where', ({ changes, syncOfRemovals }) => {
  test('a start after a failure of the power asks the disk for little of each, and knows where all end', async () => {
    const kit = new FaultKit()
    await filled(kit, changes)
    kit.disk.crash(1)
    const { fileSystem, asked } = noting(kit.faults)
    const store = lightOpen(kit, {
      ...changes,
      platform: { fileSystem, clock: kit.clock },
    })
    for (const name of names) expect(store.maxOffset(name, 0)).toBe(1)
    for (const name of names) {
      const ofQueue = asked.filter(([, path]) => path.startsWith(`${root}/consumequeue/${name}/`))
      expect(ofQueue.length, JSON.stringify(ofQueue)).toBeLessThanOrEqual(4)
    }
    for (const name of names) expect(await bodiesIn(store, name)).toEqual([name])
    await kit.put(store, [named('more', names[3]!)])
    expect(await bodiesIn(store, names[3]!)).toEqual([names[3], 'more'])
  })

  test('topics that have queues are told without them, and without asking the disk', async () => {
    const kit = new FaultKit()
    await filled(kit, changes)
    kit.disk.kill()
    const { fileSystem, asked } = noting(kit.faults)
    const store = lightOpen(kit, { ...changes, platform: { fileSystem, clock: kit.clock } })
    asked.length = 0
    expect([...store.topicsWithQueues()]).toEqual(['T1'])
    expect(asked).toEqual([])
  })

  test('removing very many lists no folder of all, and waits for no sync of it', async () => {
    const kit = new FaultKit()
    const { fileSystem, asked } = noting(kit.faults)
    const store = await filled(kit, changes, fileSystem)
    asked.length = 0
    for (const name of names) expect(store.removeLightQueue(name, () => true)).toBe(true)
    const ofAll = asked.filter(([, path]) => path === `${root}/consumequeue`).map(([operation]) => operation)
    expect(ofAll).toEqual([])
    expect(store.lightQueueCount).toBe(0)
    expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['T1'])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'one that was removed is gone for good once what others keep of it may be gone too (seed %i)',
    async (seed) => {
      for (const now of [true, false]) {
        const kit = new FaultKit()
        const store = await filled(kit, changes)
        for (const name of names.slice(1)) store.removeLightQueue(name, () => true)
        await kit.put(store, [named('again', names[5]!)])
        expect(now ? store.syncLogNow() : await store.syncLog()).toBe(true)
        kit.disk.crash(seed)
        const again = lightOpen(kit, changes)
        expect([...again.lightQueueNames()].sort()).toEqual([names[0], names[5]])
        expect(await bodiesIn(again, names[0]!)).toEqual([names[0]])
        expect(await bodiesIn(again, names[5]!)).toEqual(['again'])
      }
    },
  )

  test('a removal that cannot be synced keeps what others have of it, and the store takes no more writes', async () => {
    for (const now of [true, false]) {
      const kit = new FaultKit()
      const store = await filled(kit, changes)
      store.removeLightQueue(names[1]!, () => true)
      kit.faults.add({ ...syncOfRemovals, kind: 'EIO', label: 'broken' })
      expect(now ? store.syncLogNow() : await store.syncLog()).toBe(false)
      expect(store.refusal).toContain('broken')
    }
  })

  test('those whose messages are all gone go soon, however many they are, and no folder of all is listed', async () => {
    const kit = new FaultKit()
    const { fileSystem, asked } = noting(kit.faults)
    const store = lightOpen(kit, {
      ...changes,
      platform: { fileSystem, clock: kit.clock },
      openLightQueuesMax: 8,
      ...keptForAMinute,
    })
    const expired: string[] = []
    let mayGo = false
    store.onLightQueuesExpired((gone) => {
      if (mayGo) expired.push(...gone)
      return mayGo ? gone : []
    })
    const many = Array.from({ length: 700 }, (_, index) => `%LMQ%${index}`)
    await kit.put(store, [named('all', ...many)])
    const filler = Buffer.alloc(1000, 'x')
    for (let count = 0; count * 1000 < 4 * logBytes; count++) await kit.put(store, [message({ body: filler })])
    await kit.pass(120_000)
    await kit.put(store, [named('kept', many[9]!)])
    asked.length = 0
    store.deleteOldFiles()
    await kit.pass(5000)
    mayGo = true
    await kit.pass(12_000)
    expect(expired.sort()).toEqual(many.filter((name) => name !== many[9]).sort())
    expect([...store.lightQueueNames()]).toEqual([many[9]])
    expect(asked).not.toContainEqual(['list', `${root}/consumequeue`])
    expect(await bodiesIn(store, many[9]!)).toEqual(['kept'])
  })
})
