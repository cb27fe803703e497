/**
 * Time, chance and the order of everything in a world that is simulated in one process: a queue of events, each of which
 * is one turn of one simulated process's loop, or something that the network or a disk does. Nothing happens while
 * nobody waits for it, and one seed always gives the same order.
 *
 * After each event all promises that it settled have run (`turnOfTheRealLoop`) before the next event begins, as between
 * two callbacks of Node's loop. That makes code with promises as repeatable as code without, as long as no promise
 * waits for something outside of the simulation.
 */
import type { CancelTimer } from '../../clock.ts'
import { SeededRandom } from '../seeded-random.ts'
import { EventQueue, type SimulatedEvent } from './event-queue.ts'
import { Trace } from './trace.ts'

interface Waiter {
  fail(error: Error): void
}

/** Simulated milliseconds that `settle` waits when nothing else is said. */
const settleMsMax = 600_000

/** Resolves when every promise that is settled now has told those who wait for it. */
function turnOfTheRealLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export class Simulation {
  readonly seed: number
  readonly random: SeededRandom
  readonly trace = new Trace(() => this.monotonic())
  readonly #events = new EventQueue()
  readonly #waiters = new Set<Waiter>()
  #nowUs = 0
  #order = 0
  #isRunning = false
  #failure: Error | undefined

  constructor(seed: number) {
    this.seed = seed
    this.random = new SeededRandom(seed)
  }

  /** Milliseconds since the start, in steps of a microsecond. */
  monotonic(): number {
    return this.#nowUs / 1000
  }

  /** Calls back when so much time has passed. */
  after(delayMs: number, callback: () => void): CancelTimer {
    const atUs = this.#nowUs + Math.max(0, Math.round(delayMs * 1000))
    const event: SimulatedEvent = { atUs, order: this.#order++, run: callback }
    this.#events.push(event)
    return () => {
      event.run = undefined
    }
  }

  /** A source of random numbers of its own, so that what it is used for does not change the others. */
  fork(): SeededRandom {
    return new SeededRandom(this.random.below(2 ** 32))
  }

  /** A simulated process ended with an error that nobody took: everybody who waits is told, now and later. */
  fail(error: Error): void {
    this.#failure ??= error
    for (const waiter of [...this.#waiters]) waiter.fail(error)
  }

  /** What `fail` was told first. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Lets time pass. */
  sleep(durationMs: number): Promise<void> {
    return this.settle(new Promise<void>((resolve) => void this.after(durationMs, resolve)), durationMs + 1)
  }

  /** Lets things happen until a condition holds. @throws Error after `msMax` of simulated time */
  async until(what: string, isSo: () => boolean | Promise<boolean>, msMax = settleMsMax): Promise<void> {
    const deadlineMs = this.monotonic() + msMax
    while (!(await isSo())) {
      if (this.monotonic() > deadlineMs) throw new Error(`${what}: not after ${msMax} ms of simulated time`)
      await this.sleep(10)
    }
  }

  /**
   * Lets things happen until a promise is settled. Several may be waited for at a time.
   * @throws what the promise throws; the error of a simulated process; Error after `msMax` of simulated time
   */
  settle<Result>(promise: Promise<Result>, msMax = settleMsMax): Promise<Result> {
    if (this.#failure !== undefined) {
      promise.catch(() => {})
      return Promise.reject(this.#failure)
    }
    return new Promise<Result>((resolve, reject) => {
      const end = (): void => {
        cancel()
        this.#waiters.delete(waiter)
      }
      const waiter = {
        fail: (error: Error): void => {
          end()
          reject(error)
        },
      }
      const cancel = this.after(msMax, () => waiter.fail(new Error(`no end after ${msMax} ms of simulated time`)))
      this.#waiters.add(waiter)
      promise.then(
        (result) => {
          end()
          resolve(result)
        },
        (error: Error) => waiter.fail(error),
      )
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    for (;;) {
      await turnOfTheRealLoop()
      if (this.#waiters.size === 0) break
      const event = this.#events.pop()
      if (event === undefined) throw new Error('something is waited for, and nothing will happen any more')
      if (event.run === undefined) continue
      this.#nowUs = event.atUs
      event.run()
    }
    this.#isRunning = false
  }
}
