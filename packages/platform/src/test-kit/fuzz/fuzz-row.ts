import type { SeededRandom } from '../seeded-random.ts'

// biome-ignore lint/suspicious/noExplicitAny: stands for the class of whatever error
type ErrorClass = abstract new (...parameters: any[]) => Error

/** A decoder with what is needed to fuzz it: one row of a table. */
export interface FuzzRow<Value = unknown> {
  /** What is fuzzed, as failures name it; unique among the rows of a test. */
  readonly name: string
  /** The functions that the row exercises, by name, for a check that none was forgotten. */
  readonly covers?: readonly string[]
  /** Valid inputs, of which others are made. Each of them has to be taken. */
  seeds(): readonly Buffer[]
  /** Decodes one input; may throw `refusals` only. @param random the same for the same input */
  decode(input: Buffer, random: SeededRandom): Value
  /** Looks at what was decoded, such as whether it survives being encoded; all that it throws is a defect. */
  check?(value: Value, input: Buffer): void
  /** The documented errors of the decoder: exactly these classes, none that is derived from them. */
  readonly refusals?: readonly ErrorClass[]
  /** `json`: tokens of JSON text are exchanged as well as bytes. */
  readonly grammar?: 'bytes' | 'json'
  /** What has a meaning to the decoder, to be put into inputs. */
  readonly words?: readonly string[]
  /** Makes lengths and checksums right again, so that a changed input gets past them; applied to every other one. */
  repair?(input: Buffer, random: SeededRandom): Buffer
  /** How many inputs of other rows one of these costs: so many fewer are tried. Default 1. */
  readonly cost?: number
  /** Bytes of buffers that one input may make the decoder allocate. Default: 1 MiB and 64 times the input. */
  readonly allocatedBytesMax?: number
}

/** A row of a table whose rows decode to different things. Its valid inputs are made once, when they are needed. */
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
