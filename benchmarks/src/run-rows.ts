import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TargetName } from '../../interop/targets/target.ts'
import { type ByTarget, combine, type Figures, type Measurement } from './figures/measurement.ts'
import { generateLoad } from './load/generator.ts'
import { measureSlice, prepareRow } from './measure/measure-slice.ts'
import type { Progress } from './report/progress.ts'
import { groupBySetup } from './rows/all-rows.ts'
import type { Row } from './rows/row.ts'
import { type BenchServers, startServers } from './servers/bench-servers.ts'

/** What a row came to. */
export interface RowResult {
  id: string
  title: string
  unit: string
  figures: ByTarget<Figures>
  /** Why a target has no figures. */
  failures: ByTarget<string>
  /** Why the row was not measured at all. */
  missing?: string
  measuredAt: string
  seconds: number
  rounds: number
  /** The system's load average when the run began, before it did anything. */
  otherLoad: number
}

export interface RunOptions {
  targets: TargetName[]
  quick: boolean
  seconds: number
  rounds: number
  /** The system's load average before the run. */
  otherLoad: number
  folder: string
  progress: Progress
  now: () => Date
  /** Told after each row. */
  onResult: (result: RowResult) => void
}

/** Unmeasured load before the first row of a set-up: a virtual machine compiles what it runs often. */
const warmUpMs = { quick: 4000, full: 10_000 }
/** Unmeasured load before each slice. */
const sliceWarmMs = { quick: 500, full: 1000 }

/** Measures the rows, set-up by set-up; a row that fails is reported as such and the others go on. */
export async function runRows(rows: readonly Row[], options: RunOptions): Promise<RowResult[]> {
  const results: RowResult[] = []
  const keep = (result: RowResult): void => {
    results.push(result)
    options.onResult(result)
  }
  for (const row of rows) if (row.missing !== undefined) keep(resultOf(row, {}, {}, options))
  let number = 0
  for (const group of groupBySetup(rows.filter(({ missing }) => missing === undefined))) {
    const folder = join(options.folder, String(number++))
    await runGroup(group, folder, options, keep)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  return results
}

/** How many slices {@link runRows} measures. */
export function countSlices(rows: readonly Row[], options: Pick<RunOptions, 'targets' | 'rounds'>): number {
  let slices = 0
  for (const row of rows) {
    if (row.missing === undefined) slices += targetsOf(row, options.targets).length * (row.rounds ?? options.rounds)
  }
  return slices
}

function targetsOf(row: Row, targets: readonly TargetName[]): TargetName[] {
  return targets.filter((target) => target === 'ours' || row.oursOnly === undefined)
}

async function runGroup(
  rows: readonly Row[],
  folder: string,
  options: RunOptions,
  keep: (result: RowResult) => void,
): Promise<void> {
  const running: BenchServers[] = []
  const failures: ByTarget<string> = {}
  try {
    for (const target of targetsOf(rows[0]!, options.targets)) {
      const say = (text: string): void => options.progress.say(`${target}: ${text}`)
      try {
        const servers = await startServers(target, rows[0]!.setup, { folder: join(folder, target), say })
        running.push(servers)
        await warmUp(rows, servers, options)
        servers.pause()
      } catch (error) {
        failures[target] = firstLine(error)
        options.progress.keep(`${target} cannot be measured: ${(error as Error).message}`)
      }
    }
    for (const row of rows) {
      const slices = await runRow(row, running, folder, options, failures)
      keep(resultOf(row, slices.measurements, slices.failures, options))
    }
  } finally {
    await Promise.all(running.map((servers) => servers.kill()))
  }
}

/** Rows that look at fresh or grown brokers, or bring their own warm-up, need none. */
async function warmUp(rows: readonly Row[], servers: BenchServers, options: RunOptions): Promise<void> {
  const topic = rows[0]!.setup.topics[0]?.name
  if (topic === undefined || !rows.some(({ load }) => load.kind === 'generator' || load.kind === 'push')) return
  options.progress.say(`${servers.target}: warming up`)
  const measureMs = options.quick ? warmUpMs.quick : warmUpMs.full
  const target = { addresses: servers.brokerAddresses, pid: servers.broker.pid }
  await generateLoad('send', { topic, connections: 8, 'in-flight': 16 }, target, { warmMs: 0, measureMs })
}

interface Slices {
  measurements: ByTarget<Measurement[]>
  failures: ByTarget<string>
}

/** Slices in turns: one target first in even rounds, the other in odd ones, so that neither always has the better place. */
async function runRow(
  row: Row,
  running: readonly BenchServers[],
  folder: string,
  options: RunOptions,
  startFailures: ByTarget<string>,
): Promise<Slices> {
  const measurements: ByTarget<Measurement[]> = {}
  const failures: ByTarget<string> = { ...startFailures }
  const rounds = row.rounds ?? options.rounds
  const seconds = (options.quick ? row.quick?.seconds : row.seconds) ?? options.seconds
  for (let round = 0; round < rounds; round++) {
    for (const servers of round % 2 === 0 ? running : running.toReversed()) {
      const { target } = servers
      if (failures[target] !== undefined) continue
      const say = (text: string): void => options.progress.say(`${row.id}, ${target}: ${text}`)
      say(`slice ${round + 1} of ${rounds}`)
      try {
        await servers.resume()
        if (round === 0) await prepareRow(row, servers, say)
        const slice = await measureSlice(row, options.quick ? row.quick?.flags : undefined, {
          servers,
          warmMs: options.quick ? sliceWarmMs.quick : sliceWarmMs.full,
          measureMs: seconds * 1000,
          folder: join(folder, target),
          say,
        })
        measurements[target] = [...(measurements[target] ?? []), slice]
      } catch (error) {
        failures[target] = firstLine(error)
        options.progress.keep(`${row.id}, ${target}: ${(error as Error).message}`)
      }
      failures[target] ??= pauseFailure(servers)
      options.progress.step()
    }
  }
  return { measurements, failures }
}

function resultOf(
  row: Row,
  slices: ByTarget<Measurement[]>,
  failures: ByTarget<string>,
  { seconds, rounds, otherLoad, now }: RunOptions,
): RowResult {
  const figures: ByTarget<Figures> = {}
  for (const target of ['ours', 'official'] as const) {
    const own = slices[target]
    if (own !== undefined && own.length > 0) figures[target] = shown(combine(own), row.shows)
  }
  const all = { ...failures }
  if (row.oursOnly !== undefined) all.official = row.oursOnly
  return {
    id: row.id,
    title: row.title,
    unit: row.unit ?? 'messages',
    figures,
    failures: all,
    missing: row.missing,
    measuredAt: now().toISOString(),
    seconds: row.seconds ?? seconds,
    rounds: row.rounds ?? rounds,
    otherLoad,
  }
}

function shown(figures: Figures, names: Row['shows']): Figures {
  if (names === undefined) return figures
  return Object.fromEntries(Object.entries(figures).filter(([name]) => names.includes(name as keyof Figures)))
}

function firstLine(error: unknown): string {
  return String((error as Error).message)
    .split('\n')[0]!
    .slice(0, 300)
}

/** A broker that died can no longer be paused: it fails for the next rows too, with what its log says. */
function pauseFailure(servers: BenchServers): string | undefined {
  try {
    servers.pause()
    return undefined
  } catch (error) {
    return firstLine(error)
  }
}
