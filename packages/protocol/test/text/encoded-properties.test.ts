import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decimalInteger,
  decodeMessageProperties,
  EncodedProperties,
  javaStringHash,
  marksOf,
  propertyName,
  RepeatedValues,
} from '../../src/index.ts'
import { knownProperties } from '../../src/text/encoded-properties.ts'

/** Texts that are often properties, with known names and with names that are nearly known. */
const part = fc.oneof(
  fc.constantFrom(...knownProperties.map((property) => propertyName[property])),
  fc.constantFrom('TAG', 'TAGSX', 'tags', 'KEYT', '', 'a b', '订单', '\u00ff', '\0', ' '),
  fc.string({ maxLength: 4 }),
)
const text = fc
  .array(
    fc.tuple(part, fc.constantFrom('\u0001', '\u0001', '\u0001', ''), part, fc.constantFrom('\u0002', '\u0002', '')),
  )
  .map((pairs) => pairs.flat().join(''))

/** The same for all texts, so that they find each other's values. */
const repeated = Object.fromEntries(
  knownProperties.map((property) => [property, new RepeatedValues(property)]),
) as Record<(typeof knownProperties)[number], RepeatedValues>

function expectLikeDecoded(encoded: EncodedProperties, whole: string): void {
  const decoded = decodeMessageProperties(whole)
  expect(encoded.text).toBe(whole)
  expect(encoded.hasZero).toBe(whole.includes('\0'))
  for (const property of knownProperties) {
    const value = decoded.get(propertyName[property])
    expect([encoded.value(property), encoded.has(property)]).toEqual([value, value !== undefined])
    expect(encoded.hasAny(marksOf(property))).toBe(value !== undefined)
    expect(encoded.hash(property)).toBe(javaStringHash(value ?? ''))
    expect(encoded.integer(property)).toBe(decimalInteger(value ?? ''))
    expect(repeated[property].of(encoded)).toBe(value)
    if (value === undefined) continue
    expect(encoded.hashFrom(javaStringHash('Topic#'), property)).toBe(javaStringHash(`Topic#${value}`))
    const hashes: number[] = []
    encoded.addWordHashes(property, javaStringHash('T#'), hashes)
    const words = value.split(' ').filter((word) => word !== '')
    expect(hashes).toEqual(words.map((word) => javaStringHash(`T#${word}`)))
  }
}

describe('encoded properties', () => {
  test('know what decoding finds', () => {
    fc.assert(
      fc.property(text, (whole) => {
        expectLikeDecoded(EncodedProperties.ofText(whole), whole)
        expectLikeDecoded(new EncodedProperties(Buffer.from(whole)), whole)
      }),
      { numRuns: 2000 },
    )
  })

  test('with others behind them are as if they had been encoded at once, however much room there was', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), fc.nat(200), (first, others, roomBytes) => {
        const encoded = EncodedProperties.ofText(first, roomBytes)
        // What is encoded meanwhile has memory of its own.
        const between = EncodedProperties.ofText('KEYS\u0001between\u0002', 10)
        let whole = first
        for (const other of others) {
          encoded.append(EncodedProperties.ofText(other))
          whole += (whole === '' || whole.endsWith('\u0002') ? '' : '\u0002') + other
        }
        expectLikeDecoded(encoded, whole)
        expectLikeDecoded(between, 'KEYS\u0001between\u0002')
      }),
      { numRuns: 2000 },
    )
  })

  test('joined with others are as if they had been encoded at once, and stay as they were', () => {
    fc.assert(
      fc.property(text, text, text, (first, second, third) => {
        const encoded = EncodedProperties.ofText(first)
        const others = EncodedProperties.ofText(second)
        const joined = encoded.joinedWith(others)
        const between = EncodedProperties.ofText('KEYS\u0001between\u0002', 10)
        joined.append(EncodedProperties.ofText(third))
        const behind = (whole: string, more: string) =>
          whole + (whole === '' || whole.endsWith('\u0002') ? '' : '\u0002') + more
        expectLikeDecoded(joined, behind(behind(first, second), third))
        expectLikeDecoded(encoded, first)
        expectLikeDecoded(others, second)
        expectLikeDecoded(between, 'KEYS\u0001between\u0002')
      }),
      { numRuns: 2000 },
    )
  })

  test('tell integers as decimal integers are read', () => {
    const written = fc.oneof(
      fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
      fc.stringMatching(/^[+-]?[0-9]{1,20}$/),
      fc.stringMatching(/^[0-9]{0,15}[a-zé .-][0-9]{0,3}$/),
    )
    fc.assert(
      fc.property(written, (value) => {
        const encoded = EncodedProperties.ofText(`__PRODUCER_SEQUENCE\u0001${value}\u0002`)
        expect(encoded.integer('producerSequence')).toBe(decimalInteger(encoded.value('producerSequence') ?? ''))
      }),
    )
  })

  test('of any bytes are read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const encoded = new EncodedProperties(Buffer.from(bytes))
        for (const property of knownProperties) encoded.addWordHashes(property, encoded.hash(property), [])
      }),
    )
  })
})
