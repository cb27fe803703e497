import type { CancelTimer, Clock } from './clock.ts'
import type { Log } from './log.ts'

interface Window {
  lines: number
  leftOut: number
  cancel: CancelTimer
}

/**
 * Limits log lines that peers can cause as often as they like, such as a hostile client by its connections. Each kind
 * of line has a limit for each interval. At the end of the interval one line tells how many were left out.
 */
export class BoundedLog {
  readonly #log: Log
  readonly #clock: Pick<Clock, 'after'>
  readonly #linesMax: number
  readonly #intervalMs: number
  /** By kind. Kinds are words of this program, so there are few. */
  readonly #windows = new Map<string, Window>()

  constructor(log: Log, clock: Pick<Clock, 'after'>, linesMax = 10, intervalMs = 10_000) {
    this.#log = log
    this.#clock = clock
    this.#linesMax = linesMax
    this.#intervalMs = intervalMs
  }

  info(kind: string, fields: Record<string, unknown>, message: string): void {
    if (this.#takes(kind)) this.#log.info(fields, message)
  }

  warn(kind: string, fields: Record<string, unknown>, message: string): void {
    if (this.#takes(kind)) this.#log.warn(fields, message)
  }

  error(kind: string, fields: Record<string, unknown>, message: string): void {
    if (this.#takes(kind)) this.#log.error(fields, message)
  }

  /** Logs what was left out so far. */
  close(): void {
    for (const [kind, window] of this.#windows) {
      window.cancel()
      this.#windowEnds(kind, window)
    }
  }

  #takes(kind: string): boolean {
    let window = this.#windows.get(kind)
    if (window === undefined) {
      const opened: Window = {
        lines: 0,
        leftOut: 0,
        cancel: this.#clock.after(this.#intervalMs, () => this.#windowEnds(kind, opened)),
      }
      window = opened
      this.#windows.set(kind, opened)
    }
    if (window.lines++ < this.#linesMax) return true
    window.leftOut++
    return false
  }

  #windowEnds(kind: string, { leftOut }: Window): void {
    this.#windows.delete(kind)
    if (leftOut === 0) return
    this.#log.warn({ kind, leftOut, intervalMs: this.#intervalMs }, 'further log lines of one kind were left out')
  }
}
