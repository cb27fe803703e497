import { expect, test } from 'vitest'
import { FaultKit, numbered } from '../faults/fault-kit.ts'

/** Whatever is a second old goes. */
const retentionRules = () => ({
  reservedMs: 1000,
  deleteHours: [],
  cleanRatio: 2,
  forceRatio: 2,
  fullRatio: 2,
  mayForce: false,
})

/** Those of the first queue stand in the first files of the log alone. */
const messages = numbered(80).map((one, index) => ({ ...one, queueId: index < 40 ? 0 : 1 }))

test.each([
  ['the disk is full', 'no-space', 1e9],
  ['a write failed', 'EIO', 1],
] as const)(
  'files of the log stay whose messages are in no queue file since %s: their offsets are not given again',
  async (_, kind, times) => {
    const kit = new FaultKit({ retentionRules, retentionIntervalMs: 10_000 })
    const store = kit.open()
    const failing = kit.faults.add({ operation: 'write', path: /consumequeue/, kind, count: times, label: 'no writes' })
    await kit.put(store, messages)
    for (let rounds = 0; rounds < 5; rounds++) {
      await kit.pass(10_000)
      store.deleteOldFiles()
    }
    failing.remove()
    kit.disk.kill()
    const again = kit.open()
    expect([again.maxOffset('T', 0), again.maxOffset('T', 1)]).toEqual([40, 40])
  },
)

test('they go once the disk has space for the queues', async () => {
  const kit = new FaultKit({ retentionRules, retentionIntervalMs: 10_000 })
  const store = kit.open()
  const full = kit.faults.add({ operation: 'write', path: /consumequeue/, kind: 'no-space', count: 1e9, label: 'full' })
  await kit.put(store, messages)
  await kit.pass(10_000)
  store.deleteOldFiles()
  expect(store.positions.min).toBe(0)
  full.remove()
  store.deleteOldFiles()
  expect(store.positions.min).toBeGreaterThan(0)
})

test('a write that fails when files of the log are to go stops the store, and they stay', async () => {
  const kit = new FaultKit({ retentionRules, retentionIntervalMs: 1_000_000 })
  const store = kit.open()
  await kit.put(store, messages.slice(0, 40))
  await kit.pass(130_000)
  kit.faults.add({ operation: 'write', path: /consumequeue/, kind: 'EIO', count: 1, label: 'no write' })
  await kit.put(store, messages.slice(40))
  await kit.pass(1500)
  for (let times = 0; times < 2; times++) store.deleteOldFiles()
  expect(store.refusal).toContain('writing consume queues failed')
  expect(store.positions.min).toBe(0)
})

test('what waits for its disk is written in parts of turns before files of the log go', async () => {
  const kit = new FaultKit({ retentionRules, retentionIntervalMs: 1_000_000 })
  const store = kit.open()
  await kit.put(
    store,
    messages.map((one, index) => ({ ...one, queueId: index })),
  )
  await kit.pass(1500)
  // Each look at the clock takes as long as there is.
  const { monotonic } = kit.clock
  let looks = 0
  kit.clock.monotonic = () => monotonic.call(kit.clock) + 10 * looks++
  store.deleteOldFiles()
  expect(store.positions.min).toBe(0)
  kit.clock.monotonic = monotonic
  store.deleteOldFiles()
  expect(store.positions.min).toBeGreaterThan(0)
})
