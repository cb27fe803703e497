import { decodeMessageProperties } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { javaInteger } from '../src/java-numbers.ts'
import { PropertyValues } from '../src/property-values.ts'

const names = ['a', 'ab', 'TAGS']
/** Properties, and what looks like them. */
const encoded = fc
  .array(fc.constantFrom('a', 'ab', 'TAGS', 'b', '\u0001', '\u0002', '5', '-7', '订单', ''), { maxLength: 24 })
  .map((parts) => parts.join(''))

test('the properties that are named are found as decoding all of them finds them', () => {
  fc.assert(
    fc.property(encoded, fc.nat(9), (text, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before, 'a'), Buffer.from(text), Buffer.from('a\u00019\u0002')])
      const values = new PropertyValues(names)
      values.find(bytes, before, before + Buffer.byteLength(text))
      const decoded = decodeMessageProperties(text)
      for (const [place, name] of names.entries()) {
        const value = decoded.get(name)
        expect(values.has(place)).toBe(value !== undefined)
        if (value === undefined) continue
        expect(values.text(place)).toBe(value)
        expect(values.equals(place, Buffer.from(value))).toBe(true)
        expect(values.equals(place, Buffer.from(`${value}x`))).toBe(false)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a whole number is read from the bytes as it is from the text', () => {
  const numerals = fc.oneof(
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }).map(String),
    fc
      .array(fc.constantFrom('0', '1', '9', '-', '+', ' ', '.', '٣', 'x'), { minLength: 1, maxLength: 12 })
      .map((all) => all.join('')),
  )
  const values = new PropertyValues(['a'])
  fc.assert(
    fc.property(numerals, (text) => {
      const bytes = Buffer.from(`a\u0001${text}\u0002`)
      values.find(bytes, 0, bytes.length)
      expect(values.integer(0)).toBe(javaInteger(text))
    }),
    { numRuns: 2000 },
  )
})
