import { decodeMessages } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { CutBackError, type MessageStore, type PutOutcome } from '../src/index.ts'
import { FaultKit, logBytes, numbered, range, readable, root } from './faults/fault-kit.ts'
import { BodyLengths } from './followers/body-lengths.ts'
import { settle } from './settle.ts'
import { message } from './store-kit.ts'

/** A store of messages 0 to `count`, half of them in each of two queues, and where each of them stands. */
async function filled(kit: FaultKit, count = 100): Promise<{ store: MessageStore; positions: number[] }> {
  const store = kit.open()
  return { store, positions: positionsOf(await kit.put(store, numbered(count))) }
}

function positionsOf(outcomes: readonly PutOutcome[]): number[] {
  return outcomes.flatMap((outcome) =>
    outcome.kind === 'stored' ? outcome.places.map(({ physicalOffset }) => physicalOffset) : [],
  )
}

const find = (store: MessageStore, id: number): number[] =>
  store.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER)

const ends: [string, (kit: FaultKit, store: MessageStore) => void][] = [
  ['closed', (_, store) => store.close()],
  ['killed', (kit) => kit.disk.kill()],
  ['cut off from power', (kit) => kit.disk.crash(11)],
]

describe('a store whose log is cut back', () => {
  test.each(ends)('has nothing of what was cut off, takes more, and keeps it so when it is %s', async (_, end) => {
    const kit = new FaultKit()
    const { store, positions } = await filled(kit)
    await store.cutBackTo(positions[40]!)
    expect(store.positions.max).toBe(positions[40])
    expect(await readable(store)).toEqual(range(0, 40))
    expect([store.maxOffset('T', 0), store.maxOffset('T', 1)]).toEqual([20, 20])
    expect(await store.recordAt(positions[40]!)).toBeUndefined()
    expect([find(store, 39), find(store, 40), find(store, 99)]).toEqual([[positions[39]], [], []])
    const outcomes = await kit.put(store, numbered(10, 200))
    expect(outcomes[0]).toMatchObject({ places: [{ queueOffset: 20, physicalOffset: positions[40] }] })
    const expected = [...range(0, 40), ...range(200, 210)]
    expect(await readable(store)).toEqual(expected)
    await kit.pass(70_000)
    end(kit, store)
    const again = kit.open()
    expect(await readable(again)).toEqual(expected)
    expect([find(again, 40), find(again, 205)].map(({ length }) => length)).toEqual([0, 1])
    expect(kit.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('is told where it can be cut back to, and stays as it is otherwise', async () => {
    const kit = new FaultKit()
    const { store, positions } = await filled(kit)
    const { max } = store.positions
    for (const position of [positions[40]! + 1, positions[41]! - 1, max + 1, max - 1, -1, 0.5, Number.NaN, 2 ** 60]) {
      await expect(store.cutBackTo(position), `${position}`).rejects.toThrow(CutBackError)
    }
    // A blank record, which fills the end of the first file, is none that the log can go on at.
    const inNextFile = positions.findIndex((position) => position >= logBytes)
    const blank = await (async () => {
      const last = (await store.recordAt(positions[inNextFile - 1]!))!
      return positions[inNextFile - 1]! + last.length
    })()
    expect(blank).toBeLessThan(logBytes)
    await expect(store.cutBackTo(blank)).rejects.toThrow(/no record starts at/)
    await store.cutBackTo(max)
    expect(await readable(store)).toEqual(range(0, 100))
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ kind: 'stored' }])
  })

  test.each([
    ['the start of a file', (positions: number[]) => positions.findIndex((position) => position === 2 * logBytes)],
    ['its first message', () => 0],
    ['its last message', (positions: number[]) => positions.length - 1],
  ])('goes on from %s, over files', async (_, indexIn) => {
    const kit = new FaultKit()
    const { store, positions } = await filled(kit)
    const index = indexIn(positions)
    await store.cutBackTo(positions[index]!)
    expect(await readable(store)).toEqual(range(0, index))
    await kit.put(store, numbered(100, index))
    expect(await readable(store)).toEqual(range(0, index + 100))
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual(range(0, index + 100))
  })

  test('can be cut back where queues were not looked at since the start', async () => {
    const kit = new FaultKit()
    const { store, positions } = await filled(kit)
    store.close()
    const again = kit.open()
    await again.cutBackTo(positions[30]!)
    again.close()
    const third = kit.open()
    expect([third.maxOffset('T', 0), third.maxOffset('T', 1)]).toEqual([15, 15])
    expect(await readable(third)).toEqual(range(0, 30))
  })

  test('leaves no empty file behind a full one of a queue, which an official broker would take for a message', async () => {
    const kit = new FaultKit({ consumeQueueSegmentBytes: 20 * 25 })
    const { store, positions } = await filled(kit)
    await kit.pass(60_000)
    await store.cutBackTo(positions[50]!)
    store.close()
    expect(kit.disk.list(`${root}/consumequeue/T/0`).map(Number)).toEqual([0])
    const again = kit.open()
    expect(again.maxOffset('T', 0)).toBe(25)
    expect(await kit.put(again, numbered(1, 50))).toMatchObject([{ places: [{ queueOffset: 25 }] }])
  })

  test('confirms first what was put before, and refuses what comes meanwhile', async () => {
    const kit = new FaultKit({ flushMode: 'SYNC_FLUSH', backgroundWriteBytesMin: 0 })
    const store = kit.open()
    const positions = positionsOf(await kit.put(store, numbered(10)))
    const kinds: string[] = []
    store.put(numbered(1, 10), ({ kind }) => void kinds.push(kind))
    const cut = store.cutBackTo(positions[5]!)
    store.put(numbered(1, 11), (outcome) => void kinds.push(outcome.kind === 'refused' ? outcome.cause : outcome.kind))
    const second = store.cutBackTo(positions[6]!)
    await expect(second).rejects.toThrow(/already/)
    await cut
    expect(kinds).toEqual(['cutting-back', 'stored'])
    expect(await readable(store)).toEqual(range(0, 5))
    expect(await kit.put(store, numbered(1, 12))).toMatchObject([{ kind: 'stored' }])
  })

  test.each(range(0, 12))(
    'does not vouch for what is gone when a sync begins %s turns behind the order',
    async (turns) => {
      const kit = new FaultKit({ queueSyncIntervalMs: 20_000, flushMode: 'SYNC_FLUSH' })
      const { store, positions } = await filled(kit)
      await kit.pass(19_999)
      const cut = store.cutBackTo(positions[40]!)
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      kit.clock.advance(1)
      await cut
      // Records that do not end where the others did.
      const first = message({ topic: 'T', queueId: 0, body: Buffer.from(`40 ${'b'.repeat(777)}`) })
      await kit.put(store, [first, ...numbered(80, 41)])
      await settle()
      kit.disk.crash(3)
      expect(await readable(kit.open())).toEqual(range(0, 121))
      expect(kit.lines.filter(({ level }) => level === 'error')).toEqual([])
    },
  )

  test('leaves what was read of it in this turn as it is', async () => {
    const kit = new FaultKit()
    const { store, positions } = await filled(kit, 10)
    const limits = { countMax: 32, scannedUnitsMax: 800, bytesMax: 1e6, matches: () => true }
    const result = await store.read({ topic: 'T', queueId: 0, queueOffset: 0, ...limits })
    await store.cutBackTo(positions[2]!)
    store.put(numbered(8, 100), () => {})
    const bodies = result.parts
      .flatMap((part) => decodeMessages(part))
      .map(({ body }) => Number.parseInt(`${body}`, 10))
    expect(bodies).toEqual([0, 2, 4, 6, 8])
  })

  // So that no file of a queue goes with what is hidden.
  const largeQueues = { consumeQueueSegmentBytes: 20 * 1024 }

  test('hides none of the messages that come behind the cut, though older ones were hidden there', async () => {
    const reserves = [{ topic: 'T', reservedMs: 60_000 }]
    const kit = new FaultKit({ topicReserves: () => reserves, ...largeQueues })
    const { store, positions } = await filled(kit)
    await kit.pass(120_000)
    expect(store.minOffset('T', 0)).toBe(50)
    await store.cutBackTo(positions[40]!)
    const expected = { kind: 'stored', places: [{ queueOffset: 20 }] }
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([expected])
    expect(store.minOffset('T', 0)).toBe(20)
    kit.disk.kill()
    const again = kit.open()
    expect([again.minOffset('T', 0), again.maxOffset('T', 0)]).toEqual([20, 21])
  })

  test('takes a third follower with it', async () => {
    const kit = new FaultKit()
    const follower = new BodyLengths(kit.faults, `${root}/bodyLengths.json`, () => kit.clock.monotonic())
    const store = kit.open({ followers: [follower] })
    const positions = positionsOf(await kit.put(store, numbered(20)))
    await store.cutBackTo(positions[8]!)
    expect([...follower.lengths.keys()]).toEqual(positions.slice(0, 8))
  })

  test.each([
    ['the log', 'commitlog', 'truncate', 1],
    ['a queue', 'consumequeue', 'truncate', 1],
    ['the index', 'index', 'write', 1],
    ['the file of what is hidden', 'hiddenPositions', 'write', 1],
    // The note comes first, and then what the checkpoint takes back.
    ['the checkpoint', 'checkpoint', 'write', 2],
    ['the end of the note', 'checkpoint', 'write', 5],
  ] as const)(
    'stops when %s cannot be written, and the next start brings it to its end',
    async (_, name, operation, nth) => {
      const reserves = [{ topic: 'T', reservedMs: 60_000 }]
      const kit = new FaultKit({ topicReserves: () => reserves, ...largeQueues })
      const { store, positions } = await filled(kit)
      await kit.pass(120_000)
      kit.faults.add({ operation, path: new RegExp(name), kind: 'EIO', nth, label: name })
      await expect(store.cutBackTo(positions[40]!)).rejects.toThrow(/EIO/)
      expect(await kit.put(store, [message()])).toMatchObject([{ kind: 'refused', cause: 'fenced' }])
      kit.disk.crash(5)
      reserves.length = 0
      const again = kit.open()
      expect(again.positions.max).toBe(positions[40])
      expect([again.maxOffset('T', 0), again.maxOffset('T', 1)]).toEqual([20, 20])
      expect(find(again, 40)).toEqual([])
      const minOffset = again.minOffset('T', 0)
      expect(await kit.put(again, numbered(2, 100))).toMatchObject([
        { places: [{ queueOffset: 20 }] },
        { places: [{ queueOffset: 20 }] },
      ])
      expect(again.minOffset('T', 0)).toBe(minOffset)
      again.close()
      kit.lines.length = 0
      expect(kit.open().positions.max).toBeGreaterThan(positions[40]!)
      expect(kit.alarms).toEqual([])
    },
  )

  test('is not cut once more after an official broker has had it, now or later', async () => {
    const kit = new FaultKit()
    const { store, positions } = await filled(kit)
    kit.faults.add({ operation: 'remove', path: /commitlog/, kind: 'EIO', label: 'in the middle' })
    await expect(store.cutBackTo(positions[40]!)).rejects.toThrow(/EIO/)
    kit.disk.kill()
    // An official broker changes the first 48 bytes alone.
    kit.change(`${root}/checkpoint`, (file) => file.write(Buffer.from([0, 0, 1, 0x8b]), 0))
    for (let start = 0; start < 3; start++) {
      const again = kit.open()
      expect(await readable(again)).toEqual(range(0, 100 + start))
      await kit.put(again, numbered(1, 100 + start))
      again.close()
    }
  })

  test('is not cut back when it is closed meanwhile, or takes no writes', async () => {
    const kit = new FaultKit({ backgroundWriteBytesMin: 0 })
    const { store, positions } = await filled(kit)
    const cut = store.cutBackTo(positions[5]!)
    store.close()
    await expect(cut).rejects.toThrow(/closed/)
    await settle()
    expect(await readable(kit.open())).toEqual(range(0, 100))
  })
})
