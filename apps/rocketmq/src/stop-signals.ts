import type { EventEmitter } from 'node:events'

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Milliseconds. One Ctrl-C arrives twice when a parent process, such as npm, passes it on as well. */
const sameRequestMs = 500

export interface StopSignalsOptions {
  /** Where signals are emitted: `process`. */
  signals: EventEmitter
  /** Milliseconds that never go back. */
  monotonic(): number
  /** Called at the second request to stop: must end the process at once. */
  onSecondRequest(): void
  /** Called for each hang-up of the terminal that is ignored; without it a hang-up is a request to stop. */
  onIgnoredHangUp?(): void
}

/** Resolves with the first signal that asks the process to stop. */
export function stopRequested(options: StopSignalsOptions): Promise<string> {
  const { signals, monotonic, onSecondRequest, onIgnoredHangUp } = options
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    for (const name of stopSignals) {
      signals.on(name, () => {
        if (name === 'SIGHUP' && onIgnoredHangUp !== undefined) {
          onIgnoredHangUp()
          return
        }
        if (firstAtMs === undefined) {
          firstAtMs = monotonic()
          resolve(name)
        } else if (monotonic() - firstAtMs >= sameRequestMs) onSecondRequest()
      })
    }
  })
}
