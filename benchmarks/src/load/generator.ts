import { join } from 'node:path'
import { runCommandOrThrow } from '../../../interop/targets/run-command.ts'
import { requireTool } from '../../../interop/targets/tooling.ts'
import type { LatencyCounts } from '../figures/histogram.ts'
import type { Measurement } from '../figures/measurement.ts'
import { benchmarksFolder } from '../paths.ts'
import type { Flags } from '../rows/row.ts'
import { buildOnce, contentHash } from './build-once.ts'
import { runChild } from './child.ts'

/** What `loadgen/report.go` prints. */
interface GeneratorReport {
  messages: number
  requests: number
  errors: number
  firstError?: string
  seconds: number
  latency: LatencyCounts
  servers: { pid: number; cpuSeconds: number; rssBytes: number; anonymousBytes: number }[]
  generatorCpuSeconds: number
}

let building: Promise<string> | undefined

/** The generator's executable, built by the machine's Go once for each content of its sources. */
export function buildGenerator(): Promise<string> {
  building ??= buildSources()
  return building
}

async function buildSources(): Promise<string> {
  const sources = join(benchmarksFolder, 'loadgen')
  const folder = await buildOnce(`loadgen-${contentHash(sources, /(?<!_test)\.go$|^go\.mod$/)}`, (unfinished) =>
    runCommandOrThrow(requireTool('go'), ['build', '-o', join(unfinished, 'loadgen'), '.'], {
      cwd: sources,
      timeoutMs: 300_000,
    }),
  )
  return join(folder, 'loadgen')
}

/** The flags as arguments: `true` is a flag without a value. */
export function flagArguments(flags: Flags): string[] {
  return Object.entries(flags).map(([name, value]) => (value === true ? `-${name}` : `-${name}=${value}`))
}

/**
 * Runs a command of the generator.
 * @returns the line of JSON that it prints
 * @throws Error with what it wrote when it fails or is not done in time
 */
async function runGenerator(command: string, flags: Flags, timeoutMs: number): Promise<unknown> {
  const args = [command, ...flagArguments({ ...flags, deadline: timeoutMs })]
  const { lines, stderr, code } = await runChild(await buildGenerator(), args, { timeoutMs: timeoutMs + 2000 })
  const last = lines.at(-1)
  if (code !== 0 || last === undefined) throw new Error(`loadgen ${args.join(' ')}: ${stderr || `code ${code}`}`)
  return JSON.parse(last)
}

/**
 * Puts load on a broker and takes its figures.
 * @param warmMs unmeasured at the beginning
 * @param measureMs measured after it
 */
export async function generateLoad(
  command: 'send' | 'transact' | 'reply' | 'pull' | 'pop' | 'poll' | 'create',
  flags: Flags,
  target: { addresses: string; pid: number },
  { warmMs, measureMs }: { warmMs: number; measureMs: number },
): Promise<Measurement> {
  const all = { ...flags, address: target.addresses, pid: target.pid, warm: warmMs, measure: measureMs }
  // What stands in very many lite topics is taken first.
  const beforeMs = 'lite' in flags ? 120_000 : 40_000
  const report = (await runGenerator(command, all, warmMs + measureMs + beforeMs)) as GeneratorReport
  const [server] = report.servers
  return {
    messages: report.messages,
    seconds: report.seconds,
    errors: report.errors,
    firstError: report.firstError,
    latency: report.latency.counts.length > 0 ? report.latency : undefined,
    cpuSeconds: server?.cpuSeconds,
    rssBytes: server?.rssBytes,
    anonymousBytes: server?.anonymousBytes,
    generatorCpuSeconds: report.generatorCpuSeconds,
  }
}

/**
 * Sends that many messages in batches, before a row that reads them.
 * @param inTurn whether they have a property n, 0 to 9 in turn
 */
export async function fillTopic(addresses: string, topic: string, count: number, inTurn = false): Promise<void> {
  const timeoutMs = 60_000
  const flags: Flags = { address: addresses, topic, count, batch: 32, 'in-flight': 4, measure: timeoutMs - 5000 }
  await runGenerator('fill', inTurn ? { ...flags, 'in-turn': true } : flags, timeoutMs)
}

/** Sends one message to each of so many lite topics. */
export async function fillLiteTopics(addresses: string, topic: string, count: number): Promise<void> {
  const timeoutMs = 120_000
  const flags = { address: addresses, topic, lite: count, count, connections: 1, 'in-flight': 64 }
  await runGenerator('fill', { ...flags, measure: timeoutMs - 5000 }, timeoutMs)
}

/** Sends one message to each queue of several topics. */
export async function touchTopics(addresses: string, topic: string, topics: number, queues: number): Promise<void> {
  const timeoutMs = 60_000
  const flags = { address: addresses, topic, topics, queues, count: topics * queues, connections: 1, 'in-flight': 64 }
  await runGenerator('fill', { ...flags, measure: timeoutMs - 5000 }, timeoutMs)
}

/** Tries to send until a broker that is being started accepts; returns when that was, in milliseconds since 1970. */
export async function awaitFirstAccepted(address: string, timeoutMs: number): Promise<number> {
  const answer = await runGenerator('first', { address, topic: 'First', measure: timeoutMs }, timeoutMs + 2000)
  return (answer as { acceptedAtUnixMs: number }).acceptedAtUnixMs
}

/** Makes the system forget the cached pages of a store whose broker is stopped. */
export async function dropCachedPages(folder: string): Promise<void> {
  await runGenerator('drop', { folder }, 120_000)
}

/** Writes a store with the consume queues of so many messages. */
export async function growStore(folder: string, topic: string, queues: number, count: number): Promise<void> {
  await runGenerator('grow', { folder, topic, queues, count }, 300_000)
}
