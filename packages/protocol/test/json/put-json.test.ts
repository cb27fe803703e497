import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { integerBytesMax, putNumber, putString, stringBytesMax } from '../../src/json/put-json.ts'

/** What is written, and that the rest of the target stays as it was. */
function written(roomBytes: number, put: (target: Buffer, position: number) => number): string {
  const target = Buffer.alloc(roomBytes + 6, 7)
  const end = put(target, 3)
  expect(end - 3).toBeLessThanOrEqual(roomBytes)
  expect([...target.subarray(0, 3), ...target.subarray(end)].every((byte) => byte === 7)).toBe(true)
  return target.toString('utf8', 3, end)
}

describe('JSON written into bytes', () => {
  test('has numbers as JavaScript writes them', () => {
    const numbers = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.integer({ min: 0, max: 53 }).chain((bits) => fc.constantFrom(2 ** bits - 1, -(2 ** bits - 1))),
      fc.integer({ min: 0, max: 15 }).chain((digits) => fc.constantFrom(10 ** digits, 10 ** digits - 1)),
    )
    fc.assert(
      fc.property(numbers, (value) => {
        expect(written(integerBytesMax, (target, position) => putNumber(target, position, value))).toBe(String(value))
      }),
      { numRuns: 2000 },
    )
    for (const value of [0.5, -1e300, Number.NaN, 2 ** 60]) {
      expect(written(30, (target, position) => putNumber(target, position, value))).toBe(String(value))
    }
  })

  test('has strings as JSON.stringify makes them', () => {
    const strings = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', '\\', '\u0001', '\u0002', '\ud800', '\u007f', 'é', '订', 'a') }),
    )
    fc.assert(
      fc.property(strings, (text) => {
        const json = written(stringBytesMax(text), (target, position) => putString(target, position, text))
        expect(json).toBe(JSON.stringify(text))
      }),
      { numRuns: 2000 },
    )
  })
})
