import { expect, test } from 'vitest'
import { FaultKit } from '../faults/fault-kit.ts'
import { bodiesIn, lightOpen, named } from './light-kit.ts'

test('a slot that a full disk has kept is free once the log is cut back: it does not count for what comes in its place', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('first', '%LMQ%b')])
  const position = store.positions.max
  for (const body of ['old 1', 'old 2']) await kit.put(store, [named(body, '%LMQ%a')])
  await kit.pass(130_000)
  const full = kit.faults.add({
    ...{ operation: 'write', path: /consumequeue\.light$/, kind: 'ENOSPC', count: 1_000_000, label: 'full' },
  })
  expect(store.removeLightQueue('%LMQ%a', () => true)).toBe(true)
  full.remove()
  await store.cutBackTo(position)
  for (const body of ['new 1', 'new 2']) await kit.put(store, [named(body, '%LMQ%b')])
  kit.disk.kill()
  const again = lightOpen(kit)
  expect([...again.lightQueueNames()]).toEqual(['%LMQ%b'])
  expect(await bodiesIn(again, '%LMQ%a')).toEqual([])
  expect(await bodiesIn(again, '%LMQ%b')).toEqual(['first', 'new 1', 'new 2'])
})
