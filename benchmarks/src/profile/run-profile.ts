import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { makeRunFolder } from '../cleanup.ts'
import { measureSlice, prepareRow } from '../measure/measure-slice.ts'
import type { BenchOptions } from '../options.ts'
import { repositoryFolder } from '../paths.ts'
import { createProgress } from '../report/progress.ts'
import { recordProfile } from '../report/results-files.ts'
import { alignColumns } from '../report/table.ts'
import type { Row } from '../rows/row.ts'
import { startServers } from '../servers/bench-servers.ts'
import { type CpuProfile, costliestFunctions } from './cpu-profile.ts'

const shown = 20
const warmMs = 1000

/**
 * Runs ours under the row's load with `--cpu-prof` and prints the costliest functions. The profile covers the process from
 * its start to its end; idle time does not count.
 * @returns the exit code
 */
export async function runProfile(row: Row, options: BenchOptions): Promise<number> {
  if (row.load.kind === 'fresh' || row.setup.brokersInOneProcess !== undefined) {
    throw new Error(`${row.id} has no broker of its own that could be profiled: choose another row`)
  }
  const folder = makeRunFolder()
  const profiles = join(folder, 'profiles')
  const progress = createProgress(1, process.stderr)
  const say = (text: string): void => progress.say(text)
  const nodeArguments = ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
  const servers = await startServers('ours', row.setup, { folder, say, nodeArguments })
  try {
    await prepareRow(row, servers, say)
    say(row.title)
    const measureMs = options.seconds * 1000
    await measureSlice(row, undefined, { servers, warmMs, measureMs, folder, say })
    // The profile is written when the process ends in order.
    await servers.broker.stop()
  } finally {
    await servers.kill()
  }
  progress.done()
  const read = readdirSync(profiles).map((name): CpuProfile => JSON.parse(readFileSync(join(profiles, name), 'utf8')))
  if (read.length === 0) throw new Error('Node wrote no profile')
  const base = `${pathToFileURL(repositoryFolder).href}/`
  const functions = costliestFunctions(read, shown, base)
  const lines = functions.map(({ name, place, selfMs, share }) => [
    `${(share * 100).toFixed(1).padStart(5)} %  ${name}`,
    `${Math.round(selfMs)} ms`,
    place,
  ])
  console.log(`${row.id}: own time of functions, in per cent of the time in which the broker was not idle`)
  console.log(alignColumns(lines))
  if (options.record) recordProfile(row.id, functions)
  return 0
}
