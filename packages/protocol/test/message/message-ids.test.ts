import fc from 'fast-check'
import { expect, test } from 'vitest'
import { offsetMessageId, offsetMessageIds, parseOffsetMessageId } from '../../src/index.ts'

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

test('ids tell where their messages are, alone and one behind the other', () => {
  const host = fc.constantFrom('7F00000100002A9F', `${'AB'.repeat(16)}00002A9F`)
  const offset = fc.oneof(fc.maxSafeNat(), fc.nat())
  fc.assert(
    fc.property(host, fc.array(offset, { minLength: 1, maxLength: 40 }), (hostHex, offsets) => {
      const ids = offsetMessageIds(
        hostHex,
        offsets.map((physicalOffset) => ({ physicalOffset })),
      ).split(',')
      expect(ids).toEqual(offsets.map((one) => hostHex + one.toString(16).toUpperCase().padStart(16, '0')))
      expect(ids.map((id) => parseOffsetMessageId(id).physicalOffset)).toEqual(offsets)
      expect(offsetMessageId(hostHex, offsets[0]!)).toBe(ids[0])
    }),
  )
})
