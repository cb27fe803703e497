import type { FoundDefect } from './fuzz-attempt.ts'
import type { FuzzOptions } from './fuzz-options.ts'
import type { FuzzRow } from './fuzz-row.ts'

/** An input on which a decoder failed. */
export interface Defect {
  /** Index of the input that showed the defect; undefined when seed and index do not determine the input. */
  readonly index: number | undefined
  readonly input: Buffer
  /** The shortest input found that shows the same defect. */
  readonly shortest: Buffer
  readonly attempt: FoundDefect
}

const shownBytesMax = 600

/** Decoders failed. The message has the inputs, and the commands that repeat them. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure'
  readonly defects: readonly Defect[]

  constructor(row: FuzzRow, options: FuzzOptions, defects: readonly Defect[]) {
    super(defects.map((defect) => describe(row, options, defect)).join('\n\n'))
    this.defects = defects
  }
}

function describe(row: FuzzRow, options: FuzzOptions, { index, input, shortest, attempt }: Defect): string {
  const { stage, error } = attempt
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const where = stage === 'valid input' ? 'refused a valid input' : `threw in ${stage}`
  const stack = error instanceof Error ? `\n${error.stack?.split('\n').slice(1, 5).join('\n')}` : ''
  return [
    `${row.name} ${where}: ${what.slice(0, 500)}${stack}`,
    `  input: ${input.length} bytes, ${shortest.length} when shortened: ${shown(shortest)}`,
    `  as text: ${JSON.stringify(shortest.toString('utf8')).slice(0, shownBytesMax)}`,
    `  repeat it: ${repeating(row, options, index, shortest)}`,
  ].join('\n')
}

function shown(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return hex.length > shownBytesMax ? `${hex.slice(0, shownBytesMax)}...` : hex
}

function repeating(row: FuzzRow, options: FuzzOptions, index: number | undefined, shortest: Buffer): string {
  const which =
    index === undefined ? `FUZZ_INPUT=${shortest.toString('hex')}` : `FUZZ_SEED=${options.seed} FUZZ_INDEX=${index}`
  const name = row.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return `${which} npx vitest run ${options.where} -t '${name}$'`
}
