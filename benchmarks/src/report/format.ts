import type { Metric } from '../figures/measurement.ts'

/** Three significant digits, thousands as k and millions as M: `104k`, `5.21`, `0.134`. */
export function short(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 999_500) return `${digits(value / 1e6)}M`
  if (size >= 9_995) return `${digits(value / 1e3)}k`
  return digits(value)
}

function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 99.95) return Math.round(value).toString()
  if (size >= 9.995) return value.toFixed(1)
  return value.toFixed(size >= 0.0995 ? 2 : 3)
}

/** A ratio as `2.31x`. */
export function ratioText(ratio: number): string {
  return `${digits(ratio)}x`
}

/** The figures that tables show, in their order, with the head of their column. */
export const tableMetrics: readonly { metric: Metric; head: string }[] = [
  { metric: 'rate', head: 'rate /s' },
  { metric: 'p50Ms', head: 'p50 ms' },
  { metric: 'p99Ms', head: 'p99 ms' },
  { metric: 'p999Ms', head: 'p99.9 ms' },
  { metric: 'meanMs', head: 'mean ms' },
  { metric: 'cpuMicros', head: 'CPU us' },
  { metric: 'seconds', head: 'time s' },
  { metric: 'idleRssMb', head: 'idle MB' },
  { metric: 'rssMb', head: 'memory MB' },
]
