import { expect, test } from 'vitest'
import { consumerOffsetsBody } from '../../src/bodies/index.ts'
import { parseJson } from '../../src/json/index.ts'
import { formatConfigJson } from '../../src/text/index.ts'

const written = `{
	"offsetTable":{
		"T@g":{
			0:123,
			1:5
		}
	}
}`

test("a configuration file has the official broker's layout", () => {
  const offsets = consumerOffsetsBody.parse('{"offsetTable":{"T@g":{1:5,0:123}}}')
  expect(formatConfigJson(consumerOffsetsBody.toWritable(offsets))).toBe(written)
})

test('what the official broker wrote is read', () => {
  expect(consumerOffsetsBody.parse(written).offsetTable).toEqual(
    new Map([
      [
        'T@g',
        new Map([
          [0, 123],
          [1, 5],
        ]),
      ],
    ]),
  )
})

test('empty collections stay on one line, lists take a line for each item', () => {
  const text = formatConfigJson({ a: {}, b: [], c: [1, { d: true }], none: null })
  expect(text).toBe('{\n\t"a":{},\n\t"b":[],\n\t"c":[\n\t\t1,\n\t\t{\n\t\t\t"d":true\n\t\t}\n\t]\n}')
  expect(parseJson(text)).toEqual({ a: {}, b: [], c: [1, { d: true }] })
})
