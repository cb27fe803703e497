import { expect, test } from 'vitest'
import { phasesOf } from '../../src/steady/phases.ts'
import { leastMinutes, neededDiskBytes, planSteady } from '../../src/steady/plan.ts'
import { madeSamples } from './made-samples.ts'

test('ten minutes are ten pairs of phases, the first of which is the warm-up', () => {
  const plan = planSteady(10, 0)
  expect(plan).toMatchObject({ totalSeconds: 600, phaseSeconds: 30, warmUpSeconds: 60 })
  const phases = phasesOf(madeSamples(undefined, plan), plan)
  expect(phases.map(({ number }) => number)).toEqual(Array.from({ length: 18 }, (_, index) => index + 2))
  expect(phases[0]).toMatchObject({ farBehind: false, samples: { length: 6 }, settled: { length: 5 } })
  expect(phases[1]).toMatchObject({ farBehind: true })
})

test('the shortest run still has several pairs to compare', () => {
  const plan = planSteady(leastMinutes, 0)
  const pairs = (plan.totalSeconds - plan.warmUpSeconds) / (2 * plan.phaseSeconds)
  expect(pairs).toBeGreaterThanOrEqual(3)
  expect(plan.phaseSeconds % plan.sampleSeconds).toBe(0)
})

test('the disk that is asked for holds what is sent: more at full rate than at a small one', () => {
  const sentBytes = 10 * 60 * 100_000 * 300
  expect(neededDiskBytes(planSteady(10, 0))).toBeGreaterThan(sentBytes)
  expect(neededDiskBytes(planSteady(10, 1000))).toBeLessThan(sentBytes)
})
