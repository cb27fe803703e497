import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HalfSlots, type HalfState } from '../../src/transactions/half-slots.ts'

const time = { bornTimestamp: 1_700_000_000_000, storeTimestamp: 1_700_000_000_000, ownImmunityMs: undefined }

/** Positions that ascend with offsets. */
const positionOf = (queueOffset: number) => 1000 + queueOffset * 7

describe('the slots of half messages', () => {
  test.each([undefined, 5000])(
    'tell of a half that was renewed that its transaction is committed: %s',
    (ownImmunityMs) => {
      const slots = new HalfSlots()
      slots.add(0, positionOf(0), { ...time, ownImmunityMs })
      slots.setState(0, 'ended')
      slots.noteCommitted(0)
      expect(slots.state(0)).toBe('committed')
    },
  )

  test('agree with a table of objects, whatever happens to halves', () => {
    const steps = fc.array(
      fc.record({ kind: fc.constantFrom('add', 'ending', 'open', 'committed', 'ended'), at: fc.nat(5000) }),
      { maxLength: 400 },
    )
    fc.assert(
      fc.property(steps, fc.nat(100_000), (all, first) => {
        const slots = new HalfSlots()
        const model = new Map<number, HalfState>()
        for (const { kind, at } of all) {
          const offset = first + at
          const before = model.get(offset)
          if (kind === 'add') {
            slots.add(offset, positionOf(offset), time)
            if (before === undefined) model.set(offset, 'open')
          } else if (before === 'open' || before === 'ending') {
            slots.setState(offset, kind as HalfState)
            model.set(offset, kind as HalfState)
          }
        }
        const open = [...model].filter(([, state]) => state === 'open' || state === 'ending').map(([offset]) => offset)
        open.sort((one, other) => one - other)
        expect(slots.openCount).toBe(open.length)
        for (const [offset, state] of model) {
          expect(slots.state(offset)).toBe(state)
          expect(slots.position(offset)).toBe(positionOf(offset))
          expect(slots.offsetAt(positionOf(offset))).toBe(offset)
        }
        const seen: number[] = []
        for (let at = slots.nextOpen(0); at !== undefined; at = slots.nextOpen(at + 1)) seen.push(at)
        expect(seen).toEqual(open)
        expect(slots.last).toBe(model.size === 0 ? -1 : Math.max(...model.keys()))
        expect(slots.offsetAt(positionOf(first) - 1)).toBeUndefined()
      }),
    )
  })

  test('of halves that ended long ago are given up, and those of open ones stay', () => {
    const slots = new HalfSlots()
    for (let offset = 0; offset < 200_000; offset++) {
      slots.add(offset, positionOf(offset), time)
      if (offset % 50_000 !== 0) slots.setState(offset, 'committed')
    }
    expect(slots.openCount).toBe(4)
    expect(slots.state(30_000)).toBeUndefined()
    expect(slots.state(199_999)).toBe('committed')
    for (const offset of [0, 50_000, 100_000, 150_000]) {
      expect(slots.state(offset)).toBe('open')
      expect(slots.offsetAt(positionOf(offset))).toBe(offset)
    }
    slots.setState(50_000, 'ended')
    expect(slots.state(50_000)).toBeUndefined()
    expect(slots.nextOpen(1)).toBe(100_000)
  })

  test('tell whether it is time to ask, never too late', () => {
    const slots = new HalfSlots()
    const bornTimestamp = 1_700_000_000_400
    slots.add(1, 1, { bornTimestamp, ownImmunityMs: undefined, storeTimestamp: bornTimestamp })
    slots.add(2, 2, { bornTimestamp, ownImmunityMs: 60_000, storeTimestamp: bornTimestamp })
    slots.add(3, 3, { bornTimestamp: bornTimestamp + 5000, ownImmunityMs: undefined, storeTimestamp: bornTimestamp })
    slots.add(4, 4, { bornTimestamp: -5, ownImmunityMs: undefined, storeTimestamp: bornTimestamp })
    slots.add(5, 5, { bornTimestamp: 1e15, ownImmunityMs: 1e15, storeTimestamp: bornTimestamp })
    const due = (nowMs: number) => [1, 2, 3, 4, 5].filter((offset) => slots.mayBeDue(offset, nowMs, 6000))
    // The third is from the future: it is asked about at once.
    expect(due(bornTimestamp + 1000)).toEqual([3, 4])
    expect(due(bornTimestamp + 6000)).toEqual([1, 4])
    expect(due(bornTimestamp + 60_000)).toEqual([1, 2, 3, 4])
    // However long one asks to be left alone, it is looked at before the log can have deleted it.
    expect(due(bornTimestamp + 1_800_000)).toEqual([1, 2, 3, 4, 5])
  })

  test('of a million open halves take less than 32 MB', () => {
    const slots = new HalfSlots()
    const before = process.memoryUsage()
    for (let offset = 0; offset < 1_000_000; offset++) slots.add(offset, positionOf(offset), time)
    const after = process.memoryUsage()
    const bytes = after.arrayBuffers - before.arrayBuffers + Math.max(0, after.heapUsed - before.heapUsed)
    expect(bytes).toBeLessThan(32 * 1024 * 1024)
    expect(slots.openCount).toBe(1_000_000)
  })
})
