import type { SeededRandom } from '../seeded-random.ts'

// biome-ignore lint/suspicious/noExplicitAny: stands for the class of whatever error
type ErrorClass = abstract new (...parameters: any[]) => Error

/** One row of a table: a decoder, and what is needed to fuzz it. */
export interface FuzzRow<Value = unknown> {
  /** Name of the row in failures; unique among the rows of a test. */
  readonly name: string
  /** Names of the functions that the row exercises, for a check that none was forgotten. */
  readonly covers?: readonly string[]
  /** Valid inputs, from which others are made. Each of them must be accepted. */
  seeds(): readonly Buffer[]
  /** Decodes one input; may throw `refusals` only. @param random the same for the same input */
  decode(input: Buffer, random: SeededRandom): Value
  /** Checks the decoded value, such as whether it survives being encoded. Any error that it throws is a defect. */
  check?(value: Value, input: Buffer): void
  /** The documented errors of the decoder: exactly these classes, no subclasses. */
  readonly refusals?: readonly ErrorClass[]
  /** `json`: tokens of JSON text are exchanged as well as bytes. */
  readonly grammar?: 'bytes' | 'json'
  /** Words with a meaning to the decoder, to be put into inputs. */
  readonly words?: readonly string[]
  /** Corrects lengths and checksums, so that a changed input passes them; applied to every other input. */
  repair?(input: Buffer, random: SeededRandom): Buffer
  /** Cost of one input, relative to other rows: with cost 10, a tenth of the inputs is tried. Default 1. */
  readonly cost?: number
  /** Bytes of buffers that one input may make the decoder allocate. Default: 1 MiB and 64 times the input. */
  readonly allocatedBytesMax?: number
}

/** A row for a table whose rows decode to different types. Its valid inputs are made once, when they are needed. */
export function fuzzRow<Value>(row: FuzzRow<Value>): FuzzRow {
  let seeds: readonly Buffer[] | undefined
  return {
    ...(row as FuzzRow),
    seeds() {
      seeds ??= row.seeds()
      return seeds
    },
  }
}
