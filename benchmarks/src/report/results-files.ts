import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Goal } from '../figures/goals.ts'
import { documentFile, resultsFolder } from '../paths.ts'
import type { FunctionCost } from '../profile/cpu-profile.ts'
import type { RowResult } from '../run-rows.ts'
import type { Machine } from './machine.ts'
import { formatMarkdown, formatProfiles, type Results, replacePart } from './markdown.ts'

/** Writes what a run measured as `results/NAME.json` and `results/NAME.md`. */
export function writeResults(name: string, results: Results, goalsOf: (id: string) => readonly Goal[]): void {
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(join(resultsFolder, `${name}.json`), `${JSON.stringify(results, undefined, 1)}\n`)
  writeFileSync(join(resultsFolder, `${name}.md`), formatMarkdown(results, goalsOf))
}

/** Takes the rows into `results/latest.*`, in the order of all rows, and shows them in docs/performance.md. */
export function recordResults(
  machine: Machine,
  measured: readonly RowResult[],
  order: readonly string[],
  goalsOf: (id: string) => readonly Goal[],
): void {
  const results = { machine, rows: mergeRows(readLatest()?.rows ?? [], measured, order) }
  writeResults('latest', results, goalsOf)
  const document = readFileSync(documentFile, 'utf8')
  writeFileSync(documentFile, replacePart(document, 'figures', formatMarkdown(results, goalsOf)))
}

/** Newly measured rows take the place of kept ones; rows that are no longer in the order are left out. */
export function mergeRows(
  kept: readonly RowResult[],
  measured: readonly RowResult[],
  order: readonly string[],
): RowResult[] {
  const byId = new Map([...kept, ...measured].map((row) => [row.id, row]))
  return order.flatMap((id) => byId.get(id) ?? [])
}

/** Takes a row's costliest functions into `results/profiles.json` and docs/performance.md. */
export function recordProfile(id: string, functions: readonly FunctionCost[]): void {
  mkdirSync(resultsFolder, { recursive: true })
  const file = join(resultsFolder, 'profiles.json')
  const kept: Record<string, FunctionCost[]> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const profiles = { ...kept, [id]: functions }
  writeFileSync(file, `${JSON.stringify(profiles, undefined, 1)}\n`)
  const document = readFileSync(documentFile, 'utf8')
  writeFileSync(documentFile, replacePart(document, 'profiles', formatProfiles(profiles)))
}

function readLatest(): Results | undefined {
  const file = join(resultsFolder, 'latest.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
