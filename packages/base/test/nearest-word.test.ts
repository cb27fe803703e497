import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editDistance, nearestWord } from '../src/nearest-word.ts'

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 })

describe('edit distance', () => {
  test.each([
    ['', '', 0],
    ['abc', '', 3],
    ['listenPort', 'listenPrt', 1],
    ['listenPort', 'listenProt', 1],
    ['kitten', 'sitting', 3],
  ])('of %s and %s is %i', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance)
  })

  test('is symmetric, zero only for the same word, and bounded by the longer word', () => {
    fc.assert(
      fc.property(word, word, (left, right) => {
        const distance = editDistance(left, right)
        expect(distance).toBe(editDistance(right, left))
        expect(distance === 0).toBe(left === right)
        expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length))
        expect(distance).toBeGreaterThanOrEqual(Math.abs(left.length - right.length))
      }),
    )
  })
})

describe('nearest word', () => {
  test('takes the fewest edits, capitals aside', () => {
    expect(nearestWord('LISTENPORT', ['listenPorts', 'listenPort'])).toBe('listenPort')
  })

  test('is none when every word is far', () => {
    expect(nearestWord('abcdef', ['uvwxyz', 'abuvwx'])).toBeUndefined()
    expect(nearestWord('abc', [])).toBeUndefined()
  })
})
