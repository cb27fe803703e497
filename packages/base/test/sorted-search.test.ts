import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstIndexWhere } from '../src/index.ts'

test('finds the first index at which a monotonic condition holds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(50), (values, wanted) => {
      const sorted = [...values].sort((a, b) => a - b)
      const expected = sorted.findIndex((value) => value >= wanted)
      expect(firstIndexWhere(0, sorted.length, (index) => sorted[index]! >= wanted)).toBe(
        expected < 0 ? sorted.length : expected,
      )
    }),
  )
})
