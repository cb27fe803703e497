import { describe, expect, test } from 'vitest'
import { combine, median } from '../../src/figures/measurement.ts'

describe('combining slices', () => {
  test('divides what adds up by what adds up, so that longer slices count more', () => {
    const figures = combine([
      { messages: 100, seconds: 1, cpuSeconds: 0.001 },
      { messages: 900, seconds: 3, cpuSeconds: 0.003 },
    ])
    expect(figures.rate).toBe(250)
    expect(figures.cpuMicros).toBeCloseTo(4)
  })

  test('takes latencies together before it reads percentiles', () => {
    const slice = (bucket: number, count: number) => ({
      latency: { subBucketBits: 7, counts: [bucket, count], maxNs: bucket },
    })
    const figures = combine([slice(100, 99), slice(200, 1)])
    expect([figures.p50Ms, figures.p99Ms, figures.p999Ms]).toEqual([100 / 1e6, 100 / 1e6, 200 / 1e6])
  })

  test('gives the most of memory and the median of durations', () => {
    const figures = combine([{ seconds: 3, rssBytes: 5e6 }, { seconds: 1, rssBytes: 9e6 }, { seconds: 2 }])
    expect(figures).toEqual({ seconds: 2, rssMb: 9 })
  })

  test('tells the share of refused requests, with the first reason', () => {
    const figures = combine([
      { messages: 75, seconds: 1, errors: 0 },
      { messages: 0, seconds: 1, errors: 25, firstError: 'busy' },
    ])
    expect(figures).toMatchObject({ errorShare: 0.25, firstError: 'busy' })
  })

  test('has no CPU a message when there was no message', () => {
    expect(combine([{ messages: 0, seconds: 1, cpuSeconds: 1 }]).cpuMicros).toBeUndefined()
  })
})

test('the median of an even number of values lies between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  expect(() => median([])).toThrow(RangeError)
})
