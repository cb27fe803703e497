import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonDouble, javaDouble, parseJson, stringifyJava, stringifyStandard, writeJson } from '../../src/json/index.ts'

describe('doubles are written as Java writes them', () => {
  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [1.5, '1.5'],
    [100, '100.0'],
    [0.1, '0.1'],
    [0.001, '0.001'],
    [1e-4, '1.0E-4'],
    [3e-5, '3.0E-5'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [12345678.9, '1.23456789E7'],
    [123456789012, '1.23456789012E11'],
    [1e21, '1.0E21'],
    [0.18333333333333332, '0.18333333333333332'],
    [Number.NaN, 'null'],
    [Number.POSITIVE_INFINITY, 'null'],
  ])('%d is %s', (value, text) => {
    expect(javaDouble(value)).toBe(text)
  })

  test('every finite double is read back the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(javaDouble(value))).toBe(value)
      }),
    )
  })
})

const queue = { topic: 'T1', brokerName: 'broker-a', queueId: 0 }

describe('the form of the Java peers', () => {
  test('fields are sorted by name, absent and null ones left out, empty collections written', () => {
    expect(stringifyJava({ b: 1, a: undefined, c: null, B: true, list: [], table: new Map(), x: 'é"\n' })).toBe(
      '{"B":true,"b":1,"list":[],"table":{},"x":"é\\"\\n"}',
    )
  })

  test('integer keys are bare and objects as keys raw', () => {
    expect(stringifyJava({ brokerAddrs: new Map([[0, '127.0.0.1:10911']]) })).toBe(
      '{"brokerAddrs":{0:"127.0.0.1:10911"}}',
    )
    expect(stringifyJava({ offsetTable: new Map([[queue, 9]]) })).toBe(
      '{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T1"}:9}}',
    )
  })

  test('entries of tables keep their order', () => {
    expect(
      stringifyJava(
        new Map([
          ['b', 1],
          ['a', 2],
        ]),
      ),
    ).toBe('{"b":1,"a":2}')
  })

  test('longs keep their digits and doubles their fraction', () => {
    expect(stringifyJava([9223372036854775807n, new JsonDouble(0), 0])).toBe('[9223372036854775807,0.0,0]')
  })
})

describe('the standard form', () => {
  test('keys are quoted and sorted, integers by value', () => {
    expect(
      stringifyStandard(
        new Map([
          [10, 'c'],
          [2, 'b'],
          [0, 'a'],
        ]),
      ),
    ).toBe('{"0":"a","2":"b","10":"c"}')
    expect(
      stringifyStandard(
        new Map([
          ['zz', []],
          ['aa', []],
        ]),
      ),
    ).toBe('{"aa":[],"zz":[]}')
  })

  test('objects as keys become text', () => {
    const text = stringifyStandard(new Map([[queue, 9]]))
    expect(JSON.parse(text)).toEqual({ '{"brokerName":"broker-a","queueId":0,"topic":"T1"}': 9 })
  })
})

test('what is written in any style is read back the same', () => {
  const value = fc.object({
    withBigInt: false,
    values: [fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.boolean()],
  })
  const style = fc.record({
    keys: fc.constantFrom('quoted', 'raw'),
    sortTables: fc.boolean(),
    pretty: fc.boolean(),
  })
  fc.assert(
    fc.property(value, style, (each, how) => {
      const written = each as { [key: string]: string }
      expect(parseJson(writeJson(written, how))).toEqual(written)
    }),
  )
})
