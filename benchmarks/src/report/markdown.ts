import { describeGoal, type Goal, judge, ratioOf } from '../figures/goals.ts'
import type { ByTarget, Figures } from '../figures/measurement.ts'
import type { FunctionCost } from '../profile/cpu-profile.ts'
import type { RowResult } from '../run-rows.ts'
import { ratioText, short, tableMetrics } from './format.ts'
import type { Machine } from './machine.ts'
import { remarksOf } from './table.ts'

/** What is kept of runs: for each row the last one. */
export interface Results {
  machine: Machine
  rows: RowResult[]
}

/** Tables with ours, the official broker's and their ratio, the verdict on each goal, and remarks. */
export function formatMarkdown({ machine, rows }: Results, goalsOf: (id: string) => readonly Goal[]): string {
  const figuresOfRow = (id: string): ByTarget<Figures> | undefined => rows.find((row) => row.id === id)?.figures
  const sections = [machineLine(machine), '', ...tableLines(rows, goalsOf, figuresOfRow)]
  const remarks = remarksOf(rows, machine.cores)
  if (remarks.length > 0) sections.push('', 'Remarks:', '', ...remarks.map((remark) => `- ${remark}`))
  return `${sections.join('\n')}\n`
}

function machineLine(machine: Machine): string {
  const { java, heapMb } = machine
  return `${machineText(machine)}, ${java === undefined ? 'no Java' : `${java} (heap ${heapMb} MB)`}.`
}

export function machineText({ processor, cores, memoryGb, system, node }: Machine): string {
  return `Machine: ${cores} cores of ${processor}, ${memoryGb} GB, ${system}, Node ${node}`
}

function tableLines(
  rows: readonly RowResult[],
  goalsOf: (id: string) => readonly Goal[],
  figuresOfRow: (id: string) => ByTarget<Figures> | undefined,
): string[] {
  const lines = ['| row | figure | ours | official | ratio | goal |', '|---|---|---:|---:|---:|---|']
  for (const row of rows) {
    const goals = goalsOf(row.id)
    const metrics = tableMetrics.filter(
      ({ metric }) => row.figures.ours?.[metric] !== undefined || row.figures.official?.[metric] !== undefined,
    )
    if (metrics.length === 0) lines.push(`| **${row.id}**: ${row.title} | not measured | | | | ${allGoals(goals)} |`)
    for (const [index, { metric, head }] of metrics.entries()) {
      const cell = (value: number | undefined): string => (value === undefined ? '' : short(value))
      const ratio = ratioOf(row.figures, metric)
      const verdicts = goals
        .filter((goal) => goal.metric === metric)
        .map((goal) => `${describeGoal(goal)}: ${judge(goal, row.figures, figuresOfRow)}`)
      const name = index === 0 ? `**${row.id}**: ${row.title}` : ''
      const figure = metric === 'rate' && row.unit !== 'messages' ? `${row.unit} /s` : head
      const ours = cell(row.figures.ours?.[metric])
      const official = cell(row.figures.official?.[metric])
      const ratioCell = ratio === undefined ? '' : ratioText(ratio)
      lines.push(`| ${name} | ${figure} | ${ours} | ${official} | ${ratioCell} | ${verdicts.join('; ')} |`)
    }
  }
  return lines
}

function allGoals(goals: readonly Goal[]): string {
  return goals.map(describeGoal).join('; ')
}

/** The parts of docs/performance.md that are written by runs. */
type Part = 'figures' | 'sdk' | 'profiles'

/**
 * Puts text into a document, in place of what stands between the part's marks.
 * @throws Error when the document has no place for it
 */
export function replacePart(document: string, part: Part, text: string): string {
  const begin = `<!-- ${part}: written by npm run bench -->`
  const end = `<!-- end of ${part} -->`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`no lines ${begin} and ${end}`)
  return `${document.slice(0, from + begin.length)}\n\n${text}\n${document.slice(to)}`
}

/** The costliest functions of each row: how many of each are shown. */
const shownFunctions = 3

/** @param profiles by row id, the costliest function first */
export function formatProfiles(profiles: Readonly<Record<string, readonly FunctionCost[]>>): string {
  const lines = ['| row | costliest functions, by their own time |', '|---|---|']
  for (const [id, functions] of Object.entries(profiles)) {
    const costs = functions.slice(0, shownFunctions).map(({ name, place, share }) => {
      const where = place === '' ? '' : ` (${place})`
      return `\`${name}\`${where} ${(share * 100).toFixed(0)} %`
    })
    lines.push(`| ${id} | ${costs.join(', ')} |`)
  }
  return `${lines.join('\n')}\n`
}
