import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { BrokerStats } from '@rocketmq-ts/protocol'
import { Counter, type Sampling, samplingLevels, tickMs } from './counter.ts'

/** Makes counters and samples those that change, by a timer: adding to one reads no clock. */
export class CounterSampler implements Sampling {
  readonly #clock: Clock
  readonly #beforeSample: () => void
  readonly #changed: Counter[][] = samplingLevels.map(() => [])
  #tick = 0
  #cancelTimer: CancelTimer = () => {}

  /** @param beforeSample brings to the counters what waits for them elsewhere */
  constructor(clock: Clock, beforeSample: () => void) {
    this.#clock = clock
    this.#beforeSample = beforeSample
  }

  get tick(): number {
    return this.#tick
  }

  start(): void {
    this.#cancelTimer = this.#clock.every(tickMs, () => this.#sample())
  }

  close(): void {
    this.#cancelTimer()
  }

  makeCounter(): Counter {
    return new Counter(this)
  }

  noteChange(counter: Counter, level: number): void {
    this.#changed[level]!.push(counter)
  }

  view(counter: Counter): BrokerStats {
    return { statsMinute: counter.view(0), statsHour: counter.view(1), statsDay: counter.view(2) }
  }

  /** Additions a second over the last minute. */
  tps(counter: Counter | undefined): number {
    return counter?.view(0).tps ?? 0
  }

  #sample(): void {
    this.#beforeSample()
    this.#tick++
    for (const [level, { ticks }] of samplingLevels.entries()) {
      if (this.#tick % ticks !== 0) continue
      const changed = this.#changed[level]!
      this.#changed[level] = []
      for (const counter of changed) counter.sample(level)
    }
  }
}
