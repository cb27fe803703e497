import { Script } from 'node:vm'

/** One input took too long. */
export class HangError extends Error {
  override readonly name = 'HangError'
}

/** One input made its decoder allocate far more memory than the input has bytes. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError'
}

const slot = Symbol.for('rocketmq-ts.fuzz.step')
const script = new Script('globalThis[Symbol.for("rocketmq-ts.fuzz.step")]()')

/**
 * Runs a synchronous step with a timeout.
 *
 * @throws HangError when the step is not over after `timeoutMs`; what the step throws
 */
export function runWithin(timeoutMs: number, step: () => void): void {
  const holder = globalThis as { [slot]?: () => void }
  holder[slot] = step
  try {
    script.runInThisContext({ timeout: timeoutMs })
  } catch (error) {
    const isTimeout = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    throw isTimeout ? new HangError(`not over after ${timeoutMs} ms`) : error
  } finally {
    holder[slot] = undefined
  }
}

const allocators = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const

/**
 * Counts the bytes that `Buffer.alloc` and its like allocate while it is in use, and refuses allocations beyond a
 * limit.
 */
export class AllocationGuard {
  readonly #originals = allocators.map((name) => [name, Buffer[name]] as const)
  #bytes = 0
  #bytesMax = Number.POSITIVE_INFINITY

  constructor() {
    for (const [name, original] of this.#originals) {
      const counted = (size: number, ...rest: []): Buffer => {
        this.#bytes += size
        this.check()
        return original.call(Buffer, size, ...rest) as Buffer
      }
      Buffer[name] = counted as (typeof Buffer)[typeof name]
    }
  }

  /** Starts a new count. */
  start(bytesMax: number): void {
    this.#bytes = 0
    this.#bytesMax = bytesMax
  }

  /** @throws AllocationError once the limit was exceeded, since a decoder may have caught the first error */
  check(): void {
    if (this.#bytes > this.#bytesMax) {
      throw new AllocationError(`${this.#bytes} bytes of buffers were asked for, ${this.#bytesMax} are allowed`)
    }
  }

  [Symbol.dispose](): void {
    for (const [name, original] of this.#originals) Buffer[name] = original as (typeof Buffer)[typeof name]
  }
}
