import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketEndNs, type LatencyCounts, mergeLatencies, percentileNs } from '../../src/figures/histogram.ts'

const latencies = (counts: number[], maxNs: number): LatencyCounts => ({ subBucketBits: 7, counts, maxNs })

describe('buckets', () => {
  test('the first 256 hold one nanosecond each', () => {
    expect([0, 1, 255].map(bucketEndNs)).toEqual([0, 1, 255])
  })

  test('each further one ends where the next begins, and is at most 1/128 of its value wide', () => {
    for (let bucket = 256; bucket < 4608; bucket++) {
      const width = bucketEndNs(bucket) - bucketEndNs(bucket - 1)
      expect(width).toBeGreaterThan(0)
      expect(width / bucketEndNs(bucket)).toBeLessThanOrEqual(1 / 128)
    }
  })

  test('the last one ends past an hour', () => {
    expect(bucketEndNs(4607)).toBe(2 ** 42 - 1)
  })
})

describe('percentiles', () => {
  test('are the end of the bucket in which the share is reached', () => {
    const counted = latencies([10, 50, 20, 49, 200, 1], 200)
    expect([0, 0.5, 0.51, 0.99, 0.991, 1].map((share) => percentileNs(counted, share))).toEqual([
      10, 10, 20, 20, 200, 200,
    ])
  })

  test('are never more than the largest duration', () => {
    expect(percentileNs(latencies([1000, 1], 5), 0.5)).toBe(5)
  })

  test('of nothing are undefined', () => {
    expect(percentileNs(latencies([], 0), 0.5)).toBeUndefined()
  })

  test('never fall as the share grows', () => {
    const counts = fc
      .uniqueArray(fc.nat(4607), { minLength: 1, maxLength: 50 })
      .map((buckets) => buckets.sort((one, other) => one - other).flatMap((bucket) => [bucket, 1 + (bucket % 7)]))
    fc.assert(
      fc.property(
        counts,
        fc.float({ min: 0, max: 1, noNaN: true }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        (all, one, other) => {
          const [low, high] = [Math.min(one, other), Math.max(one, other)].map((share) =>
            percentileNs(latencies(all, 2 ** 42), share),
          )
          expect(low!).toBeLessThanOrEqual(high!)
        },
      ),
    )
  })
})

describe('merging', () => {
  test('adds the counts of equal buckets and keeps the order and the largest', () => {
    const merged = mergeLatencies([latencies([3, 1, 9, 2], 9), latencies([2, 5, 9, 1], 12)])
    expect(merged).toEqual(latencies([2, 5, 3, 1, 9, 3], 12))
  })

  test('refuses counts in other buckets', () => {
    expect(() => mergeLatencies([{ subBucketBits: 8, counts: [], maxNs: 0 }])).toThrow('8 sub-bucket bits')
  })
})
