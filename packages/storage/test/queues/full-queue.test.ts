import { describe, expect, test } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { FaultKit, numbered, range, readable, root } from '../faults/fault-kit.ts'

const segmentBytes = 20 * 25
const options = { consumeQueueSegmentBytes: segmentBytes }

/** A store of two queues whose two files are full. */
async function fullQueues(): Promise<{ kit: FaultKit; store: MessageStore }> {
  const kit = new FaultKit()
  const store = kit.open(options)
  await kit.put(store, numbered(100))
  return { kit, store }
}

const namesOf = (kit: FaultKit, queue: string): string[] =>
  kit.disk.list(`${root}/consumequeue/T${queue}`).map((name) => (/^\d+$/.test(name) ? String(Number(name)) : name))

const endings: [string, (kit: FaultKit, store: MessageStore) => Promise<void>][] = [
  ['closed', async (_, store) => store.close()],
  [
    'killed after the units were written',
    async (kit) => {
      await kit.pass(60_000)
      kit.disk.kill()
    },
  ],
  ['killed before', async (kit) => kit.disk.kill()],
  [
    'cut off from power after it was synced',
    async (kit) => {
      await kit.pass(60_000)
      kit.disk.crash(7)
    },
  ],
]

describe('queues whose last file is full', () => {
  test.each(endings)('have no empty file behind it when their broker was %s, and go on', async (_, end) => {
    const { kit, store } = await fullQueues()
    await end(kit, store)
    const second = kit.open(options)
    expect(second.maxOffset('T', 0)).toBe(50)
    second.close()
    expect(namesOf(kit, '')).toEqual(['0', '0.full-at-1000', '1', '1.full-at-1000'])
    // An official broker takes the first unit of an empty file for a message.
    expect(namesOf(kit, '/0')).toEqual(['0', '500'])

    const third = kit.open(options)
    expect(await kit.put(third, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 50 }] }])
    third.close()
    expect(namesOf(kit, '')).toEqual(['0', '1', '1.full-at-1000'])
    expect(await readable(kit.open(options))).toEqual(range(0, 101))
    expect(kit.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('of an earlier version, with an empty file behind it, are taken as they are', async () => {
    const { kit, store } = await fullQueues()
    store.close()
    for (const queueId of [0, 1]) {
      kit.disk.remove(`${root}/consumequeue/T/${queueId}.full-at-1000`)
      const file = kit.disk.open(`${root}/consumequeue/T/${queueId}/00000000000000001000`, 'create')
      file.truncate(segmentBytes)
      file.close()
    }
    const second = kit.open(options)
    expect(second.maxOffset('T', 0)).toBe(50)
    second.close()
    expect(namesOf(kit, '')).toEqual(['0', '0.full-at-1000', '1'])
    const third = kit.open(options)
    expect(await readable(third)).toEqual(range(0, 100))
    expect(await kit.put(third, numbered(2, 100))).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }])
  })

  test('of an official broker are marked, and marks that it left behind are not believed', async () => {
    const { kit, store } = await fullQueues()
    store.close()
    // As an official broker leaves it: a checkpoint without our part, the marks as they were.
    kit.disk.remove(`${root}/checkpoint`)
    kit.disk.open(`${root}/consumequeue/T/0.full-at-500`, 'create').close()
    kit.disk.remove(`${root}/consumequeue/T/1.full-at-1000`)
    kit.open(options).close()
    expect(namesOf(kit, '')).toEqual(['0', '0.full-at-1000', '1', '1.full-at-1000'])
    expect(await readable(kit.open(options))).toEqual(range(0, 100))
  })

  test('go with their topic', async () => {
    const { kit, store } = await fullQueues()
    await kit.pass(60_000)
    store.removeTopic('T')
    expect(kit.disk.list(`${root}/consumequeue`)).toEqual([])
    expect(await kit.put(store, numbered(1, 100))).toMatchObject([{ places: [{ queueOffset: 0 }] }])
  })
})
