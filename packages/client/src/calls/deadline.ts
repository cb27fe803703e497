import type { Clock } from '@rocketmq-ts/platform'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'

/** What every call takes. */
export interface CallOptions {
  /** Ends the call early, with ABORTED. A server may still carry out what was sent to it. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the whole call, with all its retries. */
  readonly timeoutMs?: number | undefined
}

/** For calls that take more. */
export const callFields = { signal: true, timeoutMs: true } as const satisfies Readonly<Record<keyof CallOptions, true>>

const knownCallFields = knownFields<CallOptions>(callFields)

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkCall(options: CallOptions, known: ReadonlySet<string> = knownCallFields): void {
  refuseUnknownFields('a call', options, known)
  const { signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgument(`signal is ${signal}: give the signal of an AbortController`)
  }
  checkDuration('timeoutMs', options.timeoutMs)
}

/** @throws RocketMQError INVALID_ARGUMENT when a duration is no number above 0 */
export function checkDuration(name: string, value: number | undefined): void {
  if (value === undefined) return
  if (!Number.isFinite(value) || value <= 0) throw invalidArgument(`${name} is ${value}: give milliseconds above 0`)
}

/** The time that a call has left, and the signal that may end it earlier. Clocks that are set back do not matter. */
export class Deadline {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Whether the caller has said nothing: what keeps to the usual time by itself needs no watching. */
  readonly isUsual: boolean
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>
  readonly #endMs: number

  /** @param timeoutMs counts when the options give none */
  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, options: CallOptions, timeoutMs: number) {
    this.#clock = clock
    this.timeoutMs = options.timeoutMs ?? timeoutMs
    this.signal = options.signal
    this.isUsual = options.timeoutMs === undefined && options.signal === undefined
    this.#endMs = clock.monotonic() + this.timeoutMs
  }

  /** Milliseconds, never below 0. */
  get leftMs(): number {
    return Math.max(0, this.#endMs - this.#clock.monotonic())
  }

  /** @throws RocketMQError ABORTED when the signal says so, TIMEOUT when the time is over */
  check(): void {
    if (this.signal?.aborted) throw this.#aborted('refused')
    if (this.leftMs <= 0) throw this.#over('refused')
  }

  /** The promise's outcome; or ABORTED or TIMEOUT as soon as that is so, and then its outcome is passed by. */
  within<Result>(promise: Promise<Result>): Promise<Result> {
    const { signal } = this
    return new Promise<Result>((resolve, reject) => {
      const end = (): void => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        end()
        reject(this.#aborted('unknown'))
      }
      const cancel = this.#clock.after(this.leftMs, () => {
        end()
        reject(this.#over('unknown'))
      })
      promise.then(
        (result) => {
          end()
          resolve(result)
        },
        (error: unknown) => {
          end()
          reject(error)
        },
      )
      if (signal?.aborted) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Like `within` for a promise that keeps to the time itself: only the signal is waited for as well. */
  unlessAborted<Result>(promise: Promise<Result>): Promise<Result> {
    return this.signal === undefined ? promise : this.within(promise)
  }

  /** Waits; no longer than there is time. @throws RocketMQError ABORTED, TIMEOUT */
  async pause(durationMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(durationMs, resolve)
    try {
      await this.within(promise)
    } finally {
      cancel()
    }
  }

  #aborted(outcome: 'refused' | 'unknown'): RocketMQError {
    return new RocketMQError('ABORTED', 'the call was ended by its signal', { cause: this.signal?.reason, outcome })
  }

  #over(outcome: 'refused' | 'unknown'): RocketMQError {
    return new RocketMQError('TIMEOUT', `the call took longer than ${this.timeoutMs} ms`, { outcome })
  }
}

/** Waits, or until the signal says that there is no use in it. Never rejects. */
export async function pauseUnless(
  signal: AbortSignal,
  durationMs: number,
  clock: Pick<Clock, 'monotonic' | 'after'>,
): Promise<void> {
  await new Deadline(clock, { signal }, durationMs + 1000).pause(durationMs).catch(() => {})
}
