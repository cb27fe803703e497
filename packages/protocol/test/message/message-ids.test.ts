import { expect, test } from 'vitest'
import { parseOffsetMessageId } from '../../src/index.ts'

test.each([
  ['below the start of any log', '7F00000100002A9FFFFFFFFFFFFFFFFF'],
  ['far below it', '7F00000100002A9F8000000000000000'],
  ['beyond what can be counted exactly', '7F00000100002A9F0020000000000000'],
])('an id with a position %s is no message id', (_, id) => {
  expect(() => parseOffsetMessageId(id)).toThrow(/is not an offset message id/)
})

test('an id with the last position that can be counted exactly is one', () => {
  expect(parseOffsetMessageId('7F00000100002A9F001FFFFFFFFFFFFF').physicalOffset).toBe(Number.MAX_SAFE_INTEGER)
})
