import { Script } from 'node:vm'

/** One input took longer than any should. */
export class HangError extends Error {
  override readonly name = 'HangError'
}

/** One input made its decoder ask for far more memory than it has bytes itself. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError'
}

const slot = Symbol.for('rocketmq-ts.fuzz.step')
const script = new Script('globalThis[Symbol.for("rocketmq-ts.fuzz.step")]()')

/**
 * Runs a step that cannot be interrupted otherwise, since it never gives the loop back.
 *
 * @throws HangError when it is not over after `timeoutMs`; what it throws itself
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
 * Counts what is asked for by `Buffer.alloc` and its like while it is in use, and refuses what is beyond a limit before
 * the memory is gone.
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

  /** Begins to count anew. */
  start(bytesMax: number): void {
    this.#bytes = 0
    this.#bytesMax = bytesMax
  }

  /** @throws AllocationError once the limit was passed, for those who caught the first one */
  check(): void {
    if (this.#bytes > this.#bytesMax) {
      throw new AllocationError(`${this.#bytes} bytes of buffers were asked for, ${this.#bytesMax} are allowed`)
    }
  }

  [Symbol.dispose](): void {
    for (const [name, original] of this.#originals) Buffer[name] = original as (typeof Buffer)[typeof name]
  }
}
