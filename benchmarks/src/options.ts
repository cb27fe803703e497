import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { leastMinutes } from './steady/plan.ts'

/** What the command line asks for. */
export interface BenchOptions {
  only: string[] | undefined
  quick: boolean
  /** Measured seconds of a slice. */
  seconds: number
  /** Slices of each row a target. */
  rounds: number
  target: 'ours' | 'official' | 'both'
  list: boolean
  check: boolean
  updateBaseline: boolean
  profile: string | undefined
  /** Minutes of a run that shows whether memory, latency and rate stay as they are. */
  steady: number | undefined
  /** Sends a second in such a run; 0: as fast as answers come. */
  steadyRate: number
  /** Whether the figures are kept in results/ and docs/performance.md. */
  record: boolean
}

/** @returns the options, or the exit code when there is nothing more to do (help, a wrong argument) */
export function parseBenchOptions(
  argv: readonly string[],
  write: (text: string) => void = (text) => process.stderr.write(text),
): BenchOptions | { exitCode: number } {
  const program = new Command('npm run bench --')
    .description('Measures our broker and the official one side by side, on this machine.')
    .option('--only <rows>', 'these rows, separated by commas (--list shows them)', names)
    .option('--quick', 'the most telling rows once, in under two minutes', false)
    .option('--seconds <number>', 'measured seconds of a slice (default: 5, with --quick 2)', positive)
    .option(
      '--rounds <number>',
      'slices of each row and broker, in turns (default: 3, with --quick 1)',
      positiveInteger,
    )
    .addOption(new Option('--target <which>', 'who is measured').choices(['ours', 'official', 'both']).default('both'))
    .option('--list', 'shows the rows and ends', false)
    .option('--check', 'compares CPU and allocations a message of the main rows with baseline.json', false)
    .option('--update-baseline', 'with --check: stores what was measured as the new baseline', false)
    .option('--profile <row>', 'runs ours with --cpu-prof and shows the 20 costliest functions')
    .addOption(
      new Option(
        '--steady [minutes]',
        'sends for minutes (default: 10) with consumers at the tail, and in turns with others far behind; ours unless --target official',
      )
        .preset('10')
        .argParser(steadyMinutes),
    )
    .option('--steady-rate <number>', 'with --steady: sends a second; 0: as fast as answers come', atLeastZero, 0)
    .option('--no-record', 'leaves results/ and docs/performance.md as they are')
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode }
    throw error
  }
  const given = program.opts()
  const quick: boolean = given.quick
  return {
    only: given.only,
    quick,
    seconds: given.seconds ?? (quick ? 2 : 5),
    rounds: given.rounds ?? (quick ? 1 : 3),
    target: given.target,
    list: given.list,
    check: given.check,
    updateBaseline: given.updateBaseline,
    profile: given.profile,
    steady: given.steady,
    steadyRate: given.steadyRate,
    record: given.record && !quick,
  }
}

function names(text: string): string[] {
  const list = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (list.length === 0) throw new InvalidArgumentError('name one row or more.')
  return list
}

function positive(text: string): number {
  const number = Number(text)
  if (!(number > 0 && number <= 3600)) throw new InvalidArgumentError('a number above 0 and up to 3600 is needed.')
  return number
}

function steadyMinutes(text: string): number {
  const number = Number(text)
  if (!(number >= leastMinutes && number <= 120)) {
    throw new InvalidArgumentError(`a number of minutes from ${leastMinutes} to 120 is needed.`)
  }
  return number
}

function atLeastZero(text: string): number {
  const number = Number(text)
  if (!(number >= 0 && number <= 1_000_000)) throw new InvalidArgumentError('a number from 0 to 1,000,000 is needed.')
  return number
}

function positiveInteger(text: string): number {
  const number = positive(text)
  if (!Number.isInteger(number)) throw new InvalidArgumentError('a whole number is needed.')
  return number
}
