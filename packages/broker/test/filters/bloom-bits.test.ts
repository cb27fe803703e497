import { expect, test } from 'vitest'
import { bloomBits, bloomSizes, murmurLow64 } from '../../src/filters/bloom-bits.ts'

test('the hash is that of MurmurHash3', () => {
  // From its reference implementation, with seed 0.
  expect(murmurLow64(Buffer.from(''))).toBe(0n)
  expect(murmurLow64(Buffer.from('hello'))).toBe(0xcbd8a7b341bd9b02n)
  expect(murmurLow64(Buffer.from('The quick brown fox jumps over the lazy dog'))).toBe(0xe34bbc7bbc071b6cn)
})

test('a filter has the sizes that the official broker gives it', () => {
  expect(bloomSizes(32, 20)).toEqual({ bitCount: 112, hashCount: 3 })
  expect(bloomSizes(64, 20)).toEqual({ bitCount: 216, hashCount: 3 })
  expect(bloomSizes(1, 1)).toEqual({ bitCount: 16, hashCount: 7 })
})

test('a group has the bits that the official broker gives it', () => {
  // As 5.5.0 wrote them.
  const bits = (topic: string, group: string) => bloomBits(topic, group, bloomSizes(32, 20))
  expect(bits('T', 'g0')).toEqual({ bitNum: 112, bitPos: [3, 19, 108] })
  expect(bits('Orders-of-a-long-name-1234567', 'g1')).toEqual({ bitNum: 112, bitPos: [34, 33, 42] })
  expect(bits('订单x', 'g2')).toEqual({ bitNum: 112, bitPos: [89, 77, 11] })
})
