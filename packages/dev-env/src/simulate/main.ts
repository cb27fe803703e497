import { parseArgs } from 'node:util'
import { describeViolations } from '../checkers/index.ts'
import { type SimulationReport, simulate } from './simulation-run.ts'

const usage = `Random load and faults over one name server and two brokers, checked.

  npm run simulate -- --seeds 1000         so many seeds, from --from on (1 without it)
  npm run simulate -- --seed 42            one seed
  npm run simulate -- --minutes 10         seeds for so long
  npm run simulate -- --seed 42 --story 400  the last so many events of a run with a finding
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      story: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const first = wholeNumber('--seed', values.seed ?? values.from)
  const untilMs = values.minutes === undefined ? undefined : performance.now() + Number(values.minutes) * 60_000
  const count =
    values.seed !== undefined
      ? 1
      : wholeNumber('--seeds', values.seeds ?? (untilMs === undefined ? '100' : '1000000000'))
  const story = wholeNumber('--story', values.story)
  let findings = 0
  let done = 0
  const startMs = performance.now()
  for (let seed = first; seed < first + count; seed++) {
    if (untilMs !== undefined && performance.now() > untilMs) break
    const report = await simulate({ seed, storyLines: story })
    done++
    if (report.violations.length > 0) {
      findings++
      process.stdout.write(finding(report))
    }
    if (count === 1) process.stdout.write(`${summary(report)}\n`)
    else if (done % 50 === 0) process.stdout.write(`${done} seeds, ${findings} with findings, ${seconds(startMs)} s\n`)
  }
  process.stdout.write(`${done} seeds, ${findings} with findings, ${seconds(startMs)} s\n`)
  return findings === 0 ? 0 : 1
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) throw new Error(`${option} takes a whole number, not "${text}"`)
  return number
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1)
}

function summary({ seed, sends, acknowledged, simulatedMs, hash }: SimulationReport): string {
  return `seed ${seed}: ${acknowledged} of ${sends} messages acknowledged in ${(simulatedMs / 1000).toFixed(1)} simulated seconds, hash ${hash}`
}

function finding(report: SimulationReport): string {
  return [
    '',
    `seed ${report.seed} found something. Again: npm run simulate -- --seed ${report.seed}`,
    describeViolations(report.violations),
    'The last events:',
    ...report.story.map((line) => `  ${line}`),
    '',
    '',
  ].join('\n')
}

process.exitCode = await main()
