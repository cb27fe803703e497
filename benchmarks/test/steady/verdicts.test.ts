import { describe, expect, test } from 'vitest'
import { planSteady } from '../../src/steady/plan.ts'
import type { SteadySample } from '../../src/steady/sample.ts'
import { judgeSteadiness } from '../../src/steady/verdicts.ts'
import { madeSamples, tenMinutes } from './made-samples.ts'

function brokenPromises(change?: (sample: SteadySample) => Partial<SteadySample>, plan = tenMinutes): string[] {
  return judgeSteadiness(madeSamples(change, plan), plan)
    .filter(({ met }) => !met)
    .map(({ promise }) => promise)
}

/** From 0 at the start of the run to 1 at its end. */
const progress = ({ fromSeconds }: SteadySample): number => fromSeconds / tenMinutes.totalSeconds

describe('a run of ten minutes', () => {
  test('that stays as it is keeps all promises, whatever its noise', () => {
    expect(judgeSteadiness(madeSamples(), tenMinutes)).toHaveLength(8)
    expect(brokenPromises()).toEqual([])
  })

  test('a short one too', () => {
    expect(brokenPromises(undefined, planSteady(2, 0))).toEqual([])
  })

  test('memory that grows by 5 % is found', () => {
    expect(brokenPromises((sample) => ({ rssMb: sample.rssMb * (1 + 0.05 * progress(sample)) }))).toEqual([
      'memory grows by at most 10 % an hour',
    ])
  })

  test('memory that doubles once late is found', () => {
    expect(brokenPromises((sample) => (sample.fromSeconds === 580 ? { rssMb: 2 * sample.rssMb } : {}))).toContain(
      'the most memory of the second half is at most 1.1 x that of the first',
    )
  })

  test('memory that grows during the warm-up only is none that grows', () => {
    expect(brokenPromises((sample) => (sample.fromSeconds < 60 ? { rssMb: sample.fromSeconds } : {}))).toEqual([])
  })

  test('latency that grows is found in both kinds of phases', () => {
    const grown = brokenPromises((sample) => ({ p99Ms: sample.p99Ms! * (1 + 0.4 * progress(sample)) }))
    expect(grown).toEqual([
      'without others far behind: p99 of the last third is at most 1.15 x that of the first',
      'with others far behind: p99 of the last third is at most 1.15 x that of the first',
    ])
  })

  test('latency that grows as the machine becomes slower is not blamed on the broker', () => {
    const slower = brokenPromises((sample) => {
      const factor = 1 + 0.4 * progress(sample)
      return { p99Ms: sample.p99Ms! * factor, generatorCores: sample.generatorCores * factor }
    })
    expect(slower).toEqual([])
  })

  test('latency that grows because the broker takes fewer messages is found', () => {
    const slower = brokenPromises((sample) => {
      const factor = 1 + 0.4 * progress(sample)
      const { rate, tailRate, generatorCores } = sample
      const fewer = { rate: rate / factor, tailRate: tailRate / factor, generatorCores: generatorCores / factor }
      return { p99Ms: sample.p99Ms! * factor, ...fewer }
    })
    expect(slower).toHaveLength(2)
  })

  test('latency that grows only while others are far behind is found', () => {
    expect(
      brokenPromises((sample) => (sample.farBehind ? { p99Ms: sample.p99Ms! * (0.9 + 0.3 * progress(sample)) } : {})),
    ).toContain('with others far behind: p99 of the last third is at most 1.15 x that of the first')
  })

  test('slower sends while others are far behind are found', () => {
    expect(brokenPromises(({ farBehind }) => (farBehind ? { rate: 80_000, tailRate: 80_000 } : {}))).toEqual([
      'sends with others far behind: rate is at least 0.85 x that without',
    ])
  })

  test('a higher p99 while others are far behind is found', () => {
    expect(brokenPromises(({ farBehind }) => (farBehind ? { p99Ms: 12 } : {}))).toEqual([
      'sends with others far behind: p99 is at most 1.15 x that without',
    ])
  })

  test('what happens in the first seconds of a phase does not count in comparisons', () => {
    expect(
      brokenPromises(({ fromSeconds, farBehind }) => (farBehind && fromSeconds % 30 < 5 ? { p99Ms: 80 } : {})),
    ).toEqual([])
  })

  test('a rate that sinks slowly over the run is not blamed on those far behind', () => {
    expect(
      brokenPromises((sample) => {
        const rate = sample.rate * (1 - 0.3 * progress(sample))
        return { rate, tailRate: rate }
      }),
    ).toEqual([])
  })

  test('consumers that fall behind the tail are found', () => {
    expect(brokenPromises((sample) => (sample.fromSeconds >= 300 ? { tailRate: 0.9 * sample.rate } : {}))).toEqual([
      'consumers at the tail get 98 % of what is sent, in each phase',
    ])
  })

  test('refusals are found, and their first reason is shown', () => {
    const samples = madeSamples((sample) => (sample.fromSeconds === 100 ? { errors: 2, firstError: 'code 2' } : {}))
    const verdict = judgeSteadiness(samples, tenMinutes).find(({ met }) => !met)
    expect(verdict).toEqual({ promise: 'no request is refused', met: false, seen: '2, such as: code 2' })
  })

  test('too little to compare is no verdict', () => {
    expect(() => judgeSteadiness(madeSamples().slice(0, 14), tenMinutes)).toThrow(RangeError)
  })
})
