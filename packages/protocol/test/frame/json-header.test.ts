import { describe, expect, test } from 'vitest'
import { decodeJsonHeader } from '../../src/frame/json-header.ts'
import { commands, FrameError } from '../../src/index.ts'

function fieldsOf(extFields: string): Record<string, string> | undefined {
  return decodeJsonHeader(`{"code":10,"extFields":${extFields}}`, undefined).extFields
}

describe('fields of a JSON header', () => {
  test.each([
    ['a list', '["T",1]'],
    ['an object', '{"toString":1}'],
    ['an object without any value', '{}'],
    ['objects in lists', '[{"a":[null,true,9007199254740993]}]'],
  ])('that are %s are taken as their JSON', (_, json) => {
    expect(fieldsOf(`{"topic":"T","more":${json}}`)).toEqual({ topic: 'T', more: json })
  })

  test('that are lists within lists without end are refused with a FrameError', () => {
    const lists = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    expect(() => fieldsOf(`{"topic":${lists}}`)).toThrow(FrameError)
  })

  test('that are many lists are written within one more parse of the header', () => {
    const count = 20_000
    const extFields = fieldsOf(`{${Array.from({ length: count }, (_, index) => `"f${index}":[]`).join(',')}}`)
    expect(Object.keys(extFields!).length).toBe(count)
  })

  test('that are numbers or booleans are taken as their text, and null as absent', () => {
    const extFields = fieldsOf('{"topic":"T","queueId":3,"unitMode":true,"properties":null,"__proto__":1}')
    expect(Object.entries(extFields!)).toEqual([
      ['topic', 'T'],
      ['queueId', '3'],
      ['unitMode', 'true'],
      ['__proto__', '1'],
    ])
    expect(commands.getMaxOffset.requestCodec.decode(extFields)).toMatchObject({ topic: 'T', queueId: 3 })
  })

  test.each(['[]', '["a"]', '1', '"a"', 'true'])('are refused when they are no object but %s', (extFields) => {
    expect(() => fieldsOf(extFields)).toThrow(/extFields of the JSON header is not an object/)
  })
})

describe('numbers of a JSON header', () => {
  test.each([
    ['code', '1e999'],
    ['code', '1.5'],
    ['code', '"1.0"'],
    ['code', '"0x10"'],
    ['code', '"1e3"'],
    ['code', '" 7"'],
    ['code', '"seven"'],
    ['code', 'true'],
    ['code', '[7]'],
    ['code', '{}'],
    ['code', '{"toString":0}'],
    ['opaque', '[{"toString":0,"valueOf":0}]'],
    ['opaque', '1e999'],
    ['opaque', '2147483648'],
    ['opaque', '"2147483648"'],
    ['opaque', '"-2147483649"'],
    ['opaque', '9223372036854775808'],
    ['flag', '-1e10'],
    ['flag', '"1_0"'],
    ['version', '0.5'],
    ['version', '"٧"'],
  ])('%s is refused when it is %s, which no answer can repeat', (name, value) => {
    const header = name === 'code' ? `{"code":${value}}` : `{"code":10,"${name}":${value}}`
    expect(() => decodeJsonHeader(header, undefined)).toThrow(FrameError)
  })

  test.each([
    ['"7"', 7],
    ['"-7"', -7],
    ['"+7"', 7],
    ['"007"', 7],
    ['007', 7],
    ['"2147483647"', 2147483647],
    ['"-2147483648"', -2147483648],
  ])('%s is taken for %d', (written, number) => {
    const header = `{"code":${written},"opaque":${written},"flag":${written},"version":${written}}`
    expect(decodeJsonHeader(header, undefined)).toMatchObject({
      code: number,
      opaque: number,
      flag: number,
      version: number,
    })
  })

  test.each(['null', '""', '"null"'])('are 0 when they are %s, as when they are absent', (written) => {
    const zeros = { code: 0, version: 0, opaque: 0, flag: 0 }
    expect(decodeJsonHeader('{}', undefined)).toMatchObject(zeros)
    const header = `{"code":${written},"opaque":${written},"flag":${written},"version":${written}}`
    expect(decodeJsonHeader(header, undefined)).toMatchObject(zeros)
  })
})

describe('a header that is nearly JSON', () => {
  const header = '{"code":10,"extFields":{"topic":"T"},"opaque":7}'

  test.each([
    ['a comma before the closing brace', header.replace('7}', '7,}')],
    ['a comma at the end of the fields', header.replace('"T"}', '"T",}')],
    ['NUL behind it', `${header}\0\0`],
    ['NUL before it', `\0${header}`],
    ['single quotes', header.replaceAll('"', "'")],
    ['a tab in a text', header.replace('"opaque"', '"remark":"\t","opaque"')],
  ])('with %s is read as the Java peers read it', (_, text) => {
    expect(decodeJsonHeader(text, undefined)).toMatchObject({ code: 10, opaque: 7, extFields: { topic: 'T' } })
  })

  test.each([
    ['two commas', header.replace('7}', '7,,}')],
    ['something behind it', `${header}x`],
    ['another header behind it', header + header],
    ['no end', header.slice(0, -1)],
    ['no beginning', header.slice(1)],
    ['nothing', ''],
    ['a list', '[]'],
    ['a number', '7'],
    ['null', 'null'],
    ['objects as keys', '{{"a":1}:2}'],
    ['fields with objects as keys', '{"code":10,"extFields":{{"a":1}:2}}'],
  ])('with %s is refused with a FrameError', (_, text) => {
    expect(() => decodeJsonHeader(text, undefined)).toThrow(FrameError)
  })
})
