import { describe, expect, test } from 'vitest'
import { decodeJsonHeader } from '../../src/frame/json-header.ts'
import { commands, FrameError } from '../../src/index.ts'

function fieldsOf(extFields: string): Record<string, string> | undefined {
  return decodeJsonHeader(`{"code":10,"extFields":${extFields}}`, undefined).extFields
}

describe('fields of a JSON header', () => {
  test.each([
    ['an object without a text', '{"topic":{"toString":1}}'],
    ['an object without any value', '{"queueId":{"toString":null,"valueOf":null}}'],
    ['a list', '{"topic":["T"]}'],
    ['lists within lists', `{"topic":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('that are %s are refused with a FrameError', (_, extFields) => {
    expect(() => fieldsOf(extFields)).toThrow(FrameError)
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
    ['opaque', '1e999'],
    ['opaque', '2147483648'],
    ['flag', '-1e10'],
    ['version', '0.5'],
  ])('%s is refused when it is %s, which no answer can repeat', (name, value) => {
    const header = name === 'code' ? `{"code":${value}}` : `{"code":10,"${name}":${value}}`
    expect(() => decodeJsonHeader(header, undefined)).toThrow(FrameError)
  })

  test('are 0 when they are absent, but for the code', () => {
    expect(decodeJsonHeader('{"code":10}', undefined)).toMatchObject({ version: 0, opaque: 0, flag: 0 })
    expect(() => decodeJsonHeader('{}', undefined)).toThrow(/no code/)
  })
})
