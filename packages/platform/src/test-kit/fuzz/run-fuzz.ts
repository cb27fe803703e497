import { appendFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CoverageProbe } from './coverage-probe.ts'
import { type Attempt, attempt, defectKey, type FoundDefect } from './fuzz-attempt.ts'
import { type Defect, FuzzFailure } from './fuzz-failure.ts'
import { AllocationGuard, HangError, runWithin } from './fuzz-guards.ts'
import { FuzzInputs } from './fuzz-inputs.ts'
import { type FuzzOptions, inputCount } from './fuzz-options.ts'
import type { FuzzRow } from './fuzz-row.ts'
import { shrinkInput } from './shrink-input.ts'

/** The result of a run of a row. */
export interface FuzzReport {
  readonly row: string
  readonly seed: number
  readonly inputs: number
  readonly taken: number
  readonly refused: number
  /** Inputs that were kept because they reached new code. */
  readonly kept: number
  readonly durationMs: number
}

const batchSize = 2048
const guidedBatchSize = 64
/** Stack frames in the report of a defect. */
const stackFrames = 10

/**
 * Feeds the inputs of a row to its decoder.
 *
 * @throws FuzzFailure with the inputs on which the decoder failed
 */
export async function runFuzzRow(row: FuzzRow, options: FuzzOptions): Promise<FuzzReport> {
  using guard = new AllocationGuard()
  using _ = withStackFrames(0)
  const run = new FuzzRun(row, options, guard)
  if (options.input !== undefined) run.single(options.input)
  else if (options.index !== undefined) run.single(run.inputs.at(options.index), options.index)
  else await run.all()
  const report = run.report()
  if (options.reportPath !== undefined) appendFileSync(options.reportPath, `${JSON.stringify(report)}\n`)
  if (run.defects.size > 0) throw new FuzzFailure(row, options, [...run.defects.values()])
  return report
}

class FuzzRun {
  readonly inputs: FuzzInputs
  readonly defects = new Map<string, Defect>()
  readonly #row: FuzzRow
  readonly #options: FuzzOptions
  readonly #guard: AllocationGuard
  readonly #startMs = performance.now()
  #tried = 0
  #taken = 0
  #refused = 0

  constructor(row: FuzzRow, options: FuzzOptions, guard: AllocationGuard) {
    this.#row = row
    this.#options = options
    this.#guard = guard
    this.inputs = new FuzzInputs(row, options.seed)
  }

  report(): FuzzReport {
    return {
      row: this.#row.name,
      seed: this.#options.seed,
      inputs: this.#tried,
      taken: this.#taken,
      refused: this.#refused,
      kept: this.inputs.corpusSize - this.inputs.validCount,
      durationMs: Math.round(performance.now() - this.#startMs),
    }
  }

  single(input: Buffer, index?: number): void {
    const mustBeTaken = index !== undefined && index < this.inputs.validCount
    this.#note(input, index, this.#guarded(input, mustBeTaken))
  }

  async all(): Promise<void> {
    using probe = this.#options.isGuided ? new CoverageProbe() : undefined
    const count = inputCount(this.#row, this.#options)
    const size = probe === undefined ? Math.ceil(batchSize / (this.#row.cost ?? 1)) : guidedBatchSize
    for (let first = 0; first < count && this.#goesOn; first += size) {
      this.#batch(first, Math.min(count, first + size))
      if (probe !== undefined) this.#keepFresh(first, Math.min(count, first + size), probe)
      await nextTurn()
    }
  }

  get #goesOn(): boolean {
    return this.defects.size < this.#options.defectsMax
  }

  /** Runs many inputs under one timeout, since setting a timeout costs more than most inputs. */
  #batch(first: number, end: number): void {
    let next = first
    while (next < end && this.#goesOn) {
      try {
        runWithin(this.#options.hangMs, () => {
          for (; next < end && this.#goesOn; next++) this.#feed(next)
        })
      } catch (error) {
        if (!(error instanceof HangError)) throw error
        // The batch was slow, or this input hangs: alone it gets as much time as the whole batch had.
        this.single(this.inputs.at(next), next)
        next++
      }
    }
  }

  #feed(index: number): void {
    const input = this.inputs.at(index)
    this.#note(input, this.#indexToShow(index), attempt(this.#row, input, index < this.inputs.validCount, this.#guard))
  }

  /** Once inputs were kept, an index no longer determines an input. */
  #indexToShow(index: number): number | undefined {
    return this.#options.isGuided ? undefined : index
  }

  /** Keeps the inputs of a batch that reached new code. */
  #keepFresh(first: number, end: number, probe: CoverageProbe): void {
    let fresh = probe.takeFresh()
    if (fresh.length === 0) return
    // A kept input changes what an index gives, so all inputs are made before the first is kept.
    const inputs = Array.from({ length: end - first }, (_, offset) => this.inputs.at(first + offset))
    for (const input of inputs) {
      this.#guarded(input, false)
      const reached = probe.takeReached(fresh)
      if (reached.length === 0) continue
      this.inputs.keep(input)
      fresh = fresh.filter((place) => !reached.includes(place))
    }
  }

  #guarded(input: Buffer, mustBeTaken: boolean): Attempt {
    let outcome: Attempt = { kind: 'refused' }
    try {
      runWithin(this.#options.hangMs, () => {
        outcome = attempt(this.#row, input, mustBeTaken, this.#guard)
      })
      return outcome
    } catch (error) {
      return { kind: 'defect', stage: 'decode', error }
    }
  }

  #note(input: Buffer, index: number | undefined, outcome: Attempt): void {
    this.#tried++
    if (outcome.kind === 'taken') this.#taken++
    else if (outcome.kind === 'refused') this.#refused++
    else this.#noteDefect(input, index, outcome)
  }

  #noteDefect(input: Buffer, index: number | undefined, outcome: FoundDefect): void {
    using _ = withStackFrames(stackFrames)
    // Try again with a stack. A defect that does not show again hangs only at times, or depends on earlier inputs.
    const again = outcome.error instanceof HangError ? outcome : this.#guarded(input, outcome.stage === 'valid input')
    const found = again.kind === 'defect' ? again : outcome
    const key = defectKey(found)
    if (this.defects.has(key)) return
    this.defects.set(key, { index, input, shortest: this.#shortest(input, found, key), attempt: found })
  }

  #shortest(input: Buffer, found: FoundDefect, key: string): Buffer {
    if (found.error instanceof HangError || found.stage === 'valid input') return input
    return shrinkInput(
      input,
      (shorter) => {
        const outcome = attempt(this.#row, shorter, false, this.#guard)
        return outcome.kind === 'defect' && defectKey(outcome) === key
      },
      this.#row.cost === undefined ? 2000 : 200,
    )
  }
}

/** Limits stacks: they cost more than all the rest of refusing an input, and only defects need them. */
function withStackFrames(count: number): Disposable {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = count
  return {
    [Symbol.dispose]: () => {
      Error.stackTraceLimit = before
    },
  }
}
