import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonError, parseJson } from '../../src/json/index.ts'
import { parseTolerant } from '../../src/json/tolerant-parser.ts'

const queue = { brokerName: 'broker-a', queueId: 0, topic: 'T1' }

describe("fastjson's dialect", () => {
  test('bare integer keys are keys of an object', () => {
    expect(parseJson('{"brokerAddrs":{0:"127.0.0.1:10911",-1:"x"}}')).toEqual({
      brokerAddrs: { '0': '127.0.0.1:10911', '-1': 'x' },
    })
  })

  test('objects as keys make a map, whose other keys are kept', () => {
    const parsed = parseJson('{"a":1,{"brokerName":"broker-a","queueId":0,"topic":"T1"}:{"b":2},3:4}')
    expect(parsed).toEqual(
      new Map<unknown, unknown>([
        ['a', 1],
        [queue, { b: 2 }],
        ['3', 4],
      ]),
    )
  })

  test('bare words, single quotes, trailing commas and blanks are taken', () => {
    expect(parseJson(" {\n a : 'it''s' , } ".replace("''", "\\'"))).toEqual({ a: "it's" })
    expect(parseJson('\ufeff[1 , 2,\t]\r\n')).toEqual([1, 2])
    expect(parseJson('{0:"\\u8ba2\\b\\f\\n\\r\\t\\v\\/\\\\\\""}')).toEqual({ '0': '订\b\f\n\r\t\v/\\"' })
  })

  test('a repeated key keeps its last value', () => {
    expect(parseJson('{0:1,0:2}')).toEqual({ '0': 2 })
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 })
  })
})

describe('integers', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['0.18333333333333332', 0.18333333333333332],
    ['123456789012345678.0', Number('123456789012345678')],
    ['1.0E7', 1e7],
    ['-1', -1],
  ])('%s is read exactly', (source, value) => {
    expect(parseJson(source)).toBe(value)
    expect(parseJson(`{"a":[${source}],"b":1}`)).toEqual({ a: [value], b: 1 })
    expect(parseJson(`{0:${source}}`)).toEqual({ '0': value })
  })

  test.each(['9223372036854775808', '-9223372036854775809', '1'.repeat(500), `{0:${'9'.repeat(100_000)}}`])(
    'one beyond 64 bits is refused',
    (source) => {
      expect(() => parseJson(source)).toThrow(JsonError)
    },
  )

  test('digits in strings are not taken for integers', () => {
    expect(parseJson('{"a":"99999999999999999999"}')).toEqual({ a: '99999999999999999999' })
  })
})

describe('errors name the position', () => {
  test.each([
    ['', 0, /expected a value, found the end of the text/],
    ['{"a" 1}', 5, /expected ':', found "1"/],
    ['[1 2]', 3, /expected ',' or '\]', found "2"/],
    ['{0:1', 4, /expected ',' or '}', found the end/],
    ['{"topicList":["a"]} x', 20, /expected the end of the text, found "x"/],
    ['{"a":"b', 5, /string is not closed/],
    ['{"a":nope}', 5, /expected a value, found "nope"/],
    ['["\\u12g4"]', 4, /four hexadecimal digits/],
    ['["\\q"]', 3, /unknown escape/],
  ])('%s', (source, position, message) => {
    try {
      parseJson(source)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(JsonError)
      expect(error).toMatchObject({ position })
      expect((error as JsonError).message).toMatch(message)
    }
  })
})

describe('hostile text', () => {
  test.each(['[', '{"a":', '{0:', '{{', '[{'])('deep nesting of %s is refused, not followed', (opening) => {
    expect(() => parseJson(opening.repeat(200_000))).toThrow(/nested deeper than 128/)
  })

  test('the limits can be set', () => {
    expect(parseJson('[[1]]', { depthMax: 2 })).toEqual([[1]])
    expect(() => parseJson('[[[1]]]', { depthMax: 2 })).toThrow(JsonError)
    expect(() => parseJson('[[[0,]]]', { depthMax: 2 })).toThrow(JsonError)
    expect(() => parseJson('"1234567"', { lengthMax: 8 })).toThrow(/longer than 8/)
  })

  test.each(['{"__proto__":{"polluted":true},"a":1}', '{__proto__:{"polluted":true},0:1}'])(
    '%s changes no prototype',
    (source) => {
      const parsed = parseJson(source) as Record<string, unknown>
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
      expect(Object.hasOwn(parsed, '__proto__')).toBe(true)
      expect(parsed.polluted).toBeUndefined()
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    },
  )

  test('any text is read or refused with a JsonError', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      "'",
      '\\',
      '0',
      '-',
      'a',
      ' ',
      '\\u00',
      '__proto__',
      '1e9',
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 30 }).map((each) => each.join('')),
    )
    fc.assert(
      fc.property(texts, (source) => {
        try {
          parseJson(source)
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

test('the tolerant parser reads standard JSON as the engine does', () => {
  fc.assert(
    fc.property(fc.json(), (source) => {
      fc.pre(!/\d{16}/.test(source))
      expect(parseTolerant(source, 128)).toEqual(JSON.parse(source))
      expect(parseJson(source)).toEqual(JSON.parse(source))
    }),
  )
})
