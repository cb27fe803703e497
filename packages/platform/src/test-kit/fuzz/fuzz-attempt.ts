import { crc32 } from 'node:zlib'
import { SeededRandom } from '../seeded-random.ts'
import { AllocationError, type AllocationGuard } from './fuzz-guards.ts'
import type { FuzzRow } from './fuzz-row.ts'

/** The result of one input. */
export type Attempt =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'defect'; readonly stage: 'decode' | 'check' | 'valid input'; readonly error: unknown }

/** A defect: where it showed, and how. */
export type FoundDefect = Extract<Attempt, { kind: 'defect' }>

const allocatedBytesMin = 1024 * 1024
const allocatedForByte = 64

/** Feeds one input to a row. @param mustBeTaken whether the input is valid */
export function attempt(row: FuzzRow, input: Buffer, mustBeTaken: boolean, guard: AllocationGuard): Attempt {
  guard.start(row.allocatedBytesMax ?? allocatedBytesMin + allocatedForByte * input.length)
  let value: unknown
  try {
    value = row.decode(input, new SeededRandom(crc32(input)))
    guard.check()
  } catch (error) {
    const problem = overspent(guard) ?? error
    if (!isRefusal(row, problem)) return { kind: 'defect', stage: 'decode', error: problem }
    return mustBeTaken ? { kind: 'defect', stage: 'valid input', error } : { kind: 'refused' }
  }
  try {
    guard.start(Number.POSITIVE_INFINITY)
    row.check?.(value, input)
    return { kind: 'taken' }
  } catch (error) {
    return { kind: 'defect', stage: 'check', error }
  }
}

/** The error for allocating too much, which a decoder may have caught. */
function overspent(guard: AllocationGuard): AllocationError | undefined {
  try {
    guard.check()
    return undefined
  } catch (error) {
    if (error instanceof AllocationError) return error
    throw error
  }
}

function isRefusal(row: FuzzRow, error: unknown): boolean {
  return (row.refusals ?? []).some((refusal) => (error as Error | undefined)?.constructor === refusal)
}

/** Tells defects apart: by stage, kind of error, and the place in the code. */
export function defectKey({ stage, error }: FoundDefect): string {
  if (!(error instanceof Error)) return `${stage} ${String(error)}`
  const place = error.stack?.split('\n').find((line) => line.includes('/src/') && !line.includes('/test-kit/'))
  return `${stage} ${error.name} ${place?.trim() ?? error.message}`
}
