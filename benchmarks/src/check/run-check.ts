import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pollUntil } from '../../../interop/targets/deadline.ts'
import { makeRunFolder } from '../cleanup.ts'
import { median } from '../figures/measurement.ts'
import { measureSlice, prepareRow } from '../measure/measure-slice.ts'
import type { BenchOptions } from '../options.ts'
import { baselineFile, benchmarksFolder } from '../paths.ts'
import { createProgress } from '../report/progress.ts'
import { alignColumns } from '../report/table.ts'
import { allRows, mainRowIds, pickRows } from '../rows/all-rows.ts'
import type { Row } from '../rows/row.ts'
import { plain } from '../rows/setups.ts'
import { type BenchServers, startServers } from '../servers/bench-servers.ts'
import { allowedLoss, type Baseline, type CheckLine, compareCosts, lowestCost, type RowCost } from './baseline.ts'
import { calibrateComputing } from './computing-calibration.ts'
import { WakingCalibration } from './waking-calibration.ts'

const warmUpMs = 2000
const calibrations = 5
/** Two slices of the same row differ more where the system's part is most of it. */
const extraSlicesOfWaking = 2

/**
 * Measures ours on the main rows and compares with `baseline.json`.
 * @returns the exit code: 1 when a figure is worse than its stored one by more than 20 %
 */
export async function runCheck(options: BenchOptions): Promise<number> {
  const rows = pickRows(allRows, options.only ?? mainRowIds, false)
  const folder = makeRunFolder()
  const allocationsFile = join(folder, 'allocations')
  const slices = (row: Row): number => options.rounds + (row.mostlyWakes ? extraSlicesOfWaking : 0)
  const progress = createProgress(
    rows.reduce((sum, row) => sum + slices(row), 0),
    process.stderr,
  )
  const say = (text: string): void => progress.say(text)
  const probe = pathToFileURL(join(benchmarksFolder, 'src', 'check', 'allocation-probe.mjs')).href
  const servers = await startServers('ours', plain, {
    folder,
    say,
    nodeArguments: ['--import', probe],
    environment: { BENCH_ALLOCATIONS_FILE: allocationsFile },
  })
  const measured: Baseline = {}
  const waking = await WakingCalibration.start()
  try {
    for (const row of rows) {
      await prepareRow(row, servers, say)
      const costs: RowCost[] = []
      for (let slice = 0; slice < slices(row); slice++) {
        say(`${row.id}: slice ${slice + 1} of ${slices(row)}`)
        costs.push(await measureCost(row, { servers, waking, allocationsFile, folder, say }, options.seconds))
        progress.step()
      }
      measured[row.id] = lowestCost(costs)
    }
  } finally {
    waking.stop()
    await servers.kill()
  }
  progress.done()
  return report(measured, options.updateBaseline)
}

interface CheckContext {
  servers: BenchServers
  waking: WakingCalibration
  allocationsFile: string
  folder: string
  say: (text: string) => void
}

async function measureCost(row: Row, context: CheckContext, seconds: number): Promise<RowCost> {
  const { servers, allocationsFile } = context
  if (row.load.kind !== 'generator') throw new Error(`${row.id} cannot be checked: it is no load of the generator`)
  await measureSlice(row, undefined, { ...context, warmMs: 0, measureMs: warmUpMs })
  const before = await calibrateAlone(row, context)
  await allocatedSinceLast(servers, allocationsFile)
  // Nothing unmeasured: the allocations of all messages are counted.
  const slice = await measureSlice(row, undefined, { ...context, warmMs: 0, measureMs: seconds * 1000 })
  const allocatedBytes = await allocatedSinceLast(servers, allocationsFile)
  const after = await calibrateAlone(row, context)
  const { messages, cpuSeconds } = slice
  if (!messages || cpuSeconds === undefined) throw new Error(`${row.id}: no messages, or no processor time was read`)
  return {
    cpuRatio: (cpuSeconds * 1e6) / messages / median([...before, ...after]),
    allocatedBytes: allocatedBytes / messages,
  }
}

/** What the row is divided by is measured right before and right after the slice, with the broker standing still. */
async function calibrateAlone(row: Row, { servers, waking }: CheckContext): Promise<number[]> {
  servers.pause()
  const results: number[] = []
  for (let count = 0; count < calibrations; count++) {
    results.push(row.mostlyWakes ? await waking.calibrate() : calibrateComputing())
  }
  await servers.resume()
  return results
}

/** Asks the probe in the broker, and awaits the line that it writes. */
async function allocatedSinceLast(servers: BenchServers, file: string): Promise<number> {
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [])
  const before = lines().length
  process.kill(servers.broker.pid, 'SIGUSR2')
  const last = await pollUntil('the allocations of the broker', async () => {
    const now = lines()
    return now.length > before ? now.at(-1)! : { notYet: `${now.length} lines` }
  })
  return JSON.parse(last).allocatedBytes
}

function report(measured: Baseline, update: boolean): number {
  const stored: Baseline = existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, 'utf8')) : {}
  const lines = compareCosts(measured, stored)
  console.log(alignColumns([['row', 'figure', 'measured', 'stored', 'change', ''], ...lines.map(cellsOf)]))
  console.log(
    '\nCPU: processor time a message / that of a round of the calibration loop, or of an echo where the broker mostly' +
      ' wakes up; allocated: bytes a message',
  )
  if (update) {
    writeFileSync(baselineFile, `${JSON.stringify({ ...stored, ...measured }, undefined, 2)}\n`)
    console.log('baseline.json holds these figures now')
    return 0
  }
  if (lines.some(({ stored }) => stored === undefined)) {
    console.log('what is not stored was not checked: --check --update-baseline stores it')
  }
  const failed = lines.filter((line) => line.failed)
  if (failed.length === 0) return 0
  console.error(`${failed.length} figures are more than ${allowedLoss * 100} % worse than stored`)
  return 1
}

function cellsOf({ row, figure, measured, stored, loss, failed }: CheckLine): string[] {
  const change = loss === undefined ? '' : `${loss > 0 ? '+' : ''}${(loss * 100).toFixed(1)} %`
  return [row, figure, measured.toPrecision(4), stored?.toPrecision(4) ?? '-', change, failed ? 'WORSE' : '']
}
