import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import type { TargetName } from '../../../interop/targets/target.ts'
import { makeRunFolder } from '../cleanup.ts'
import { dropCachedPages, fillTopic } from '../load/generator.ts'
import { cacheFolder } from '../paths.ts'
import { describeMachine } from '../report/machine.ts'
import { createProgress, type Progress } from '../report/progress.ts'
import { alignColumns } from '../report/table.ts'
import type { Setup } from '../rows/row.ts'
import { type BenchServers, startServers } from '../servers/bench-servers.ts'
import { neededDiskBytes, planSteady, reservedDiskBytes, type SteadyPlan } from './plan.ts'
import { type SteadyRun, sampleHead, sampleLine, steadyRemarks, verdictLines, writeSteadyResults } from './report.ts'
import { type HeapUse, type SteadySample, toSample } from './sample.ts'
import { runSteadyLoad } from './steady-load.ts'
import { judgeSteadiness } from './verdicts.ts'

const topic = 'Bench'
const farTopic = 'BenchFar'
const queues = 4
/** Messages that one call of the generator sends in its time. */
const fillPortion = 2_000_000

const setup: Setup = {
  topics: [
    { name: topic, count: 1, queues },
    { name: farTopic, count: 1, queues },
  ],
  brokerConfig: {
    // Consumers at the tail take all that came since their last pull; those far behind ask for 32.
    maxTransferCountOnMessageInMemory: '1024',
    // What consumers far behind read has to stay; the run looks after the disk itself.
    fileReservedTime: '720',
    cleanFileForciblyEnable: 'false',
    diskMaxUsedSpaceRatio: '95',
    diskSpaceCleanForciblyRatio: '98',
    diskSpaceWarningLevelRatio: '99',
  },
}

/**
 * Sends for minutes, with consumers at the tail all the time and others that are far behind in every other phase, and
 * judges whether memory, latency and rate stay as they are.
 * @param isRecorded whether the figures are kept in results/
 * @returns the exit code: 1 when a promise is broken
 * @throws Error when there is not enough disk, or the load fails
 */
export async function runSteady(
  target: TargetName,
  minutes: number,
  rate: number,
  isRecorded: boolean,
): Promise<number> {
  const plan = planSteady(minutes, rate)
  mkdirSync(cacheFolder, { recursive: true })
  assertDisk(neededDiskBytes(plan), plan)
  const machine = describeMachine()
  const startedAt = new Date().toISOString()
  const otherLoad = loadavg()[0] ?? 0
  const progress = createProgress(plan.totalSeconds / plan.sampleSeconds, process.stderr)
  const samples = await measure(target, plan, progress)
  progress.done()
  const verdicts = judgeSteadiness(samples, plan)
  const run: SteadyRun = { machine, target, startedAt, otherLoad, plan, verdicts, samples }
  console.log(alignColumns(verdictLines(run)))
  for (const remark of steadyRemarks(run)) console.log(`- ${remark}`)
  if (isRecorded) writeSteadyResults(run)
  return verdicts.every(({ met }) => met) ? 0 : 1
}

async function measure(target: TargetName, plan: SteadyPlan, progress: Progress): Promise<SteadySample[]> {
  const folder = makeRunFolder()
  const say = (text: string): void => progress.say(text)
  const heapFile = join(folder, 'heap')
  const probe = new URL('./heap-probe.mjs', import.meta.url).href
  const servers = await startServers(target, setup, {
    folder,
    say,
    nodeArguments: ['--import', probe],
    environment: { BENCH_HEAP_FILE: heapFile },
  })
  try {
    await prepare(servers, plan, say)
    return await takeSamples(servers, plan, progress, () => readHeap(heapFile))
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${servers.broker.logTail()}`, { cause: error })
  } finally {
    await servers.kill()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Makes what consumers far behind read, and starts the broker anew, so that neither it nor the system has it in memory. */
async function prepare(servers: BenchServers, { farMessages }: SteadyPlan, say: (text: string) => void): Promise<void> {
  for (let sent = 0; sent < farMessages; sent += fillPortion) {
    say(`sending ${farMessages / 1e6} million messages to read later: ${sent / 1e6} are there`)
    await fillTopic(servers.brokerAddresses, farTopic, Math.min(fillPortion, farMessages - sent))
  }
  say('stopping, dropping the cached pages, starting')
  await servers.broker.stop()
  await dropCachedPages(servers.storeFolder)
  await servers.broker.restart()
}

async function takeSamples(
  servers: BenchServers,
  plan: SteadyPlan,
  progress: Progress,
  heap: () => HeapUse | undefined,
): Promise<SteadySample[]> {
  const measureMs = plan.totalSeconds * 1000
  const flags = {
    address: servers.brokerAddresses,
    pid: servers.broker.pid,
    topic,
    queues,
    connections: 16,
    'in-flight': 32,
    consumers: queues,
    max: 32,
    'far-topic': farTopic,
    folder: servers.storeFolder,
    rate: plan.rate,
    measure: measureMs,
    phase: plan.phaseSeconds * 1000,
    sample: plan.sampleSeconds * 1000,
  }
  const samples: SteadySample[] = []
  progress.keep(sampleHead())
  await runSteadyLoad(flags, measureMs + 30_000, (raw) => {
    const sample = toSample(raw, heap())
    samples.push(sample)
    progress.keep(sampleLine(sample))
    progress.step()
    assertDisk(reservedDiskBytes / 2, plan)
  })
  return samples
}

function readHeap(file: string): HeapUse | undefined {
  // Only ours has the probe.
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** @throws Error when less is free on the disk of the clone */
function assertDisk(neededBytes: number, plan: SteadyPlan): void {
  const { bavail, bsize } = statfsSync(cacheFolder)
  const freeBytes = bavail * bsize
  if (freeBytes >= neededBytes) return
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1)
  throw new Error(
    `${gigabytes(freeBytes)} GB are free on the disk of ${cacheFolder}, ${gigabytes(neededBytes)} GB are needed: ` +
      `a run of ${plan.totalSeconds} s may store ${gigabytes(neededDiskBytes(plan) - reservedDiskBytes)} GB`,
  )
}
