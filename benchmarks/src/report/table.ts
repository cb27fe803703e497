import { type Goal, judge, ratioOf } from '../figures/goals.ts'
import type { ByTarget, Figures } from '../figures/measurement.ts'
import type { RowResult } from '../run-rows.ts'
import { ratioText, short, tableMetrics } from './format.ts'

/** One goal's verdict for a whole row: missed when one of its goals is. */
export function verdictOf(
  goals: readonly Goal[],
  result: RowResult,
  figuresOfRow: (id: string) => ByTarget<Figures> | undefined,
): string {
  const verdicts = goals.map((goal) => judge(goal, result.figures, figuresOfRow))
  if (verdicts.includes('missed')) return 'missed'
  return verdicts.includes('met') && !verdicts.includes('not judged') ? 'met' : '-'
}

/**
 * The results as lines of a table: ours, and in brackets ours divided by the official broker's. Columns that no row has
 * figures for are left out.
 */
export function formatTable(results: readonly RowResult[], goalsOf: (id: string) => readonly Goal[]): string {
  const columns = tableMetrics.filter(({ metric }) =>
    results.some(({ figures }) => figures.ours?.[metric] !== undefined || figures.official?.[metric] !== undefined),
  )
  const figuresOfRow = (id: string): ByTarget<Figures> | undefined =>
    results.find((result) => result.id === id)?.figures
  const lines = [['row', ...columns.map(({ head }) => head), 'goal']]
  for (const result of results) {
    const cells = columns.map(({ metric }) => {
      const ours = result.figures.ours?.[metric]
      const official = result.figures.official?.[metric]
      const ratio = ratioOf(result.figures, metric)
      if (ours === undefined) return official === undefined ? '' : `? / ${short(official)}`
      return ratio === undefined ? short(ours) : `${short(ours)} (${ratioText(ratio)})`
    })
    const goal = result.missing === undefined ? verdictOf(goalsOf(result.id), result, figuresOfRow) : 'not measured'
    lines.push([result.id, ...cells, goal])
  }
  return alignColumns(lines)
}

/** Pads cells to columns: the first to the left, the others to the right. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const line of lines)
    for (const [index, cell] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  return lines
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What readers of the table have to know: refusals, failures, rows that are missing, a generator at its limit. */
export function remarksOf(results: readonly RowResult[], cores: number): string[] {
  const remarks: string[] = []
  for (const { id, figures, failures, missing } of results) {
    if (missing !== undefined) remarks.push(`${id}: not measured: ${missing}`)
    for (const target of ['ours', 'official'] as const) {
      const failure = failures[target]
      if (failure !== undefined) remarks.push(`${id}, ${target}: ${failure}`)
      const { errorShare, firstError, generatorCores } = figures[target] ?? {}
      if (errorShare !== undefined) {
        remarks.push(`${id}, ${target}: ${(errorShare * 100).toPrecision(2)} % refused, such as: ${firstError ?? '?'}`)
      }
      if (generatorCores !== undefined && generatorCores > cores * 0.6) {
        remarks.push(`${id}, ${target}: the load generator used ${generatorCores.toFixed(2)} of ${cores} cores`)
      }
    }
  }
  const busy = results.filter(({ otherLoad }) => otherLoad > cores / 4)
  if (busy.length > 0) {
    const most = Math.max(...busy.map(({ otherLoad }) => otherLoad)).toFixed(1)
    const ids = busy.map(({ id }) => id).join(', ')
    remarks.push(`the machine had other work when the run began (load average up to ${most}): ${ids}`)
  }
  return remarks
}
