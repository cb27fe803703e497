import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { sysFlag } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageStore, PutOutcome } from '../src/index.ts'
import { MasterLog } from './crash/master-log.ts'
import { FaultKit, logBytes, numbered, range, readable, root, segmentPath } from './faults/fault-kit.ts'
import { settle } from './settle.ts'
import { message, properties } from './store-kit.ts'

/** A store that others follow: the bytes of its log, and what it tells of queues and keys. */
async function master(count: number): Promise<{ bytes: Buffer; store: MessageStore; kit: FaultKit }> {
  const kit = new FaultKit()
  const store = kit.open()
  await kit.put(store, [
    ...numbered(count),
    message({ topic: 'Half', sysFlag: sysFlag.transactionPrepared, body: Buffer.from('half') }),
    message({ topic: '订单', queueId: 7, properties: properties({ TAGS: 'a', UNIQ_KEY: 'U' }) }),
  ])
  const files = kit.disk.list(`${root}/commitlog`).map((name) => kit.disk.readFile(`${root}/commitlog/${name}`)!)
  return { bytes: Buffer.concat(files).subarray(0, store.positions.max), store, kit }
}

/** Appends bytes in pieces of up to so many bytes; tells what was said about each. */
function append(kit: FaultKit, store: MessageStore, bytes: Buffer, pieceMax = 700, seed = 1): PutOutcome[] {
  const random = new SeededRandom(seed)
  const outcomes: PutOutcome[] = []
  for (let at = 0; at < bytes.length; ) {
    const piece = Buffer.from(bytes.subarray(at, at + 1 + random.below(pieceMax)))
    store.appendRaw(store.appendPosition, piece, (outcome) => void outcomes.push(outcome))
    // The memory of what came over a connection is used again.
    piece.fill(0xdb)
    at += piece.length
    if (random.oneIn(3)) kit.clock.finishTurn()
  }
  kit.clock.finishTurn()
  return outcomes
}

function describeStore(store: MessageStore): unknown {
  return {
    offsets: [
      ['T', 0],
      ['T', 1],
      ['订单', 7],
      ['Half', 0],
    ].map(([topic, queueId]) => store.maxOffset(topic as string, queueId as number)),
    keys: range(0, 60).map((id) => store.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER)),
    positions: store.positions.max,
  }
}

describe('the log of another broker', () => {
  test('cut into pieces anywhere gives the same log, queues and keys, also after a kill', async () => {
    const { bytes, store: source } = await master(120)
    expect(bytes.length).toBeGreaterThan(4 * logBytes)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), fc.nat(1e6), async (pieceMax, seed) => {
        const kit = new FaultKit({ backgroundWriteBytesMin: seed % 2 === 0 ? 0 : Number.POSITIVE_INFINITY })
        const store = kit.open()
        const arrived = new Set<string>()
        store.onArrival((topic, queueId) => void arrived.add(`${topic}/${queueId}`))
        const outcomes = append(kit, store, bytes, pieceMax, seed)
        await settle()
        expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['stored']))
        expect(describeStore(store)).toEqual(describeStore(source))
        expect(arrived).toEqual(new Set(['T/0', 'T/1', '订单/7']))
        kit.disk.kill()
        const again = kit.open()
        expect(describeStore(again)).toEqual(describeStore(source))
        expect(await readable(again)).toEqual(await readable(source))
        again.close()
        const first = kit.disk.readFile(segmentPath('commitlog', 0))!
        expect(first.equals(Buffer.concat([bytes], Math.max(bytes.length, logBytes)).subarray(0, logBytes))).toBe(true)
      }),
      { numRuns: 12 },
    )
  })

  test('is taken at its exact position alone, and what is no log is refused and leaves nothing', async () => {
    const { bytes } = await master(60)
    const kit = new FaultKit()
    const store = kit.open()
    const size = bytes.readInt32BE(0)
    const refused = (position: number, piece: Buffer): string => {
      const before = [store.appendPosition, store.positions.max]
      let reason = ''
      store.appendRaw(position, piece, (outcome) => {
        reason = outcome.kind === 'refused' && outcome.cause === 'illegal' ? outcome.reason : outcome.kind
      })
      expect([store.appendPosition, store.positions.max]).toEqual(before)
      return reason
    }
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(bytes.subarray(0, 2 * size))
      copy[at] = value
      return copy
    }
    expect(refused(10, bytes)).toMatch(/position 10 of the log cannot be appended: it goes on at 0/)
    expect(refused(0, bytes.subarray(size))).toMatch(/at 0 belongs to position/)
    expect(refused(0, Buffer.alloc(200))).toMatch(/at 0 is no record: magic/)
    expect(refused(0, changed(200, 0))).toMatch(/checksum/)
    expect(refused(0, changed(0, 0x7f))).toMatch(/over the end of a file: mappedFileSizeCommitLog has to be the same/)
    expect(refused(0, changed(size + 4, 1))).toMatch(new RegExp(`at ${size} is no record`))
    append(kit, store, bytes.subarray(0, size + 50))
    expect([store.appendPosition, store.positions.max]).toEqual([size + 50, size])
    expect(refused(size, bytes.subarray(size))).toMatch(/goes on at/)
    append(kit, store, bytes.subarray(size + 50))
    expect(await readable(store)).toEqual(range(0, 60))
  })

  test('of a broker with files of another size is refused where they differ', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const other = new MasterLog(0, logBytes * 2)
    for (const one of numbered(40)) other.append(one, 0)
    const outcomes = append(kit, store, other.bytes, 100_000)
    expect(outcomes.at(-1)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/mappedFileSizeCommitLog/) })
  })

  test('goes on after a restart where its last whole record ends', async () => {
    const { bytes, store: source } = await master(60)
    const kit = new FaultKit()
    const store = kit.open()
    const cut = Math.floor(bytes.length / 2) + 1
    append(kit, store, bytes.subarray(0, cut))
    expect(store.appendPosition).toBe(cut)
    store.close()
    const again = kit.open()
    expect(again.appendPosition).toBe(again.positions.max)
    expect(again.appendPosition).toBeLessThan(cut)
    append(kit, again, bytes.subarray(again.appendPosition))
    expect(describeStore(again)).toEqual(describeStore(source))
  })

  test('is confirmed as the flush mode says', async () => {
    const { bytes } = await master(3)
    const kit = new FaultKit({ flushMode: 'SYNC_FLUSH' })
    const store = kit.open()
    const outcomes = append(kit, store, bytes, 1e6)
    expect(outcomes).toEqual([])
    await settle()
    expect(outcomes).toMatchObject([{ kind: 'stored' }])
    expect(store.positions.synced).toBe(bytes.length)
    expect(outcomes[0]!.kind === 'stored' && outcomes[0]!.places.length).toBe(5)
  })

  test('gives queues the offsets that its records have: with gaps, and from 0 when a topic was made anew', async () => {
    const kit = new FaultKit({ consumeQueueSegmentBytes: 20 * 8 })
    const store = kit.open()
    const source = new MasterLog(0, logBytes)
    for (const [index, offset] of [0, 1, 2, 5, 6, 12, 13, 0, 1].entries())
      source.append(numbered(1, index * 2)[0]!, offset)
    const { bytes, ends } = source
    append(kit, store, bytes.subarray(0, ends[6]))
    expect(store.maxOffset('T', 0)).toBe(14)
    expect(await readable(store)).toEqual([0, 2, 4, 6, 8, 10, 12])
    await kit.pass(20_000)
    append(kit, store, bytes.subarray(ends[6]))
    expect(store.maxOffset('T', 0)).toBe(2)
    expect(await readable(store)).toEqual([14, 16])
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual([14, 16])
  })

  test('can be followed by messages of our own, which take the offsets behind it, in the same turn too', async () => {
    const { bytes } = await master(20)
    const kit = new FaultKit()
    const store = kit.open()
    store.appendRaw(0, bytes, () => {})
    const own = await kit.put(store, numbered(4, 20))
    expect(own).toMatchObject([10, 10, 11, 11].map((queueOffset) => ({ places: [{ queueOffset }] })))
    // What is not whole has no place any more.
    store.appendRaw(store.appendPosition, Buffer.from(bytes.subarray(0, 4)), () => {})
    expect(store.appendPosition).toBe(store.positions.max + 4)
    await kit.put(store, numbered(1, 24))
    expect(store.appendPosition).toBe(store.positions.max)
    expect(await readable(store)).toEqual(range(0, 25))
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual(range(0, 25))
  })

  test('that cannot be written stops the store: a message that is put behind it is refused, too', async () => {
    const { bytes } = await master(3)
    const kit = new FaultKit()
    const store = kit.open()
    const kinds: string[] = []
    store.appendRaw(0, bytes, ({ kind }) => void kinds.push(kind))
    kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'EIO', label: 'once' })
    store.put(numbered(1), (outcome) => void kinds.push(outcome.kind === 'refused' ? outcome.cause : outcome.kind))
    kit.clock.finishTurn()
    expect(kinds).toEqual(['refused', 'fenced'])
  })

  test('is refused by a full disk, and taken from the same position when there is space', async () => {
    const { bytes } = await master(60)
    const kit = new FaultKit()
    const store = kit.open()
    const size = bytes.readInt32BE(0)
    append(kit, store, bytes.subarray(0, size))
    kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'no-space', label: 'full' })
    const [outcome] = append(kit, store, bytes.subarray(size, 3 * size + 9), 1e6)
    expect(outcome).toMatchObject({ kind: 'refused', cause: 'disk-full' })
    expect([store.appendPosition, store.positions.max]).toEqual([size, size])
    await kit.pass(11_000)
    append(kit, store, bytes.subarray(size))
    expect(await readable(store)).toEqual(range(0, 60))
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual(range(0, 60))
  })
})
