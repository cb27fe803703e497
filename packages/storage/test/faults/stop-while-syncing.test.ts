import { expect, test } from 'vitest'
import { FaultKit, numbered, readable } from './fault-kit.ts'

test.each([0, 1, 2, 3, 5, 8, 13, 21])(
  'a stop while a sync is under way, after %i turns, ends that in silence',
  async (turns) => {
    const kit = new FaultKit({ queueSyncIntervalMs: 5000 })
    const store = kit.open()
    await kit.put(store, numbered(20))
    await kit.pass(12_000)
    await kit.put(store, numbered(20, 20))
    kit.clock.advance(12_000)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    store.close()
    const checkpoint = kit.disk.readFile('/store/checkpoint')!
    await kit.pass(1)
    expect(kit.alarms).toEqual([])
    expect(kit.disk.readFile('/store/checkpoint')).toEqual(checkpoint)
    const again = kit.open()
    expect(again.recovered.replayedCount).toBe(0)
    expect(await readable(again)).toHaveLength(40)
  },
)
