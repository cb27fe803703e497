import { describe, expect, test } from 'vitest'
import type { MessageStore, PutOutcome } from '../src/index.ts'
import { FaultKit, numbered, range, readable } from './faults/fault-kit.ts'
import { slowReads } from './retention/slow-reads.ts'
import { settle } from './settle.ts'

/** Puts messages and lets the turn end, so that their write begins; tells what was said about them so far. */
function begin(kit: FaultKit, store: MessageStore, count: number, first = 0): PutOutcome['kind'][] {
  const said: PutOutcome['kind'][] = []
  for (const one of numbered(count, first))
    store.put([one], ({ kind }) => void said.push(kit.disk.isDown ? 'refused' : kind))
  kit.clock.finishTurn()
  return said
}

const inBackground = { backgroundWriteBytesMin: 0 }

describe('messages that are written in the background', () => {
  test('are confirmed and can be read when the write has ended, and those that came meanwhile behind them', async () => {
    const kit = new FaultKit(inBackground)
    const store = kit.open()
    const first = begin(kit, store, 3)
    const second = begin(kit, store, 2, 3)
    expect([first, second, store.maxOffset('T', 0)]).toEqual([[], [], 0])
    await settle()
    expect([first.length, second.length]).toEqual([3, 2])
    expect(await readable(store)).toEqual(range(0, 5))
  })

  test.each([
    ['a topic is removed', (store: MessageStore) => store.removeTopic('Other')],
    ['the store is closed', (store: MessageStore) => store.close()],
  ])('are stored before %s', async (_, action) => {
    const kit = new FaultKit(inBackground)
    const store = kit.open()
    const flying = begin(kit, store, 40)
    const waiting = begin(kit, store, 40, 40)
    action(store)
    expect([flying.length, waiting.length]).toEqual([40, 40])
    await settle()
    expect([...flying, ...waiting].every((kind) => kind === 'stored')).toBe(true)
    kit.disk.kill()
    expect(await readable(kit.open())).toEqual(range(0, 80))
    expect(kit.alarms.filter((line) => line.includes('no more writes'))).toEqual([])
  })

  test('keep their memory until the end, whatever is put and written at once meanwhile', async () => {
    const kit = new FaultKit({ ...inBackground, commitLogSegmentBytes: 64 * 1024 * 1024, tailBytesMax: 0 })
    const store = kit.open({ consumeQueueSegmentBytes: 20 * 10_000 })
    begin(kit, store, 10)
    // More than the blocks that the tail keeps, so that old ones are given up once they are written.
    for (let round = 1; round <= 8; round++) {
      begin(kit, store, 1500, round * 1500)
      store.removeTopic('Other')
    }
    await settle()
    expect((await readable(store)).length).toBe(10 + 8 * 1500)
    kit.disk.kill()
    expect((await readable(kit.open({ consumeQueueSegmentBytes: 20 * 10_000 }))).length).toBe(10 + 8 * 1500)
  })

  test('are written at once while reads that may wait for a disk keep the threads for files', async () => {
    const kit = new FaultKit(inBackground)
    const first = kit.open()
    await kit.put(first, numbered(200))
    first.close()
    const reads = slowReads(kit.faults, /commitlog/)
    const store = kit.open({ platform: { fileSystem: reads.fileSystem, clock: kit.clock } })
    const read = (queueOffset: number) =>
      store.read({
        topic: 'T',
        queueId: 0,
        queueOffset,
        countMax: 1,
        scannedUnitsMax: 800,
        bytesMax: 1e6,
        matches: () => true,
      })
    // Messages in files of their own.
    const reading = [0, 20, 40, 60].map(read)
    for (let turn = 0; turn < 20 && reads.waiting < 4; turn++) {
      kit.clock.finishTurn()
      await settle()
    }
    expect(reads.waiting).toBe(4)
    expect(begin(kit, store, 3, 200)).toEqual(['stored', 'stored', 'stored'])
    reads.release()
    await settle()
    kit.clock.finishTurn()
    expect((await Promise.all(reading)).map(({ status }) => status)).toEqual(Array(4).fill('FOUND'))
    const later = begin(kit, store, 3, 203)
    expect(later).toEqual([])
    await settle()
    expect(later).toHaveLength(3)
  })

  test('are all refused when one write fails, also those that came meanwhile', async () => {
    const kit = new FaultKit(inBackground)
    const store = kit.open()
    await kit.put(store, numbered(4))
    kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'no-space', label: 'full' })
    const first = begin(kit, store, 3, 4)
    const second = begin(kit, store, 3, 7)
    await settle()
    expect([...first, ...second]).toEqual(Array(6).fill('refused'))
    await kit.pass(11_000)
    expect(await kit.put(store, numbered(2, 4))).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }])
    expect(await readable(store)).toEqual(range(0, 6))
    expect(kit.alarms.filter((line) => line.includes('no more writes'))).toEqual([])
  })

  test('stop the store when the disk is found full while they are written at once too: nothing can be taken back', async () => {
    const kit = new FaultKit(inBackground)
    const store = kit.open()
    const flying = begin(kit, store, 3)
    kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'no-space', label: 'full' })
    store.removeTopic('Other')
    expect(flying).toEqual(['refused', 'refused', 'refused'])
    await settle()
    expect(store.refusal).toMatch(/no more writes/)
  })
})
