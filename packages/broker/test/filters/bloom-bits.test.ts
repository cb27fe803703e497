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

test('bits are within the filter, as many as there are hashes', () => {
  for (const topic of ['T', '订单', 'a-long-topic-name-of-more-than-sixteen-bytes']) {
    const { bitNum, bitPos } = bloomBits(topic, 'g', bloomSizes(32, 20))
    expect([bitNum, bitPos.length]).toEqual([112, 3])
    for (const position of bitPos) expect(position >= 0 && position < 112).toBe(true)
  }
})
