import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { OrderKey } from '../pop/order-table.ts'

/** Queues are free again at the next multiple of so many milliseconds: one timer serves all of them. */
const stepMs = 200
/** The loop's time that is taken before others have their turn. */
const sliceMs = 5

/**
 * Tells when light queues are free again of which something was given and not acknowledged. There may be very many: those
 * that are free at about the same time are looked at together.
 */
export class LiteWakes {
  readonly #clock: Clock
  readonly #blockedUntilMs: (key: OrderKey) => number | undefined
  readonly #onFree: (key: OrderKey) => void
  /** By the time at which they are free, in steps since 1970. */
  readonly #due = new Map<number, Map<string, OrderKey>>()
  /** By `topic@group`, the step at which a queue is looked at. */
  readonly #steps = new Map<string, number>()
  #cancelTimer: CancelTimer | undefined
  /** Whether what is due goes on in a later turn. */
  #goesOn = false

  constructor(clock: Clock, blockedUntilMs: (key: OrderKey) => number | undefined, onFree: (key: OrderKey) => void) {
    this.#clock = clock
    this.#blockedUntilMs = blockedUntilMs
    this.#onFree = onFree
  }

  /** Has a queue told when it is free; later times than those that were asked for before are found then. */
  watch(key: OrderKey): void {
    const untilMs = this.#blockedUntilMs(key)
    if (untilMs === undefined) {
      this.#onFree(key)
      return
    }
    const step = Math.ceil(untilMs / stepMs)
    const name = `${key.topic}@${key.group}`
    const known = this.#steps.get(name)
    if (known !== undefined) {
      if (known <= step) return
      const before = this.#due.get(known)
      before?.delete(name)
      if (before?.size === 0) this.#due.delete(known)
    }
    this.#steps.set(name, step)
    const keys = this.#due.get(step)
    if (keys === undefined) this.#due.set(step, new Map([[name, key]]))
    else keys.set(name, key)
    this.#cancelTimer ??= this.#clock.every(stepMs, () => this.#look())
  }

  close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#due.clear()
    this.#steps.clear()
  }

  #goOnLater(): void {
    if (this.#goesOn) return
    this.#goesOn = true
    this.#clock.nextTurn(() => {
      this.#goesOn = false
      this.#look()
    })
  }

  #look(): void {
    // The wall clock may be set: all steps are compared with what it shows now.
    const nowStep = Math.floor(this.#clock.now() / stepMs)
    const startMs = this.#clock.monotonic()
    for (const [step, keys] of this.#due) {
      if (step > nowStep) continue
      for (const [name, key] of keys) {
        if (this.#clock.monotonic() - startMs >= sliceMs) {
          this.#goOnLater()
          return
        }
        keys.delete(name)
        this.#steps.delete(name)
        this.watch(key)
      }
      this.#due.delete(step)
    }
    if (this.#due.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
