import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyOffsets } from '../../src/compaction/key-offsets.ts'

test('the last offset of each key is known, whatever the keys are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.nat()), { maxLength: 400 }), (entries) => {
      const keys = new KeyOffsets(1024 * 1024)
      const expected = new Map<string, number>()
      for (const [key, offset] of entries) {
        expect(keys.set(key, offset)).toBe(true)
        expected.set(key, offset)
      }
      for (const [key, offset] of expected) expect(keys.get(key)).toBe(offset)
      expect(keys.get('not there at all')).toBe(expected.get('not there at all') ?? -1)
      expect(keys.count).toBe(expected.size)
    }),
  )
})

test('a new key is refused when there is no room, and a known one is not', () => {
  const keys = new KeyOffsets(256 * 24)
  let count = 0
  while (keys.set(`k${count}`, count)) count++
  expect(count).toBe(192)
  expect(keys.set('k0', 1000)).toBe(true)
  expect(keys.get('k0')).toBe(1000)
  expect(keys.get(`k${count}`)).toBe(-1)
})
