import { type LatencyCounts, percentileNs } from '../figures/histogram.ts'

/** What was counted of one kind of requests; see `loadgen/report.go`. */
interface Counts {
  messages: number
  requests: number
  bytes: number
  /** How often the end of a queue was reached. */
  restarts?: number
  errors: number
  firstError?: string
  latency: LatencyCounts
}

/** A line that `loadgen/steady.go` prints. */
export interface GeneratorSample {
  fromSeconds: number
  seconds: number
  farBehind: boolean
  sends: Counts
  tail: Counts
  far: Counts
  servers: { cpuSeconds: number; rssBytes: number; anonymousBytes: number }[]
  generatorCpuSeconds: number
}

/** The figures of a few seconds. */
export interface SteadySample {
  /** When it began, from the start of the load. */
  fromSeconds: number
  seconds: number
  /** Whether consumers that are far behind were reading. */
  farBehind: boolean
  /** Sends a second that were answered. */
  rate: number
  p50Ms?: number
  p99Ms?: number
  p999Ms?: number
  /** Messages a second that consumers at the tail got, and the time from the send until they had them. */
  tailRate: number
  tailP50Ms?: number
  tailP99Ms?: number
  /** Messages a second that consumers far behind got. */
  farRate: number
  farRestarts: number
  /** Of the broker's process, at the end. */
  rssMb: number
  anonymousMb: number
  /** Of V8 in the broker's main thread: objects, and buffers outside of the heap. */
  heapMb?: number
  externalMb?: number
  brokerCores: number
  generatorCores: number
  errors: number
  firstError?: string
}

/** What the probe in the broker reports; see `heap-probe.mjs`. */
export interface HeapUse {
  heapUsed: number
  external: number
}

export function toSample(raw: GeneratorSample, heap: HeapUse | undefined): SteadySample {
  const { sends, tail, far, seconds } = raw
  const server = raw.servers[0]
  const all = [sends, tail, far]
  return {
    fromSeconds: raw.fromSeconds,
    seconds,
    farBehind: raw.farBehind,
    rate: sends.messages / seconds,
    p50Ms: milliseconds(sends, 0.5),
    p99Ms: milliseconds(sends, 0.99),
    p999Ms: milliseconds(sends, 0.999),
    tailRate: tail.messages / seconds,
    tailP50Ms: milliseconds(tail, 0.5),
    tailP99Ms: milliseconds(tail, 0.99),
    farRate: far.messages / seconds,
    farRestarts: far.restarts ?? 0,
    rssMb: (server?.rssBytes ?? 0) / 1e6,
    anonymousMb: (server?.anonymousBytes ?? 0) / 1e6,
    heapMb: heap === undefined ? undefined : heap.heapUsed / 1e6,
    externalMb: heap === undefined ? undefined : heap.external / 1e6,
    brokerCores: (server?.cpuSeconds ?? 0) / seconds,
    generatorCores: raw.generatorCpuSeconds / seconds,
    errors: all.reduce((total, { errors }) => total + errors, 0),
    firstError: all.find(({ firstError }) => firstError !== undefined)?.firstError,
  }
}

function milliseconds({ latency }: Counts, share: number): number | undefined {
  const nanoseconds = percentileNs(latency, share)
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6
}
