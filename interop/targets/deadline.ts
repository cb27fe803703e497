import { setTimeout as pause } from 'node:timers/promises'

/** What a condition answers while it does not hold yet: the reason, for the message when the deadline passes. */
export type NotYet = { notYet: string }

/**
 * How long a test waits for what has to come, however slow the machine is. It keeps a test from waiting for ever, and says
 * nothing about speed: what has to be fast is measured where that is promised.
 */
export const patienceMs = 180_000

/** The same for a scenario of an official client, which waits for one thing after the other. */
export const scenarioPatienceMs = 600_000

/**
 * Asks a condition again and again until it holds.
 * @param what named in the error
 * @param condition the value once it holds, else the reason why not; an exception it throws ends the wait
 * @param options.timeoutMs from now
 * @param options.intervalMs between two questions
 * @throws Error with `what` and the last reason when the deadline passes
 */
export async function pollUntil<Value>(
  what: string,
  condition: () => Promise<Value | NotYet>,
  { timeoutMs = patienceMs, intervalMs = 50 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Value> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const outcome = await condition()
    if (!isNotYet(outcome)) return outcome
    if (performance.now() >= deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms, last: ${outcome.notYet}`)
    }
    await pause(intervalMs)
  }
}

function isNotYet(outcome: unknown): outcome is NotYet {
  return typeof outcome === 'object' && outcome !== null && 'notYet' in outcome
}

export class NotInTimeError extends Error {
  override readonly name = 'NotInTimeError'
}

/**
 * The promise's outcome, or an error once the time is over.
 * @param what named in the error
 * @param timeoutMs from now
 * @throws NotInTimeError
 */
export async function within<Value>(what: string, promise: Promise<Value>, timeoutMs = patienceMs): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotInTimeError(`${what}: not within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, expiry])
  } finally {
    clearTimeout(timer)
  }
}
