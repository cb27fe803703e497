import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

/** A changed interval is noticed within this time. */
const lookMs = 1000

/**
 * Runs an action again and again.
 * @param intervalMs milliseconds from one run to the next; asked at least every second, so that a change counts soon
 */
export function repeat(clock: Clock, intervalMs: () => number, action: () => void): CancelTimer {
  let lastMs = clock.monotonic()
  let cancel: CancelTimer
  const remainingMs = (): number => lastMs + intervalMs() - clock.monotonic()
  const wait = (): void => {
    cancel = clock.after(Math.min(Math.max(remainingMs(), 1), lookMs), look)
  }
  const look = (): void => {
    // Timers may fire a little early.
    const isDue = remainingMs() < 1
    if (isDue) lastMs = clock.monotonic()
    wait()
    if (isDue) action()
  }
  wait()
  return () => cancel()
}
