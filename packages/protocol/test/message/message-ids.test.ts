import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createUniqueIdGenerator, offsetMessageId, offsetMessageIds, parseOffsetMessageId } from '../../src/index.ts'

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

describe('unique ids', () => {
  const source = { address: Buffer.from([10, 1, 2, 3]), processId: 7, instanceHash: 1 }

  test('differ when the clock is set back, also over the start of a month', () => {
    const times = [new Date(2026, 10, 1).getTime(), new Date(2026, 9, 31, 23, 59, 58).getTime()]
    let calls = 0
    const next = createUniqueIdGenerator(source, () => times[++calls > 70_000 ? 1 : 0]!)
    const ids = new Set(Array.from({ length: 140_000 }, next))
    expect(ids.size).toBe(140_000)
  })

  test('differ when more than 65,536 are made in a millisecond', () => {
    const next = createUniqueIdGenerator(source, () => 1_700_000_000_000)
    const ids = new Set(Array.from({ length: 200_000 }, next))
    expect(ids.size).toBe(200_000)
  })

  test('say when they were made', () => {
    const nowMs = new Date(2026, 10, 27, 12, 30, 15, 123).getTime()
    const id = createUniqueIdGenerator(source, () => nowMs)()
    expect(Number.parseInt(id.slice(20, 28), 16)).toBe(nowMs - new Date(2026, 10, 1).getTime())
  })
})
