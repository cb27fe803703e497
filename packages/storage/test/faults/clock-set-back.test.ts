import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { FaultKit, numbered, segmentPath } from './fault-kit.ts'

const hourMs = 3_600_000

function setClockBack(kit: FaultKit): number {
  const shownMs = kit.clock.now()
  kit.clock = new SteppedClock(shownMs - hourMs)
  return shownMs
}

/** How the store ended, so that the next start reads nothing of its log again. */
const endings: [string, (kit: FaultKit, store: MessageStore) => Promise<void>][] = [
  ['stopped', async (_, store) => store.close()],
  [
    'killed',
    async (kit) => {
      for (let second = 0; second < 15; second++) await kit.pass(1000)
      kit.disk.kill()
    },
  ],
  [
    'cut off from power',
    async (kit) => {
      for (let second = 0; second < 70; second++) await kit.pass(1000)
      kit.disk.crash(3)
    },
  ],
]

test.each(endings)(
  'a store that was %s goes on behind the store times that it gave out, at the first start and at the next, when the clock is set back',
  async (_, end) => {
    const kit = new FaultKit()
    const store = kit.open()
    for (let batch = 0; batch < 5; batch++) {
      await kit.put(store, numbered(4, 4 * batch))
      await kit.pass(400)
    }
    const shownMs = kit.clock.now() - 400
    await end(kit, store)
    setClockBack(kit)
    // The first start reads the end of the log again, the next one does not.
    for (let start = 0; start < 3; start++) {
      const opened = kit.open()
      await end(kit, opened)
    }
    const last = kit.open()
    await kit.put(last, numbered(1, 20))
    expect(last.storeTimestamp('T', 0, last.maxOffset('T', 0) - 1)).toBeGreaterThanOrEqual(shownMs)
  },
)

test('a checkpoint without a newest store time, of an earlier version, is read as before', async () => {
  const kit = new FaultKit()
  const store = kit.open()
  await kit.put(store, numbered(10))
  store.close()
  kit.change('/store/checkpoint', (file) => file.write(Buffer.alloc(512), 3584))
  const again = kit.open()
  expect(again.recovered).toMatchObject({ replayedCount: 0, mayHaveLost: false })
  expect(again.positions.max).toBeGreaterThan(0)
  expect(kit.disk.status(segmentPath('commitlog', 0))).toBeDefined()
})
