import { median } from '../figures/measurement.ts'
import { middleOf, type Phase, phasesOf, ratiosToNeighbours } from './phases.ts'
import type { SteadyPlan } from './plan.ts'
import type { SteadySample } from './sample.ts'
import { trendOf } from './trend.ts'

/** One promise, and whether the run kept it. */
export interface SteadyVerdict {
  promise: string
  met: boolean
  /** The figures that decided, in words. */
  seen: string
}

/** Growth of memory in an hour, as a part of its mean. */
const memoryGrowthMax = 0.1
const memoryPeakRatioMax = 1.1
const latencyRatioMax = 1.15
const rateRatioMin = 0.85
/** Consumers at the tail get all that is sent but for what is on its way when a sample ends. */
const tailShareMin = 0.98

const p99 = ({ p99Ms }: SteadySample): number | undefined => p99Ms

/** @throws RangeError for a run that is too short to decide anything on */
export function judgeSteadiness(samples: readonly SteadySample[], plan: SteadyPlan): SteadyVerdict[] {
  const phases = phasesOf(samples, plan)
  return [
    judgeMemoryGrowth(phases),
    judgeMemoryPeak(phases),
    judgeLatencyGrowth(phases, false),
    judgeLatencyGrowth(phases, true),
    judgeRatio(
      'sends with others far behind: rate',
      ratiosToNeighbours(phases, ({ rate }) => rate),
      {
        atLeast: rateRatioMin,
      },
    ),
    judgeRatio('sends with others far behind: p99', ratiosToNeighbours(phases, p99), { atMost: latencyRatioMax }),
    judgeTail(phases),
    judgeErrors(samples),
  ]
}

/**
 * Memory differs between the two kinds of phases: pairs of them are the points of the line. It fails when memory grows
 * by more than is allowed even if the true slope is two standard errors below the measured one.
 */
export function judgeMemoryGrowth(phases: readonly Phase[]): SteadyVerdict {
  const points: { x: number; y: number }[] = []
  for (let index = 0; index + 1 < phases.length; index += 2) {
    const pair = [...phases[index]!.samples, ...phases[index + 1]!.samples]
    points.push({ x: mean(pair.map(({ fromSeconds }) => fromSeconds)) / 3600, y: mean(pair.map(({ rssMb }) => rssMb)) })
  }
  const { slope, error } = trendOf(points)
  const average = mean(points.map(({ y }) => y))
  const growth = slope / average
  const uncertainty = (2 * error) / average
  return {
    promise: `memory grows by at most ${percent(memoryGrowthMax)} an hour`,
    met: growth - uncertainty <= memoryGrowthMax,
    seen: `${percent(growth)} +- ${percent(uncertainty)} an hour at ${average.toFixed(0)} MB`,
  }
}

export function judgeMemoryPeak(phases: readonly Phase[]): SteadyVerdict {
  const samples = phases.flatMap((phase) => phase.samples)
  const half = samples.length >> 1
  const most = (part: SteadySample[]): number => Math.max(...part.map(({ rssMb }) => rssMb))
  const [first, second] = [most(samples.slice(0, half)), most(samples.slice(half))]
  return {
    promise: `the most memory of the second half is at most ${memoryPeakRatioMax} x that of the first`,
    met: second <= memoryPeakRatioMax * first,
    seen: `${second.toFixed(0)} MB after ${first.toFixed(0)} MB`,
  }
}

/**
 * Phases of one kind only: in those of the other kind latency may be different all along. The machine may be a shared
 * one and become slower or faster by itself: then the generator's processor time for a message changes as much, and is
 * what latency is measured by.
 */
export function judgeLatencyGrowth(phases: readonly Phase[], farBehind: boolean): SteadyVerdict {
  const samples = phases
    .filter((phase) => phase.farBehind === farBehind)
    .flatMap(({ settled }) => settled.filter((sample) => p99(sample) !== undefined))
  const third = Math.floor(samples.length / 3)
  const [first, last] = [samples.slice(0, third), samples.slice(-third)]
  const middle = (part: SteadySample[], figure: (sample: SteadySample) => number): number => median(part.map(figure))
  const firstMs = middle(first, ({ p99Ms }) => p99Ms!)
  const lastMs = middle(last, ({ p99Ms }) => p99Ms!)
  const pace = middle(last, generatorCost) / middle(first, generatorCost)
  const growth = lastMs / firstMs / pace
  const kind = farBehind ? 'with' : 'without'
  return {
    promise: `${kind} others far behind: p99 of the last third is at most ${latencyRatioMax} x that of the first`,
    met: growth <= latencyRatioMax,
    seen: `${lastMs.toFixed(2)} ms after ${firstMs.toFixed(2)} ms, the generator's work ${pace.toFixed(2)}x: ${growth.toFixed(2)}x`,
  }
}

/** Processor time of the generator for a message; the broker has no part in it. */
function generatorCost({ generatorCores, rate }: SteadySample): number {
  return generatorCores / rate
}

export function judgeRatio(
  what: string,
  ratios: readonly number[],
  { atLeast = 0, atMost = Number.POSITIVE_INFINITY }: { atLeast?: number; atMost?: number },
): SteadyVerdict {
  const middle = median(ratios)
  const limit = atLeast > 0 ? `at least ${atLeast}` : `at most ${atMost}`
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
  return {
    promise: `${what} is ${limit} x that without`,
    met: middle >= atLeast && middle <= atMost,
    seen: `${middle.toFixed(2)}x (${ratios.length} pairs, ${least.toFixed(2)} to ${most.toFixed(2)})`,
  }
}

/** What falls behind its tail is no consumer at the tail, and its latency says nothing. */
export function judgeTail(phases: readonly Phase[]): SteadyVerdict {
  const shares = phases.map(
    (phase) => (middleOf(phase, ({ tailRate }) => tailRate) ?? 0) / (middleOf(phase, ({ rate }) => rate) || 1),
  )
  const least = Math.min(...shares)
  return {
    promise: `consumers at the tail get ${percent(tailShareMin)} of what is sent, in each phase`,
    met: least >= tailShareMin,
    seen: `${percent(least)} in the worst phase`,
  }
}

export function judgeErrors(samples: readonly SteadySample[]): SteadyVerdict {
  const errors = samples.reduce((total, sample) => total + sample.errors, 0)
  const first = samples.find(({ firstError }) => firstError !== undefined)?.firstError
  return {
    promise: 'no request is refused',
    met: errors === 0,
    seen: errors === 0 ? 'none' : `${errors}, such as: ${first ?? '?'}`,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, '')} %`
}
