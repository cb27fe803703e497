import fc from 'fast-check'
import { expect, test } from 'vitest'
import { trendOf } from '../../src/steady/trend.ts'

test('points on a line have its slope, without error', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer(), fc.integer({ min: 2, max: 50 }), (slope, y, n) => {
      const points = Array.from({ length: n }, (_, x) => ({ x, y: slope * x + (y % 1000) }))
      const trend = trendOf(points)
      expect(trend.slope).toBeCloseTo(slope, 6)
      expect(trend.error).toBeCloseTo(0, 6)
    }),
  )
})

test('the error of a slope grows with how far points are from the line', () => {
  const near = trendOf([1, 2.1, 2.9, 4].map((y, x) => ({ x, y })))
  const far = trendOf([1, 3, 2, 4].map((y, x) => ({ x, y })))
  expect(far.error).toBeGreaterThan(5 * near.error)
})

test('one point, or points above each other, have none', () => {
  expect(() => trendOf([{ x: 1, y: 1 }])).toThrow(RangeError)
  expect(() => trendOf([1, 2].map((y) => ({ x: 0, y })))).toThrow(RangeError)
})
