import { decodeMessageProperties } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { withProperties } from '../../src/sending/property-text.ts'

test.each([
  ['a value that holds the separator of names', 'KEYS\u0001a\u0001b\u0002DELAY\u00011\u0002'],
  ['a name without a value', 'KEYS\u0001\u0001\u0002DELAY\u00011\u0002'],
])('a property is set in a text with %s, and the others stay', (_, text) => {
  const expected = decodeMessageProperties(text).set('DELAY', '2')
  expect(decodeMessageProperties(withProperties(text, { DELAY: '2' }))).toEqual(expected)
})
