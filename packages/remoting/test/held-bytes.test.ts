import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeldBytes } from '../src/held-bytes.ts'

test('more bytes than may be held make those go that hold the longest, until the rest fits', () => {
  const gone: [string, number][] = []
  const held = new HeldBytes<string>(100, (holder, bytes) => gone.push([holder, bytes]))
  held.set('first', 30)
  held.set('second', 30)
  held.set('third', 40)
  expect(gone).toEqual([])
  held.set('second', 55)
  expect(gone).toEqual([['first', 30]])
  held.set('fourth', 100)
  expect(gone.slice(1)).toEqual([
    ['second', 55],
    ['third', 40],
  ])
  expect(held.total).toBe(100)
})

test('who gave its bytes free and holds some again is the youngest', () => {
  const gone: string[] = []
  const held = new HeldBytes<string>(100, (holder) => gone.push(holder))
  held.set('first', 50)
  held.set('second', 50)
  held.set('first', 0)
  held.set('first', 50)
  held.set('third', 10)
  expect(gone).toEqual(['second'])
})

test('who holds less by now than was told is spared, and counts as the youngest', () => {
  const gone: string[] = []
  const now = new Map([
    ['first', 0],
    ['second', 20],
    ['third', 40],
  ])
  const held = new HeldBytes<string>(
    100,
    (holder) => gone.push(holder),
    (holder) => now.get(holder)!,
  )
  held.set('first', 30)
  held.set('second', 30)
  held.set('third', 40)
  now.set('fourth', 30)
  held.set('fourth', 30)
  expect([gone, held.total]).toEqual([[], 100])
  now.set('fifth', 40)
  held.set('fifth', 40)
  expect([gone, held.total]).toEqual([['third'], 90])
})

test('the total is the sum of what is held, and never above the limit', () => {
  const operation = fc.record({ holder: fc.integer({ min: 0, max: 5 }), bytes: fc.integer({ min: 0, max: 60 }) })
  fc.assert(
    fc.property(fc.array(operation), (operations) => {
      const model = new Map<number, number>()
      const held = new HeldBytes<number>(100, (holder) => model.delete(holder))
      for (const { holder, bytes } of operations) {
        model.set(holder, bytes)
        held.set(holder, bytes)
        const sum = [...model.values()].reduce((total, each) => total + each, 0)
        expect(held.total).toBe(sum)
        expect(sum).toBeLessThanOrEqual(100)
      }
    }),
  )
})
