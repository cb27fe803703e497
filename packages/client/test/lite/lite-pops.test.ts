import { expect, test } from 'vitest'
import { deliveriesBefore } from '../../src/lite/lite-pops.ts'

test.each([
  [undefined, 2, [0, 0]],
  ['', 1, [0]],
  ['0;2', 2, [0, 2]],
  ['0 qo0%0 1', 1, [1]],
  ['0 qo0%7 1;0 qo0%8 0', 2, [1, 0]],
  ['0 0 3', 2, [3, 3]],
  ['x;-1;1e9;', 4, [0, 0, 1_000_000_000, 0]],
  ['1;2', 3, [1, 2, 0]],
] as const)('what brokers tell of earlier deliveries is read: %s', (text, count, expected) => {
  expect(deliveriesBefore(text, count)).toEqual(expected)
})
