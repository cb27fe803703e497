import { join } from 'node:path'
import type { LatencyCounts } from '../figures/histogram.ts'
import type { Measurement } from '../figures/measurement.ts'
import { runJava } from '../load/java-program.ts'
import type { Load } from '../rows/row.ts'
import { readProcessUsage } from '../servers/process-usage.ts'
import type { SliceContext } from './context.ts'

/** A virtual machine that has just started is slow whatever it talks to. */
const extraWarmMs = 4000
const outsideMs = 50_000

interface PushReport {
  messages: number
  errors: number
  firstError?: string
  seconds: number
  latency: LatencyCounts
}

/** Runs `java/src/bench/PushLatency.java`; the broker's processor time is that between the lines it writes. */
export async function measurePush(
  { topic, messagesPerSecond }: Extract<Load, { kind: 'push' }>,
  { servers, warmMs, measureMs, folder }: SliceContext,
): Promise<Measurement> {
  const { pid } = servers.broker
  const warm = warmMs + extraWarmMs
  let cpuSeconds = 0
  const args = [servers.namesrvAddr, topic, messagesPerSecond, warm, measureMs].map(String)
  const outcome = await runJava('bench.PushLatency', args, join(folder, 'java'), {
    timeoutMs: warm + measureMs + outsideMs,
    onLine: (line) => {
      if (line === 'measure') cpuSeconds -= readProcessUsage(pid)?.cpuSeconds ?? 0
      if (line === 'measured') cpuSeconds += readProcessUsage(pid)?.cpuSeconds ?? 0
    },
  })
  const last = outcome.lines.at(-1)
  if (outcome.code !== 0 || !last?.startsWith('{')) {
    throw new Error(`the Java client ended with ${outcome.expired ? 'its time over' : outcome.code}: ${outcome.stderr}`)
  }
  const report = JSON.parse(last) as PushReport
  const usage = readProcessUsage(pid)
  return { ...report, cpuSeconds, rssBytes: usage?.rssBytes, anonymousBytes: usage?.anonymousBytes }
}
