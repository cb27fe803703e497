import { describe, expect, test } from 'vitest'
import { LostMessagesError } from '../../src/index.ts'
import type { KitOptions } from '../store-kit.ts'
import { FaultKit, logBytes, numbered, range, readable, root, segmentPath } from './fault-kit.ts'

type Files = Map<string, Buffer>

function logFiles(kit: FaultKit): Files {
  const names = kit.disk.list(`${root}/commitlog`)
  return new Map(names.map((name) => [`${root}/commitlog/${name}`, kit.disk.readFile(`${root}/commitlog/${name}`)!]))
}

function restore(kit: FaultKit, files: Files): void {
  for (const [path, content] of files) {
    const file = kit.disk.open(path, 'create')
    file.truncate(0)
    file.write(content, 0)
    file.close()
  }
}

/** How the store of 100 messages ended before its log was lost. */
const endings: [string, (kit: FaultKit, store: ReturnType<FaultKit['open']>) => Promise<void>][] = [
  ['closed', async (_, store) => store.close()],
  [
    'killed',
    async (kit) => {
      await kit.pass(20_000)
      kit.disk.kill()
    },
  ],
  [
    'cut off from power after it was synced',
    async (kit) => {
      await kit.pass(70_000)
      kit.disk.crash(4)
    },
  ],
]

async function lived(end: (typeof endings)[number][1], options: Partial<KitOptions> = {}): Promise<FaultKit> {
  const kit = new FaultKit(options)
  const store = kit.open()
  await kit.put(store, numbered(100))
  await end(kit, store)
  return kit
}

function refusalOf(kit: FaultKit): LostMessagesError {
  try {
    kit.open().close()
  } catch (error) {
    if (error instanceof LostMessagesError) return error
    throw error
  }
  throw new Error('the store was opened')
}

describe.each(endings)('a store that was %s, and whose log is then missing,', (_, end) => {
  test('is not opened, and says what was expected where; with its files back it is as it was', async () => {
    const kit = await lived(end)
    const files = logFiles(kit)
    kit.disk.removeFolder(`${root}/commitlog`)
    // Once is not enough: nothing that was looked at may be forgotten.
    for (let start = 0; start < 3; start++) {
      const { lost, message } = refusalOf(kit)
      expect(lost).toMatchObject({
        logPath: `${root}/commitlog`,
        logEnd: 0,
        lastFile: segmentPath('commitlog', 3 * logBytes),
      })
      expect(message).toMatch(
        /commitlog is missing, and \/store\/checkpoint says that it holds messages up to position 5\d+/,
      )
      expect(message).toMatch(/storePathCommitLog.*restore.*--accept-lost-messages/s)
    }
    restore(kit, files)
    const store = kit.open()
    expect(await readable(store)).toEqual(range(0, 100))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 50 }] }])
  })

  test('goes on empty when that is accepted, and needs no permission after that', async () => {
    const kit = await lived(end)
    kit.disk.removeFolder(`${root}/commitlog`)
    const store = kit.open({ acceptLostMessages: true })
    expect([store.maxOffset('T', 0), store.positions.max]).toEqual([0, 0])
    expect(await kit.put(store, numbered(10))).toMatchObject(Array(10).fill({ kind: 'stored' }))
    expect(await readable(store)).toEqual(range(0, 10))
    expect(kit.alarms).toContainEqual(expect.stringMatching(/commitlog is missing.*told to go on/))
    store.close()
    const again = kit.open()
    expect(await readable(again)).toEqual(range(0, 10))
    expect(again.findByKey('T', 'k3', 'key', 9, 0, Number.MAX_SAFE_INTEGER)).toHaveLength(1)
  })

  test('is not opened without its last files either', async () => {
    const kit = await lived(end)
    for (const start of [2, 3]) kit.disk.remove(segmentPath('commitlog', start * logBytes))
    expect(refusalOf(kit).lost).toMatchObject({ logEnd: 2 * logBytes })
    const store = kit.open({ acceptLostMessages: true })
    const there = await readable(store)
    expect(there).toEqual(range(0, there.length))
    const next = there.length / 2
    expect([store.maxOffset('T', 0), store.maxOffset('T', 1)].map((offset) => Math.abs(offset - next) < 1)).toEqual([
      true,
      true,
    ])
    await kit.put(store, numbered(30, 200))
    expect(await readable(store)).toEqual([...there, ...range(200, 230)])
    for (const id of [205, 229]) {
      expect(store.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER), `k${id}`).toHaveLength(1)
    }
  })
})

describe('a store whose log', () => {
  test('is zeros from where its queues were written to, although more was synced, is not opened', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const outcomes = await kit.put(store, numbered(100))
    // The log is synced, and queues are not written yet.
    for (let second = 0; second < 3; second++) await kit.pass(1000)
    kit.disk.kill()
    const last = outcomes[60]!.kind === 'stored' ? outcomes[60]!.places[0]!.physicalOffset : -1
    const files = logFiles(kit)
    for (const path of files.keys()) {
      const start = Number(path.slice(-20))
      kit.change(path, (file) => {
        file.truncate(Math.min(logBytes, Math.max(0, last - start)))
        file.truncate(logBytes)
      })
    }
    for (let start = 0; start < 3; start++) {
      const { message, lost } = refusalOf(kit)
      expect(lost.logEnd).toBe(last)
      expect(message).toMatch(/can be read up to position \d+ only \(magic 0 is unknown\)/)
    }
    restore(kit, files)
    expect(await readable(kit.open())).toEqual(range(0, 100))
  })

  test('is missing under an official checkpoint is not opened: the queues say what it held', async () => {
    const kit = await lived(async (_, store) => store.close())
    kit.disk.remove(`${root}/checkpoint`)
    kit.disk.removeFolder(`${root}/commitlog`)
    for (let start = 0; start < 2; start++) {
      const { message } = refusalOf(kit)
      expect(message).toMatch(/commitlog is missing, and \/store\/consumequeue\/T\/1 says that it holds messages up to/)
    }
    const store = kit.open({ acceptLostMessages: true })
    expect(store.maxOffset('T', 0)).toBe(0)
    expect(await kit.put(store, numbered(1))).toMatchObject([{ places: [{ queueOffset: 0 }] }])
  })

  test('lacks its last file under an official checkpoint is not opened', async () => {
    const kit = await lived(async (_, store) => store.close())
    kit.disk.remove(`${root}/checkpoint`)
    kit.disk.remove(segmentPath('commitlog', 3 * logBytes))
    expect(refusalOf(kit).lost).toMatchObject({ logEnd: 3 * logBytes })
  })

  test('was never synced before the power failed is opened, although a queue survived', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const kit = new FaultKit({ consumeQueueSegmentBytes: 20 * 1024, flushIntervalMs: 1e9 })
      const store = kit.open()
      // More than a queue keeps in memory.
      await kit.put(store, numbered(600))
      kit.disk.crash(seed)
      kit.open().close()
    }
  })
})

test('a store that may have lost messages says so at every start, until what is noted of them elsewhere was compared', async () => {
  const kit = new FaultKit()
  const first = kit.open()
  expect(first.recovered.mayHaveLost).toBe(false)
  await kit.put(first, numbered(10))
  kit.disk.crash(1)
  // Whoever opened it died before he compared: killed, then stopped in order.
  kit.open()
  kit.disk.kill()
  const second = kit.open()
  expect(second.recovered.mayHaveLost).toBe(true)
  second.close()
  const third = kit.open()
  expect(third.recovered.mayHaveLost).toBe(true)
  third.endDoubt()
  kit.disk.kill()
  expect(kit.open().recovered.mayHaveLost).toBe(false)
})
