import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeMessageProperties,
  EncodedProperties,
  encodeMessageProperties,
  findMessageProperty,
  MessagePropertyError,
} from '../../src/text/index.ts'

const recorded =
  'MSG_REGION\x01DefaultRegion\x02UNIQ_KEY\x01FD000000000000000000000000000000\x02CLUSTER\x01DefaultCluster\x02WAIT\x01true\x02TRACE_ON\x01true\x02'

describe('decoding', () => {
  test("reads a recorded message's properties", () => {
    expect(decodeMessageProperties(recorded)).toEqual(
      new Map([
        ['MSG_REGION', 'DefaultRegion'],
        ['UNIQ_KEY', 'FD000000000000000000000000000000'],
        ['CLUSTER', 'DefaultCluster'],
        ['WAIT', 'true'],
        ['TRACE_ON', 'true'],
      ]),
    )
    expect(encodeMessageProperties(decodeMessageProperties(recorded))).toBe(recorded)
  })

  test('the last separator may be missing', () => {
    expect(decodeMessageProperties('u\x01v\x02KEYS\x01k1')).toEqual(
      new Map([
        ['u', 'v'],
        ['KEYS', 'k1'],
      ]),
    )
  })

  test('pairs without name, value or separator are skipped', () => {
    expect(decodeMessageProperties('\x02a\x01\x02\x01b\x02cc\x02long\x02d\x01e\x02')).toEqual(new Map([['d', 'e']]))
    expect(decodeMessageProperties('')).toEqual(new Map())
  })

  test('the value runs from the first separator, and the last of a repeated name counts', () => {
    expect(decodeMessageProperties('a\x01b\x01c\x02a\x01d\x02a\x01\x02')).toEqual(new Map([['a', 'd']]))
    expect(decodeMessageProperties('a\x01b\x01c')).toEqual(new Map([['a', 'b\x01c']]))
  })
})

describe('encoding', () => {
  test('writes the spec golden vector', () => {
    const text = encodeMessageProperties([
      ['u', 'v'],
      ['KEYS', 'k1'],
      ['WAIT', 'true'],
      ['TAGS', 'TagA'],
    ])
    expect(text).toBe('u\x01v\x02KEYS\x01k1\x02WAIT\x01true\x02TAGS\x01TagA\x02')
    expect(Buffer.byteLength(text)).toBe(0x20)
  })

  test.each([
    ['', 'v'],
    ['a\x01', 'v'],
    ['a', 'v\x02'],
  ])('refuses what cannot be read back: %j=%j', (name, value) => {
    expect(() => encodeMessageProperties([[name, value]])).toThrow(MessagePropertyError)
  })

  test('is undone by decoding', () => {
    const part = fc
      .string({ unit: 'binary', minLength: 1 })
      .map((text) => text.replaceAll('\x01', '-').replaceAll('\x02', '-'))
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part)), (entries) => {
        expect(decodeMessageProperties(encodeMessageProperties(entries))).toEqual(new Map(entries))
      }),
    )
  })
})

describe('finding one property', () => {
  test('a name inside of a value or of another name is not found', () => {
    const text = 'XTAGS\x01TAGS\x02A\x01TAGS\x01x\x02TAGSX\x01y\x02'
    expect(findMessageProperty(text, 'TAGS')).toBeUndefined()
    expect(EncodedProperties.ofText(text).has('tags')).toBe(false)
  })

  test('it agrees with decoding everything, for any text', () => {
    const pieces = fc.constantFrom('\x01', '\x02', 'A', 'B', 'AB', 'TAGS', '订', 'A\x01x\x02')
    const texts = fc.array(pieces, { maxLength: 20 }).map((each) => each.join(''))
    fc.assert(
      fc.property(texts, fc.constantFrom('A', 'B', 'AB', 'TAGS', '订'), (text, name) => {
        const expected = decodeMessageProperties(text).get(name)
        expect(findMessageProperty(text, name)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })
})
