import { decodeMessageProperties } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withProperties } from '../../src/intake/property-text.ts'

test.each([
  ['a value that holds the separator of names', 'KEYS\u0001a\u0001b\u0002DELAY\u00011\u0002'],
  ['a name without a value', 'KEYS\u0001\u0001\u0002DELAY\u00011\u0002'],
])('a property is set in a text with %s, and the others stay', (_, text) => {
  const expected = decodeMessageProperties(text).set('DELAY', '2')
  expect(decodeMessageProperties(withProperties(text, { DELAY: '2' }))).toEqual(expected)
})

describe('properties', () => {
  test('are set, replaced and removed, and the others stay', () => {
    const name = fc.stringMatching(/^[A-Z_]{1,6}$/)
    const value = fc.stringMatching(/^[a-z0-9]{1,6}$/)
    fc.assert(
      fc.property(
        fc.dictionary(name, value),
        fc.dictionary(name, fc.option(value, { nil: undefined })),
        (given, changes) => {
          const text = Object.entries(given)
            .map(([key, one]) => `${key}\u0001${one}\u0002`)
            .join('')
          const expected = new Map(Object.entries(given))
          for (const [key, one] of Object.entries(changes)) {
            if (one === undefined) expected.delete(key)
            else expected.set(key, one)
          }
          expect(decodeMessageProperties(withProperties(text, changes))).toEqual(expected)
          expect(decodeMessageProperties(withProperties(text.slice(0, -1), changes))).toEqual(expected)
        },
      ),
    )
  })
})
