import { expect, test } from 'vitest'
import { parseJson } from '../../src/index.ts'

test.each([
  ['{"\\"":1}', '"'],
  ['{"\\n" :1}', '\n'],
  ['{"\\u0041"\t:1}', 'A'],
  ['{"a\\t":1}', 'a\t'],
  ['[{"b":{"\\/":1}}]', '/'],
])('a key with escapes (%s) is read as it is, whatever was read before', (text, key) => {
  for (const before of ['{"\\\\":1}', '{"a\\\\":1}', '[{"b":{"\\\\":1}}]']) JSON.parse(before)
  expect(JSON.stringify(parseJson(text))).toContain(JSON.stringify(key))
})

test('escapes in values leave a text to the parser of the engine', () => {
  expect(parseJson('{"a":"\\"","b":["\\\\",{"c":"\\n"}]}')).toEqual({ a: '"', b: ['\\', { c: '\n' }] })
})
