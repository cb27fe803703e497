import type { FuzzRow } from './fuzz-row.ts'

/** How many inputs are tried, and which. */
export interface FuzzOptions {
  /** Inputs of a row whose cost is 1. */
  readonly count: number
  readonly seed: number
  /** Only this input of the row, by its index. */
  readonly index?: number | undefined
  /** Only this input. */
  readonly input?: Buffer | undefined
  /** Whether inputs that reach new code are kept, as a start for further inputs. */
  readonly isGuided: boolean
  /** A row ends after this many different defects. */
  readonly defectsMax: number
  /** Milliseconds after which an input counts as hanging. */
  readonly hangMs: number
  /** A file that gets a line of JSON for each row. */
  readonly reportPath?: string | undefined
  /** The test file that the rows belong to, for the command that repeats a failure. */
  readonly where: string
}

const countDefault = 150
const seedDefault = 1

/**
 * Reads the options from the environment: FUZZ_COUNT, FUZZ_SEED (a number, or `random`), FUZZ_INDEX, FUZZ_INPUT (hex),
 * FUZZ_GUIDED=1, FUZZ_DEFECTS, FUZZ_REPORT (a file).
 */
export function fuzzOptions(where: string, variables: NodeJS.ProcessEnv = process.env): FuzzOptions {
  const { FUZZ_COUNT, FUZZ_SEED, FUZZ_INDEX, FUZZ_INPUT, FUZZ_GUIDED, FUZZ_DEFECTS, FUZZ_REPORT } = variables
  return {
    count: wholeNumber('FUZZ_COUNT', FUZZ_COUNT) ?? countDefault,
    seed: FUZZ_SEED === 'random' ? Date.now() >>> 0 : (wholeNumber('FUZZ_SEED', FUZZ_SEED) ?? seedDefault),
    index: wholeNumber('FUZZ_INDEX', FUZZ_INDEX),
    input: FUZZ_INPUT === undefined ? undefined : Buffer.from(FUZZ_INPUT, 'hex'),
    isGuided: FUZZ_GUIDED === '1',
    defectsMax: wholeNumber('FUZZ_DEFECTS', FUZZ_DEFECTS) ?? 1,
    hangMs: 20_000,
    reportPath: FUZZ_REPORT,
    where,
  }
}

/** The number of inputs of a row to try: at least all valid ones. */
export function inputCount(row: FuzzRow, options: FuzzOptions): number {
  return Math.max(Math.ceil(options.count / (row.cost ?? 1)), row.seeds().length)
}

/** Milliseconds that the test of a row may take: generous, since it only has to end a hang. */
export function fuzzTimeoutMs(row: FuzzRow, options: FuzzOptions): number {
  return 60_000 + options.defectsMax * 60_000 + inputCount(row, options) * 5 * (row.cost ?? 1)
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name}=${text} is not a whole number`)
  return value
}
