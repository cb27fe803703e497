import { expect, test } from 'vitest'
import { consumerRunningInfoBody, parseJson, stringifyJava, stringifyStandard } from '../../src/index.ts'

test('a number that is not finite is left out where null is', () => {
  expect(stringifyJava({ a: Number.POSITIVE_INFINITY, b: 1 })).toBe('{"b":1}')
  expect(stringifyStandard(new Map([['a', Number.NaN]]))).toBe('{}')
  expect(stringifyJava([Number.NEGATIVE_INFINITY])).toBe('[null]')
})

test('a number that is no safe integer does not come back as an integer that is refused', () => {
  for (const text of ['[9300000000000000000.0]', '[1e18]', '[-1e300]']) {
    const value = parseJson(text)
    expect(parseJson(stringifyJava(value))).toEqual(value)
  }
  expect(stringifyJava([9_007_199_254_740_991, 2 ** 53])).toBe('[9007199254740991,9.007199254740992e+15]')
})

test('what a client tells of its queues is passed on, whatever numbers it holds', () => {
  const text =
    '{"mqTable":{{"brokerName":"b","queueId":0,"topic":"T"}:{"a":1e900,"b":2},{"brokerName":"b","queueId":1,"topic":"T"}:1e900}}'
  const info = consumerRunningInfoBody.parse(text)
  const again = consumerRunningInfoBody.decode(consumerRunningInfoBody.encode(info))
  expect(again.mqTable).toEqual([[{ brokerName: 'b', queueId: 0, topic: 'T' }, { b: 2 }]])
})
