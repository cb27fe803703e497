import type { ByTarget, Figures, Metric } from './measurement.ts'

/**
 * What a row has to reach. `ratio` is ours divided by the official broker's; with `ofRow` it is ours divided by ours in
 * that row.
 */
export interface Goal {
  metric: Metric
  atMost?: number
  atLeast?: number
  ratioAtMost?: number
  ratioAtLeast?: number
  ofRow?: string
}

export type Verdict = 'met' | 'missed' | 'not judged'

/** Ours divided by the official broker's; undefined when one of them is missing or there is nothing to divide by. */
export function ratioOf(figures: ByTarget<Figures>, metric: Metric): number | undefined {
  return divide(figures.ours?.[metric], figures.official?.[metric])
}

/**
 * @param figures of the goal's row
 * @param figuresOfRow of another row, for a goal that compares rows
 */
export function judge(
  goal: Goal,
  figures: ByTarget<Figures>,
  figuresOfRow: (id: string) => ByTarget<Figures> | undefined,
): Verdict {
  const own = figures.ours?.[goal.metric]
  const ratio =
    goal.ofRow === undefined
      ? ratioOf(figures, goal.metric)
      : divide(own, figuresOfRow(goal.ofRow)?.ours?.[goal.metric])
  const checks: (boolean | undefined)[] = []
  if (goal.atMost !== undefined) checks.push(own === undefined ? undefined : own <= goal.atMost)
  if (goal.atLeast !== undefined) checks.push(own === undefined ? undefined : own >= goal.atLeast)
  if (goal.ratioAtMost !== undefined) checks.push(ratio === undefined ? undefined : ratio <= goal.ratioAtMost)
  if (goal.ratioAtLeast !== undefined) checks.push(ratio === undefined ? undefined : ratio >= goal.ratioAtLeast)
  if (checks.includes(false)) return 'missed'
  return checks.includes(undefined) || checks.length === 0 ? 'not judged' : 'met'
}

function divide(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || !other ? undefined : one / other
}

const names: Record<Metric, string> = {
  rate: 'rate',
  p50Ms: 'p50',
  p99Ms: 'p99',
  p999Ms: 'p99.9',
  meanMs: 'mean',
  cpuMicros: 'CPU',
  rssMb: 'memory',
  anonymousMb: 'anonymous memory',
  idleRssMb: 'idle memory',
  seconds: 'time',
  errorShare: 'errors',
  generatorCores: 'generator',
}

const units: Partial<Record<Metric, string>> = {
  rate: '/s',
  p50Ms: ' ms',
  p99Ms: ' ms',
  p999Ms: ' ms',
  meanMs: ' ms',
  cpuMicros: ' us',
  rssMb: ' MB',
  anonymousMb: ' MB',
  idleRssMb: ' MB',
  seconds: ' s',
}

/** The goal in a few words, such as `rate >= 2x` or `CPU <= 9 us`. */
export function describeGoal({ metric, atMost, atLeast, ratioAtMost, ratioAtLeast, ofRow }: Goal): string {
  const unit = units[metric] ?? ''
  const than = ofRow === undefined ? '' : ` of ${ofRow}`
  const parts: string[] = []
  if (ratioAtLeast !== undefined) parts.push(`>= ${ratioAtLeast}x${than}`)
  if (ratioAtMost !== undefined) parts.push(`<= ${ratioAtMost}x${than}`)
  if (atLeast !== undefined) parts.push(`>= ${atLeast}${unit}`)
  if (atMost !== undefined) parts.push(`<= ${atMost}${unit}`)
  return `${names[metric]} ${parts.join(', ')}`
}
