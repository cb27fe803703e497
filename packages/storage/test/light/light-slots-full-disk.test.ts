import { expect, test } from 'vitest'
import { slotBytes, unitsPerSlot } from '../../src/queues/light-slot.ts'
import { FaultKit, root } from '../faults/fault-kit.ts'
import { bodiesIn, lightOpen, named } from './light-kit.ts'

const slotsPath = `${root}/consumequeue.light`
const roomFor = unitsPerSlot('%LMQ%a')

async function fill(kit: FaultKit, store: ReturnType<typeof lightOpen>, name: string, first: number, end: number) {
  for (let id = first; id < end; id++) await kit.put(store, [named(`${id}`, name)])
}

const numbers = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => `${first + index}`)

const errorsOf = (kit: FaultKit) => kit.lines.filter(({ level }) => level === 'error').map((line) => line.message)

/** A disk that is full, and on which a write over what is there takes new space. */
const fullFor = (kit: FaultKit, kind: 'ENOSPC' | 'no-space') =>
  kit.faults.add({ operation: 'write', path: /consumequeue\.light$/, kind, count: 1_000_000, label: 'full' })

test.each(['ENOSPC', 'no-space'] as const)(
  'a slot that a full disk keeps is freed later, and messages are taken meanwhile (%s)',
  async (kind) => {
    const kit = new FaultKit()
    const store = lightOpen(kit)
    await fill(kit, store, '%LMQ%a', 0, roomFor)
    await kit.pass(130_000)
    await fill(kit, store, '%LMQ%a', roomFor, roomFor + 2)
    const full = fullFor(kit, kind)
    await kit.pass(300_000)
    expect(kit.disk.list(`${root}/consumequeue`)).toContain('%LMQ%a')
    expect(full.struck).toBeGreaterThan(0)
    await fill(kit, store, '%LMQ%a', roomFor + 2, roomFor + 4)
    expect(await bodiesIn(store, '%LMQ%a')).toEqual(numbers(0, roomFor + 4))
    full.remove()
    await kit.pass(130_000)
    await kit.put(store, [named('b', '%LMQ%b')])
    await kit.pass(20_000)
    expect(kit.disk.status(slotsPath)!.sizeBytes).toBe(2 * slotBytes)
    kit.disk.kill()
    const again = lightOpen(kit)
    expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, roomFor + 4))
    expect(await bodiesIn(again, '%LMQ%b')).toEqual(['b'])
    expect(errorsOf(kit)).toEqual([])
  },
)

test('a queue that is removed while a full disk keeps its slot is gone for good once its removal is synced', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  for (const name of ['%LMQ%a', '%LMQ%b']) await fill(kit, store, name, 0, 3)
  await kit.pass(130_000)
  const full = fullFor(kit, 'ENOSPC')
  expect(store.removeLightQueue('%LMQ%a', () => true)).toBe(true)
  expect(await store.syncLog()).toBe(false)
  expect([...store.lightQueueNames()]).toEqual(['%LMQ%b'])
  await kit.put(store, [named('new', '%LMQ%a')])
  expect(store.maxOffset('%LMQ%a', 0)).toBe(1)
  kit.disk.kill()
  full.remove()
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(['new'])
  const fullAgain = fullFor(kit, 'ENOSPC')
  expect(again.removeLightQueue('%LMQ%b', () => true)).toBe(true)
  fullAgain.remove()
  expect(await again.syncLog()).toBe(true)
  kit.disk.crash(1)
  const last = lightOpen(kit)
  expect([...last.lightQueueNames()]).toEqual(['%LMQ%a'])
  expect(await bodiesIn(last, '%LMQ%a')).toEqual(['new'])
})

test('a slot of which a full disk took a part is no damage', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  for (const name of ['%LMQ%a', '%LMQ%b']) await fill(kit, store, name, 0, 3)
  await kit.pass(20_000)
  store.removeLightQueue('%LMQ%a', () => true)
  const long = `%LMQ%${'a'.repeat(240)}`
  await fill(kit, store, long, 0, 1)
  const full = fullFor(kit, 'no-space')
  await kit.pass(20_000)
  kit.disk.kill()
  full.remove()
  const again = lightOpen(kit)
  expect(errorsOf(kit).filter((text) => text.includes('damaged'))).toEqual([])
  expect(await bodiesIn(again, '%LMQ%b')).toEqual(numbers(0, 3))
  expect(await bodiesIn(again, long)).toEqual(['0'])
})
