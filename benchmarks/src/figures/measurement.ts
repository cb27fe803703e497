import type { TargetName } from '../../../interop/targets/target.ts'
import { type LatencyCounts, mergeLatencies, percentileNs } from './histogram.ts'

/** What one slice of load saw on one target. What a load does not measure is left out. */
export interface Measurement {
  /** What was sent, pulled or created. */
  messages?: number
  /** The measured time, or, for a start, how long it took. */
  seconds?: number
  errors?: number
  firstError?: string
  latency?: LatencyCounts
  /** Mean where a program of others reports no more, in milliseconds. */
  meanMs?: number
  /** User and system time of all threads of the broker's process while measuring. */
  cpuSeconds?: number
  /** Resident memory at the end of the slice, or the most there was where a load says so. */
  rssBytes?: number
  /** The part of it that is no file. */
  anonymousBytes?: number
  idleRssBytes?: number
  generatorCpuSeconds?: number
}

/** What a row's slices on one target come to. */
export interface Figures {
  /** Messages (or topics) a second. */
  rate?: number
  p50Ms?: number
  p99Ms?: number
  p999Ms?: number
  meanMs?: number
  /** Processor time of the broker for a message, in microseconds. */
  cpuMicros?: number
  rssMb?: number
  anonymousMb?: number
  idleRssMb?: number
  seconds?: number
  /** Share of the requests that were refused. */
  errorShare?: number
  firstError?: string
  /** Cores that the load generator used; near all of the machine's, the generator limits. */
  generatorCores?: number
}

export type Metric = Exclude<keyof Figures, 'firstError'>

/** By target; undefined where a target was not measured. */
export type ByTarget<Value> = Partial<Record<TargetName, Value>>

/** Sums what adds up, takes latencies together, the most of memory, and the median of durations. */
export function combine(slices: readonly Measurement[]): Figures {
  const figures: Figures = {}
  const seconds = sum(slices, 'seconds')
  const messages = sum(slices, 'messages')
  const cpuSeconds = sum(slices, 'cpuSeconds')
  const generator = sum(slices, 'generatorCpuSeconds')
  const errors = sum(slices, 'errors') ?? 0
  if (messages !== undefined && seconds) figures.rate = messages / seconds
  if (messages === undefined && seconds !== undefined) figures.seconds = median(values(slices, 'seconds'))
  if (messages && cpuSeconds !== undefined) figures.cpuMicros = (cpuSeconds * 1e6) / messages
  if (generator !== undefined && seconds) figures.generatorCores = generator / seconds
  if (errors > 0) {
    figures.errorShare = errors / (errors + (messages ?? 0))
    figures.firstError = slices.find(({ firstError }) => firstError)?.firstError
  }
  const latencies = slices.flatMap(({ latency }) => latency ?? [])
  if (latencies.length > 0) addPercentiles(figures, mergeLatencies(latencies))
  const means = values(slices, 'meanMs')
  if (means.length > 0) figures.meanMs = median(means)
  for (const [from, to] of memoryMetrics) {
    const bytes = values(slices, from)
    if (bytes.length > 0) figures[to] = Math.max(...bytes) / 1e6
  }
  return figures
}

const memoryMetrics = [
  ['rssBytes', 'rssMb'],
  ['anonymousBytes', 'anonymousMb'],
  ['idleRssBytes', 'idleRssMb'],
] as const

function addPercentiles(figures: Figures, latency: LatencyCounts): void {
  const milliseconds = (share: number): number | undefined => {
    const nanoseconds = percentileNs(latency, share)
    return nanoseconds === undefined ? undefined : nanoseconds / 1e6
  }
  figures.p50Ms = milliseconds(0.5)
  figures.p99Ms = milliseconds(0.99)
  figures.p999Ms = milliseconds(0.999)
}

type NumberKey = Exclude<keyof Measurement, 'latency' | 'firstError'>

function values(slices: readonly Measurement[], key: NumberKey): number[] {
  return slices.flatMap((slice) => slice[key] ?? [])
}

function sum(slices: readonly Measurement[], key: NumberKey): number | undefined {
  const all = values(slices, key)
  return all.length === 0 ? undefined : all.reduce((total, value) => total + value, 0)
}

/** The middle one, or the mean of the two in the middle. @throws RangeError for no numbers */
export function median(numbers: readonly number[]): number {
  if (numbers.length === 0) throw new RangeError('the median of nothing')
  const sorted = [...numbers].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
