import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TargetName } from '../../../interop/targets/target.ts'
import { median } from '../figures/measurement.ts'
import { resultsFolder } from '../paths.ts'
import { short } from '../report/format.ts'
import type { Machine } from '../report/machine.ts'
import { middleOf, phasesOf } from './phases.ts'
import type { SteadyPlan } from './plan.ts'
import type { SteadySample } from './sample.ts'
import type { SteadyVerdict } from './verdicts.ts'

/** A run for steadiness and what it came to. */
export interface SteadyRun {
  machine: Machine
  target: TargetName
  startedAt: string
  /** The system's load average before the run. */
  otherLoad: number
  plan: SteadyPlan
  verdicts: SteadyVerdict[]
  samples: SteadySample[]
}

const columns: readonly { head: string; cell: (sample: SteadySample) => number | undefined }[] = [
  { head: 'rate /s', cell: ({ rate }) => rate },
  { head: 'p50 ms', cell: ({ p50Ms }) => p50Ms },
  { head: 'p99 ms', cell: ({ p99Ms }) => p99Ms },
  { head: 'p99.9 ms', cell: ({ p999Ms }) => p999Ms },
  { head: 'tail /s', cell: ({ tailRate }) => tailRate },
  { head: 'tail p50', cell: ({ tailP50Ms }) => tailP50Ms },
  { head: 'tail p99', cell: ({ tailP99Ms }) => tailP99Ms },
  { head: 'far /s', cell: ({ farRate }) => farRate },
  { head: 'RSS MB', cell: ({ rssMb }) => rssMb },
  { head: 'heap MB', cell: ({ heapMb }) => heapMb },
  { head: 'external MB', cell: ({ externalMb }) => externalMb },
  { head: 'broker cores', cell: ({ brokerCores }) => brokerCores },
  { head: 'generator cores', cell: ({ generatorCores }) => generatorCores },
]

/** The head of the lines that {@link sampleLine} makes. */
export function sampleHead(): string {
  return ['    s', 'far', ...columns.map(({ head }) => head)].join('  ')
}

/** One sample, as wide as its head. */
export function sampleLine(sample: SteadySample): string {
  const cells = columns.map(({ head, cell }) => cellText(cell(sample)).padStart(head.length))
  const errors = sample.errors === 0 ? [] : [`${sample.errors} refused: ${sample.firstError ?? '?'}`]
  const start = String(sample.fromSeconds.toFixed(0)).padStart(5)
  return [start, sample.farBehind ? 'yes' : ' no', ...cells, ...errors].join('  ')
}

function cellText(value: number | undefined): string {
  return value === undefined ? '' : short(value)
}

/** The verdicts as lines of cells. */
export function verdictLines({ verdicts }: SteadyRun): string[][] {
  return [
    ['promise', 'seen', 'verdict'],
    ...verdicts.map(({ promise, seen, met }) => [promise, seen, met ? 'kept' : 'BROKEN']),
  ]
}

/** Writes `results/steady*.json` and `.md`: a file for each target and for full and fixed rates. */
export function writeSteadyResults(run: SteadyRun): void {
  const name = `steady${run.target === 'ours' ? '' : '-official'}${run.plan.rate > 0 ? '-rate' : ''}`
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(join(resultsFolder, `${name}.json`), `${JSON.stringify(run, rounded, 1)}\n`)
  writeFileSync(join(resultsFolder, `${name}.md`), formatSteadyMarkdown(run))
}

/** Digits beyond the millionth say nothing. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value
}

/** What was done, the verdicts, and the middle figures of each phase. */
export function formatSteadyMarkdown(run: SteadyRun): string {
  const { machine, target, startedAt, plan, samples } = run
  const rate = plan.rate > 0 ? `at ${short(plan.rate)}/s` : 'as fast as answers come'
  const broker = target === 'ours' ? 'Ours' : 'The official broker'
  const { processor, cores, memoryGb, system, node } = machine
  const lines = [
    `${broker}, ${plan.totalSeconds} s from ${startedAt}, on ${cores} cores of ${processor}, ${memoryGb} GB, ${system}, ` +
      `Node ${node}: 16 connections send 128 bytes ${rate}, 4 consumers are at the tail, and in every other phase of ` +
      `${plan.phaseSeconds} s 4 connections with 4 pulls each read ${short(plan.farMessages)} messages from files that ` +
      'the system has not cached.',
    '',
    ...table(verdictLines(run)),
    '',
    `Phases after the first ${plan.warmUpSeconds} s, without the first ${plan.settleSeconds} s of each (medians):`,
    '',
    ...table(phaseLines(samples, plan)),
    '',
    ...steadyRemarks(run).map((remark) => `- ${remark}`),
  ]
  return `${lines.join('\n')}\n`
}

function phaseLines(samples: readonly SteadySample[], plan: SteadyPlan): string[][] {
  const rows = phasesOf(samples, plan).map((phase) => [
    String(phase.number * plan.phaseSeconds),
    phase.farBehind ? 'yes' : 'no',
    ...columns.map(({ cell }) => cellText(middleOf(phase, cell))),
  ])
  return [['from s', 'far', ...columns.map(({ head }) => head)], ...rows]
}

/** What readers of the figures have to know. */
export function steadyRemarks({ samples, plan, machine, otherLoad }: SteadyRun): string[] {
  const remarks: string[] = []
  const counted = samples.filter(({ fromSeconds }) => fromSeconds >= plan.warmUpSeconds)
  for (const farBehind of [false, true]) {
    const part = counted.filter((sample) => sample.farBehind === farBehind)
    if (part.length === 0) continue
    const [generator, broker] = [
      median(part.map(({ generatorCores }) => generatorCores)),
      median(part.map(({ brokerCores }) => brokerCores)),
    ]
    remarks.push(
      `${farBehind ? 'with' : 'without'} consumers far behind, the load generator used ${generator.toFixed(2)} and the ` +
        `broker ${broker.toFixed(2)} of ${machine.cores} cores`,
    )
  }
  const restarts = counted.reduce((total, { farRestarts }) => total + farRestarts, 0)
  if (restarts > 0) remarks.push(`consumers far behind reached the end of a queue ${restarts} times and began again`)
  if (otherLoad > machine.cores / 4) {
    remarks.push(`the machine had other work when the run began (load average ${otherLoad.toFixed(1)})`)
  }
  return remarks
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}
