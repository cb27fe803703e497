import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeaderPattern } from '../../src/frame/header-pattern.ts'
import { decodeJsonHeader } from '../../src/frame/json-header.ts'
import { patternBytesMax } from '../../src/frame/pattern-reader.ts'
import type { RemotingCommand } from '../../src/index.ts'
import { sendFields } from './send-fields.ts'

function parse(header: Buffer): RemotingCommand {
  return decodeJsonHeader(header.toString('utf8'), undefined)
}

function patternOf(header: Buffer): HeaderPattern | undefined {
  return HeaderPattern.of(header, parse(header))
}

/** As the decoder of frames does it: the header is somewhere within a chunk. */
function decode(pattern: HeaderPattern, header: Buffer): RemotingCommand | undefined {
  const chunk = Buffer.concat([Buffer.from('"9'), header, Buffer.from('9"}')])
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  return pattern.decode(chunk, view, 2, 2 + header.length, undefined)
}

/** The pattern decodes as the parser does, or leaves it to the parser. */
function expectSame(pattern: HeaderPattern, header: Buffer): void {
  const decoded = decode(pattern, header)
  if (decoded === undefined) return
  expect(decoded).toEqual(parse(header))
  expect(Object.getPrototypeOf(decoded.extFields)).toBe(Object.prototype)
}

const send = (changes: Record<string, string>, opaque: number, language = 'JAVA'): Buffer => {
  const extFields = { ...sendFields, ...changes }
  return Buffer.from(JSON.stringify({ code: 310, extFields, flag: 0, language, opaque, version: 513 }))
}

/** A place in a header: often at a digit, a quote or a backslash, where it matters most. */
function placeOf(header: Buffer, number: number): number {
  const places = [...header.keys()].filter((at) => '"\\0123456789'.includes(String.fromCharCode(header[at]!)))
  return number % 3 === 0 ? number % (header.length + 1) : (places[number % places.length] ?? 0) + (number % 2)
}

describe('a pattern', () => {
  test('decodes headers that differ in values only, whatever the values are', () => {
    const pattern = patternOf(send({}, 17))!
    const values = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', 'a\\', '\\"', '', '订'),
    )
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'e', 'g', 'i', 'm'), values)
    fc.assert(
      fc.property(fields, fc.nat(), (changes, opaque) => {
        const header = send(changes, opaque)
        const decoded = decode(pattern, header)
        if (decoded !== undefined) expect(decoded).toEqual(parse(header))
        // Only what is rare in plain fields is left to the parser, and what ends with a quote.
        const isOrdinary = Object.entries(changes).every(([name, value]) =>
          name === 'i' ? !/["\\]/.test(value) : /^[ !#-[\]-}]*$/.test(value),
        )
        if (isOrdinary) expect(decoded).toBeDefined()
      }),
      { numRuns: 3000 },
    )
  })

  test('decodes what producers send', () => {
    const pattern = patternOf(send({}, 9))!
    for (const opaque of [0, 8, 10, 99, 100, 2 ** 31 - 1]) {
      const header = send({ e: String(opaque % 8), g: '1764000000123', i: `UNIQ_KEY\u0001${opaque}\u0002` }, opaque)
      expect(decode(pattern, header)).toEqual(parse(header))
    }
  })

  test.each([2 ** 31, 10 ** 10, 10 ** 12])('leaves an opaque of %d to the parser, which refuses it', (opaque) => {
    expect(decode(patternOf(send({}, 9))!, send({}, opaque))).toBeUndefined()
  })

  test('never decodes anything else than the parser, however a header is changed', () => {
    const words = [
      '"',
      '\\',
      '\\"',
      '\\\\',
      '\\u0001',
      '\\u00e9',
      ',',
      ':',
      '{',
      '}',
      '0',
      '-',
      '1e3',
      ',"i":"x"',
      '\n',
      'é',
    ]
    const change = fc.record({ at: fc.nat(), cut: fc.constantFrom(0, 0, 1, 2), word: fc.constantFrom(...words, '') })
    const alike = fc.constantFrom(
      [send({}, 17), send({ e: '4' }, 18)],
      [send({ i: 'a\\' }, 3), send({ i: 'b\\' }, 30)],
      [send({ b: '订单', i: 'x"y' }, 0), send({ b: '订', i: '"' }, 1)],
      [
        Buffer.from('{"code":11,"language":"GO","version":1,"opaque":7,"flag":0,"extFields":{"topic":"T","":""}}'),
        Buffer.from('{"code":11,"language":"GO","version":1,"opaque":9,"flag":0,"extFields":{"topic":"","":"x"}}'),
      ],
      [
        Buffer.from('{"code":11,"opaque":7,"remark":null,"extFields":{}}'),
        Buffer.from('{"code":11,"opaque":71,"remark":null,"extFields":{}}'),
      ],
    )
    fc.assert(
      fc.property(alike, fc.array(change, { maxLength: 3 }), ([first, other], changes) => {
        const pattern = patternOf(first!)!
        let header = other!
        for (const { at, cut, word } of changes) {
          const start = placeOf(header, at)
          header = Buffer.concat([header.subarray(0, start), Buffer.from(word), header.subarray(start + cut)])
        }
        let isHeader = true
        try {
          parse(header)
        } catch {
          isHeader = false
        }
        if (isHeader) expectSame(pattern, header)
        else expect(decode(pattern, header)).toBeUndefined()
      }),
      { numRuns: 20_000 },
    )
  })

  test.each([
    ['spaces', '{"code":1, "extFields":{"a":"b"}}'],
    ['no extFields', '{"code":1,"opaque":2}'],
    ['fields that are no text', '{"code":1,"extFields":{"a":1}}'],
    ['a field twice', '{"code":1,"extFields":{"a":"1","a":"2"}}'],
    ['a key twice', '{"code":1,"extFields":{"a":"1"},"code":2}'],
    ['a field that would set a prototype', '{"code":1,"extFields":{"__proto__":"1"}}'],
    ['names with escapes', '{"code":1,"extFields":{"\\u0061":"1"}}'],
    ['a negative opaque', '{"code":1,"opaque":-1,"extFields":{"a":"b"}}'],
    ['another object', '{"code":1,"more":{},"extFields":{"a":"b"}}'],
    ['very many bytes', `{"code":1,"extFields":{"a":"${'b'.repeat(patternBytesMax)}"}}`],
  ])('is not made of a header with %s', (_, header) => {
    expect(patternOf(Buffer.from(header))).toBeUndefined()
  })

  test('gives each header fields of its own', () => {
    const pattern = patternOf(send({}, 1))!
    const first = decode(pattern, send({ e: '5' }, 2))!
    const second = decode(pattern, send({}, 3))!
    expect([first.extFields, second.extFields]).toMatchObject([{ e: '5' }, { e: '3' }])
    Object.assign(second.extFields!, { e: 'changed' })
    expect(decode(pattern, send({}, 4))!.extFields).toMatchObject({ e: '3' })
  })
})
