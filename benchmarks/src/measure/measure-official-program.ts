import { join } from 'node:path'
import type { Measurement } from '../figures/measurement.ts'
import { runJava } from '../load/java-program.ts'
import type { Load } from '../rows/row.ts'
import { readProcessUsage } from '../servers/process-usage.ts'
import type { SliceContext } from './context.ts'

/** The programs report the last ten seconds, from the tenth second on. */
const reportedSeconds = 10
const warmReports = 3
const timeoutMs = 60_000

/** A line that the official benchmark programs write each second. */
export interface ProgramReport {
  messagesPerSecond: number
  meanMs: number
  failed: number
}

/** @returns undefined for a line that is no report */
export function parseProgramReport(line: string): ProgramReport | undefined {
  const field = (name: string): number | undefined => {
    const match = new RegExp(`\\| ${name}:\\s*([\\d.]+)`).exec(line)
    return match === null ? undefined : Number(match[1])
  }
  const messagesPerSecond = field('Send MPS') ?? field('Send TPS')
  const meanMs = field('Average RT\\(ms\\)')
  if (messagesPerSecond === undefined || meanMs === undefined) return undefined
  return { messagesPerSecond, meanMs, failed: field('Send Failed') ?? 0 }
}

/** Runs the program until a report covers ten seconds after its warm-up; the processor time is that of the same seconds. */
export async function measureOfficialProgram(
  { program, threads, topic }: Extract<Load, { kind: 'official-program' }>,
  { servers, folder }: SliceContext,
): Promise<Measurement> {
  const { pid } = servers.broker
  let reports = 0
  let last: ProgramReport | undefined
  let before: { at: number; cpuSeconds: number } | undefined
  let cpuASecond: number | undefined
  const args = ['-n', servers.namesrvAddr, '-t', topic, '-w', String(threads), '-s', '128', '-ri', '1000']
  const mainClass = `org.apache.rocketmq.example.benchmark.${program}`
  const outcome = await runJava(mainClass, args, join(folder, 'java'), {
    timeoutMs,
    onLine: (line, child) => {
      const report = parseProgramReport(line)
      if (report === undefined) return
      reports++
      const cpuSeconds = readProcessUsage(pid)?.cpuSeconds ?? 0
      if (reports === warmReports) before = { at: performance.now(), cpuSeconds }
      if (reports < warmReports + reportedSeconds || before === undefined) return
      last ??= report
      cpuASecond ??= (cpuSeconds - before.cpuSeconds) / ((performance.now() - before.at) / 1000)
      child.kill('SIGKILL')
    },
  })
  if (last === undefined || cpuASecond === undefined) {
    throw new Error(`${program} gave no report: ${outcome.lines.slice(-5).join('\n')}\n${outcome.stderr}`)
  }
  const usage = readProcessUsage(pid)
  return {
    messages: last.messagesPerSecond * reportedSeconds,
    seconds: reportedSeconds,
    errors: last.failed,
    meanMs: last.meanMs,
    cpuSeconds: cpuASecond * reportedSeconds,
    rssBytes: usage?.rssBytes,
    anonymousBytes: usage?.anonymousBytes,
  }
}
