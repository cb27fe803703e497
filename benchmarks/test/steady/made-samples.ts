import { planSteady, type SteadyPlan } from '../../src/steady/plan.ts'
import type { SteadySample } from '../../src/steady/sample.ts'

export const tenMinutes: SteadyPlan = planSteady(10, 0)

/** Figures of a broker that stays as it is, with some noise that is the same each time. */
export function madeSamples(
  change: (sample: SteadySample) => Partial<SteadySample> = () => ({}),
  plan = tenMinutes,
): SteadySample[] {
  const samples: SteadySample[] = []
  for (let fromSeconds = 0; fromSeconds < plan.totalSeconds; fromSeconds += plan.sampleSeconds) {
    const noise = 1 + 0.04 * Math.sin(fromSeconds * 1.7)
    const farBehind = Math.floor(fromSeconds / plan.phaseSeconds) % 2 === 1
    const rate = (farBehind ? 95_000 : 100_000) * noise
    const sample: SteadySample = {
      fromSeconds,
      seconds: plan.sampleSeconds,
      farBehind,
      rate,
      p50Ms: 5 / noise,
      p99Ms: (farBehind ? 10.5 : 10) / noise,
      p999Ms: 30 / noise,
      tailRate: rate,
      tailP50Ms: 5,
      tailP99Ms: 12,
      farRate: farBehind ? 100_000 : 0,
      farRestarts: 0,
      rssMb: (farBehind ? 290 : 270) * noise,
      anonymousMb: 250,
      brokerCores: 1,
      generatorCores: 0.8,
      errors: 0,
    }
    samples.push({ ...sample, ...change(sample) })
  }
  return samples
}
