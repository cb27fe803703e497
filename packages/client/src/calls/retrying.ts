import type { Random } from '@rocketmq-ts/platform'
import { RocketMQError } from '../rocketmq-error.ts'
import type { Deadline } from './deadline.ts'

/** How long to wait before trying again. */
export interface Backoff {
  /** Milliseconds before the second attempt, at the most; each further one waits up to twice as long as the one before. */
  readonly firstMs: number
  readonly mostMs: number
}

export const defaultBackoff: Backoff = { firstMs: 100, mostMs: 5000 }

/**
 * A random time up to a bound that doubles with each failure, and at least half of it: clients that failed together do
 * not come back together, and none comes back at once.
 * @param failures how often it has failed, from 1 on
 */
export function backoffMs({ firstMs, mostMs }: Backoff, failures: number, random: Random): number {
  const boundMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return boundMs / 2 + random.below(Math.floor(boundMs / 2) + 1)
}

export interface Retrying<Result> {
  readonly deadline: Deadline
  readonly random: Random
  readonly backoff: Backoff
  /** Attempts at the most; without it until the deadline. */
  readonly attemptsMax?: number | undefined
  /** @param attempt from 1 on */
  attempt(attempt: number): Promise<Result>
  /**
   * Told of a failure that may be tried again.
   * @returns `now` when the next attempt goes elsewhere and need not wait, `never` when it would fail for the same reason
   */
  onRetry?(error: RocketMQError, attempt: number): 'now' | 'later' | 'never'
}

/**
 * Tries until it works, fails for good, or the time is over.
 * @throws RocketMQError of the last attempt that says something, with the number of attempts. Its outcome is unknown
 * when that of any attempt is.
 */
export async function retrying<Result>(options: Retrying<Result>): Promise<Result> {
  const { deadline, random, backoff, attemptsMax = Number.POSITIVE_INFINITY } = options
  let last: RocketMQError | undefined
  let isUnknown = false
  for (let attempt = 1; ; attempt++) {
    let failure: RocketMQError
    try {
      deadline.check()
      return await options.attempt(attempt)
    } catch (error) {
      failure = error instanceof RocketMQError ? error : unexpected(error)
    }
    isUnknown ||= failure.outcome === 'unknown'
    // The end of the time says less than why no attempt succeeded.
    if (last === undefined || failure.code !== 'TIMEOUT' || deadline.leftMs > 0) last = failure
    last.attempts = attempt
    if (isUnknown) last.outcome = 'unknown'
    if (deadline.leftMs <= 0 || !failure.retryable || attempt >= attemptsMax) throw last
    const next = options.onRetry?.(failure, attempt) ?? 'later'
    if (next === 'now') continue
    if (next === 'never') throw last
    const waitMs = backoffMs(backoff, attempt, random)
    if (waitMs >= deadline.leftMs) throw last
    try {
      await deadline.pause(waitMs)
    } catch (error) {
      const ended = error as RocketMQError
      ended.attempts = attempt
      if (!isUnknown) ended.outcome = 'refused'
      throw ended
    }
  }
}

/** A defect, or an answer that cannot be read: what was asked may have been carried out. */
function unexpected(error: unknown): RocketMQError {
  const message = error instanceof Error ? error.message : String(error)
  return new RocketMQError('INVALID_ANSWER', message, { cause: error, outcome: 'unknown' })
}
