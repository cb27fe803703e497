import type { BrokerStatsItem } from '@rocketmq-ts/protocol'
import { Samples } from './samples.ts'

/** What a level of sampling keeps: so many intervals of so long. */
export interface SamplingLevel {
  readonly intervalMs: number
  readonly intervalCount: number
}

/** The last minute every 10 seconds, the last hour every 10 minutes, the last day every hour. */
export const samplingLevels = [
  { intervalMs: 10_000, intervalCount: 6 },
  { intervalMs: 600_000, intervalCount: 6 },
  { intervalMs: 3_600_000, intervalCount: 24 },
] as const satisfies readonly SamplingLevel[]

/** Samples a counter at a level the next time; the counter has changed since it was sampled there last. */
export type NoteChange = (counter: Counter, level: number) => void

/** A sum that grows, and how often it did. */
export class Counter {
  readonly #noteChange: NoteChange
  readonly #samples: Samples[]
  readonly #isNoted = [false, false, false]
  sum = 0
  times = 0

  /** @param ticks of each level at which the counter comes to be */
  constructor(noteChange: NoteChange, ticks: readonly number[]) {
    this.#noteChange = noteChange
    this.#samples = samplingLevels.map(({ intervalCount }, level) => new Samples(intervalCount, ticks[level]!))
  }

  /** @param times additions that this stands for; 0 when their average means nothing */
  add(amount: number, times = 1): void {
    this.sum += amount
    this.times += times
    if (!this.#isNoted[0]) this.#note(0)
  }

  /** Takes the sum as that of a tick, and has itself sampled at the next level too. */
  sample(level: number, tick: number): void {
    this.#isNoted[level] = false
    this.#samples[level]!.put(tick, this.sum, this.times)
    if (level + 1 < samplingLevels.length && !this.#isNoted[level + 1]) this.#note(level + 1)
  }

  /** The growth in the span of a level up to its latest tick. */
  view(level: number, tick: number): BrokerStatsItem {
    const growth = this.#samples[level]!.growth(tick)
    const seconds = (growth.intervals * samplingLevels[level]!.intervalMs) / 1000
    return {
      sum: growth.sum,
      tps: seconds === 0 ? 0 : growth.sum / seconds,
      avgpt: growth.times === 0 ? 0 : growth.sum / growth.times,
    }
  }

  #note(level: number): void {
    this.#isNoted[level] = true
    this.#noteChange(this, level)
  }
}
