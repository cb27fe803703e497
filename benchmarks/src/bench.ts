import { loadavg } from 'node:os'
import type { TargetName } from '../../interop/targets/target.ts'
import { findTool } from '../../interop/targets/tooling.ts'
import { runCheck } from './check/run-check.ts'
import { makeRunFolder } from './cleanup.ts'
import type { Goal } from './figures/goals.ts'
import { buildGenerator } from './load/generator.ts'
import type { BenchOptions } from './options.ts'
import { runProfile } from './profile/run-profile.ts'
import { describeMachine } from './report/machine.ts'
import { createProgress } from './report/progress.ts'
import { recordResults, writeResults } from './report/results-files.ts'
import { alignColumns, formatTable, remarksOf } from './report/table.ts'
import { allRows, pickRows } from './rows/all-rows.ts'
import type { Row } from './rows/row.ts'
import { countSlices, runRows } from './run-rows.ts'
import { runSteady } from './steady/run-steady.ts'

/** @returns the exit code */
export async function runBench(options: BenchOptions): Promise<number> {
  if (options.list) return listRows(allRows)
  if (findTool('go') === undefined) throw new Error('Go is needed for the load generator and is not on the PATH')
  await buildGenerator()
  if (options.check) return runCheck(options)
  if (options.profile !== undefined) return runProfile(pickRows(allRows, [options.profile], false)[0]!, options)
  if (options.steady !== undefined) return measureSteadiness(options.steady, options)
  return measureRows(pickRows(allRows, options.only, options.quick), options)
}

function listRows(rows: readonly Row[]): number {
  console.log(alignColumns(rows.map(({ id, title, quick }) => [id, `${title}${quick ? ' (quick)' : ''}`])))
  return 0
}

async function measureRows(rows: Row[], options: BenchOptions): Promise<number> {
  const targets = availableTargets(options.target)
  const machine = describeMachine()
  const { quick, seconds, rounds } = options
  const otherLoad = loadavg()[0] ?? 0
  const progress = createProgress(countSlices(rows, { targets, rounds }), process.stderr)
  const results = await runRows(rows, {
    targets,
    quick,
    seconds,
    rounds,
    otherLoad,
    folder: makeRunFolder(),
    progress,
    now: () => new Date(),
    onResult: (result) => progress.keep(formatTable([result], goalsOf)),
  })
  progress.done()
  console.log(formatTable(results, goalsOf))
  console.log('\nours, in brackets ours / official; CPU us: processor time of the broker a message')
  for (const remark of remarksOf(results, machine.cores)) console.log(`- ${remark}`)
  if (quick && options.only === undefined) console.log('- the other rows are measured without --quick')
  writeResults('last-run', { machine, rows: results }, goalsOf)
  if (options.record && targets.length === 2) {
    const order = allRows.map(({ id }) => id)
    recordResults(machine, results, order, goalsOf)
  }
  return results.some(({ failures }) => failures.ours !== undefined) ? 1 : 0
}

/** One broker at a time: what the other one would need of the machine would not be steady. */
function measureSteadiness(minutes: number, { target, steadyRate, record }: BenchOptions): Promise<number> {
  const [measured = 'ours'] = availableTargets(target === 'official' ? 'official' : 'ours')
  return runSteady(measured, minutes, steadyRate, record)
}

function goalsOf(id: string): readonly Goal[] {
  return allRows.find((row) => row.id === id)?.goals ?? []
}

/** Both when Java and Maven are there, else ours alone after a line that says so. */
function availableTargets(wanted: BenchOptions['target']): TargetName[] {
  if (wanted === 'ours') return ['ours']
  const missing = (['java', 'mvn'] as const).filter((tool) => findTool(tool) === undefined)
  if (missing.length === 0) return wanted === 'both' ? ['ours', 'official'] : ['official']
  const reason = `the official broker is not measured: ${missing.join(' and ')} not found on the PATH`
  if (wanted === 'official') throw new Error(reason)
  console.error(reason)
  return ['ours']
}
