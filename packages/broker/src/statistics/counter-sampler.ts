import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { BrokerStats } from '@rocketmq-ts/protocol'
import { Counter, samplingLevels } from './counter.ts'

/** Makes counters and samples those that change, by timers: adding to one reads no clock. */
export class CounterSampler {
  readonly #clock: Clock
  readonly #beforeSample: () => void
  readonly #changed: Counter[][] = samplingLevels.map(() => [])
  readonly #ticks = samplingLevels.map(() => 0)
  #cancelTimers: CancelTimer[] = []

  /** @param beforeSample brings to the counters what waits for them elsewhere */
  constructor(clock: Clock, beforeSample: () => void) {
    this.#clock = clock
    this.#beforeSample = beforeSample
  }

  start(): void {
    this.#cancelTimers = samplingLevels.map(({ intervalMs }, level) =>
      this.#clock.every(intervalMs, () => this.#sample(level)),
    )
  }

  close(): void {
    for (const cancel of this.#cancelTimers) cancel()
  }

  makeCounter(): Counter {
    return new Counter((counter, level) => this.#changed[level]!.push(counter), this.#ticks)
  }

  view(counter: Counter): BrokerStats {
    const [minute, hour, day] = this.#ticks as [number, number, number]
    return { statsMinute: counter.view(0, minute), statsHour: counter.view(1, hour), statsDay: counter.view(2, day) }
  }

  /** Additions a second over the last minute. */
  tps(counter: Counter | undefined): number {
    return counter?.view(0, this.#ticks[0]!).tps ?? 0
  }

  #sample(level: number): void {
    this.#beforeSample()
    const tick = ++this.#ticks[level]!
    const changed = this.#changed[level]!
    this.#changed[level] = []
    for (const counter of changed) counter.sample(level, tick)
  }
}
