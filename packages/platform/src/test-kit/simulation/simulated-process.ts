import type { CancelTimer, Clock } from '../../clock.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Simulation } from './simulation.ts'

/** Microseconds that a turn of the loop takes at the most. */
const turnUsMax = 300
/** Microseconds that pass at the most between two looks at the clock in one turn. */
const lookUsMax = 20
/** One timer in so many is late. */
const lateTimerOneIn = 50
const lateMsMax = 20

/**
 * One life of a process: its loop, clock and chance. Everything that happens to it comes through `enter`, so that a
 * process that was killed hears of nothing any more, and one that is stopped hears of it when it goes on.
 *
 * The loop is Node's: what is asked for the end of a turn and for the next turn runs in one phase after what arrived, in
 * the order in which it was asked for. Timers are never early, and sometimes late.
 */
export class SimulatedProcess {
  readonly name: string
  readonly random: SeededRandom
  readonly clock: Clock
  readonly #simulation: Simulation
  readonly #wallOffsetMs: () => number
  readonly #startMs: number
  readonly #onDeath: (() => void)[] = []
  #isAlive = true
  #isPaused = false
  #deferred: (() => void)[] = []
  /** When the next phase of `endOfTurn` and `nextTurn` is, as long as it has not begun. */
  #phaseMs = 0
  #endOfTurn: (() => void)[] = []
  #lastLookMs = 0

  /** @param wallOffsetMs of its machine's clock: milliseconds from the start of the simulation to its time of day */
  constructor(simulation: Simulation, name: string, wallOffsetMs: () => number) {
    this.#simulation = simulation
    this.name = name
    this.random = simulation.fork()
    this.#wallOffsetMs = wallOffsetMs
    this.#startMs = simulation.monotonic()
    this.clock = {
      now: () => Math.floor(simulation.monotonic() + wallOffsetMs()),
      monotonic: () => this.#look(),
      turnTime: () => this.#look(),
      after: (delayMs, callback) => this.#timer(delayMs, callback),
      every: (intervalMs, callback) => this.#every(intervalMs, callback),
      endOfTurn: (callback) => this.#atEndOfTurn(callback),
      nextTurn: (callback) => this.#inPhase(callback),
    }
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Milliseconds of its machine's clock. */
  get wallMs(): number {
    return Math.floor(this.#simulation.monotonic() + this.#wallOffsetMs())
  }

  /** Runs a callback as one of this process's loop; later when it is stopped, never when it is dead. */
  enter(callback: () => void): void {
    if (!this.#isAlive) return
    if (this.#isPaused) {
      this.#deferred.push(callback)
      return
    }
    try {
      callback()
    } catch (error) {
      // What a dying process still says is not heard.
      if (!this.#isAlive) return
      const why = error instanceof Error ? error : new Error(String(error))
      this.#simulation.trace.tell(`${this.name}: uncaught ${why.stack ?? why.message}`)
      this.#simulation.fail(new Error(`${this.name} ended with an uncaught error: ${why.message}`, { cause: why }))
    }
  }

  /** Something outside of the loop (a disk, a thread) is done with it after a while. */
  later(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#simulation.after(delayMs, () => this.enter(resolve)))
  }

  /** Its loop stands still, as by SIGSTOP. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    const deferred = this.#deferred
    this.#deferred = []
    for (const callback of deferred) this.#simulation.after(0, () => this.enter(callback))
  }

  /** Nothing of it happens any more. */
  die(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#deferred = []
    this.#endOfTurn = []
    for (const callback of this.#onDeath.splice(0)) callback()
  }

  onDeath(callback: () => void): void {
    this.#onDeath.push(callback)
  }

  #look(): number {
    const nowMs = this.#simulation.monotonic() - this.#startMs
    this.#lastLookMs = Math.max(this.#lastLookMs + this.random.below(lookUsMax) / 1000, nowMs)
    return this.#lastLookMs
  }

  #timer(delayMs: number, callback: () => void): CancelTimer {
    const lateMs = this.random.oneIn(lateTimerOneIn) ? this.random.below(lateMsMax) : this.random.below(1000) / 1000
    let isCancelled = false
    const cancel = this.#simulation.after(Math.max(1, delayMs) + lateMs, () => {
      this.#simulation.trace.note(`${this.name} timer ${delayMs}`)
      this.enter(() => {
        // A stopped process may have cancelled it before it came to it.
        if (!isCancelled) callback()
      })
    })
    return () => {
      isCancelled = true
      cancel()
    }
  }

  #every(intervalMs: number, callback: () => void): CancelTimer {
    let isCancelled = false
    let cancel = (): void => {}
    const arm = (): void => {
      cancel = this.#timer(intervalMs, () => {
        if (!isCancelled) arm()
        callback()
      })
    }
    arm()
    return () => {
      isCancelled = true
      cancel()
    }
  }

  #atEndOfTurn(callback: () => void): void {
    if (this.#endOfTurn.length === 0) this.#inPhase(() => this.#finishTurn())
    this.#endOfTurn.push(callback)
  }

  /** Runs what waits, and what that adds, as Node's clock does. */
  #finishTurn(): void {
    let done = 0
    try {
      while (done < this.#endOfTurn.length) this.#endOfTurn[done++]!()
    } finally {
      this.#endOfTurn = this.#endOfTurn.slice(done)
      if (this.#endOfTurn.length > 0) this.#inPhase(() => this.#finishTurn())
    }
  }

  #inPhase(callback: () => void): void {
    const nowMs = this.#simulation.monotonic()
    if (this.#phaseMs <= nowMs) this.#phaseMs = nowMs + (1 + this.random.below(turnUsMax)) / 1000
    this.#simulation.after(this.#phaseMs - nowMs, () => this.enter(callback))
  }
}
