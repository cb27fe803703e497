import { median } from '../figures/measurement.ts'
import type { SteadyPlan } from './plan.ts'
import type { SteadySample } from './sample.ts'

/** Some tens of seconds with or without consumers that are far behind. */
export interface Phase {
  /** From 0; in odd ones such consumers read. */
  number: number
  farBehind: boolean
  samples: SteadySample[]
  /** Without those of the first seconds, in which one kind of load gives way to the other. */
  settled: SteadySample[]
}

/** The phases after the warm-up, in their order. */
export function phasesOf(samples: readonly SteadySample[], plan: SteadyPlan): Phase[] {
  const phases = new Map<number, Phase>()
  for (const sample of samples) {
    if (sample.fromSeconds < plan.warmUpSeconds) continue
    const number = Math.floor(sample.fromSeconds / plan.phaseSeconds)
    const phase = phases.get(number) ?? { number, farBehind: sample.farBehind, samples: [], settled: [] }
    phases.set(number, phase)
    phase.samples.push(sample)
    if (sample.fromSeconds - number * plan.phaseSeconds >= plan.settleSeconds) phase.settled.push(sample)
  }
  return [...phases.values()]
}

/** The middle of a figure over a phase's settled samples; samples without it are left out. */
export function middleOf({ settled }: Phase, figure: (sample: SteadySample) => number | undefined): number | undefined {
  const values = settled.flatMap((sample) => figure(sample) ?? [])
  return values.length === 0 ? undefined : median(values)
}

/**
 * How a figure of each phase with consumers far behind compares with that of the phases beside it, so that what changes
 * slowly over the run does not count.
 */
export function ratiosToNeighbours(
  phases: readonly Phase[],
  figure: (sample: SteadySample) => number | undefined,
): number[] {
  return phases.flatMap((phase, index) => {
    if (!phase.farBehind) return []
    const own = middleOf(phase, figure)
    const beside = [phases[index - 1], phases[index + 1]].flatMap((neighbour) =>
      neighbour === undefined || neighbour.farBehind ? [] : (middleOf(neighbour, figure) ?? []),
    )
    const base = beside.reduce((total, value) => total + value, 0) / beside.length
    return own === undefined || !(base > 0) ? [] : [own / base]
  })
}
