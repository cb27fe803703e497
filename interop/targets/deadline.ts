import { setTimeout as pause } from 'node:timers/promises'

/** What a condition answers while it does not hold yet: the reason, for the message when the deadline passes. */
export type NotYet = { notYet: string }

/**
 * Asks a condition again and again until it holds.
 * @param what named in the error
 * @param timeoutMs from now
 * @param condition the value once it holds, else the reason why not; an exception it throws ends the wait
 * @throws Error with `what` and the last reason when the deadline passes
 */
export async function pollUntil<Value>(
  what: string,
  timeoutMs: number,
  condition: () => Promise<Value | NotYet>,
  intervalMs = 50,
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
 * @throws NotInTimeError
 */
export async function within<Value>(what: string, timeoutMs: number, promise: Promise<Value>): Promise<Value> {
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
