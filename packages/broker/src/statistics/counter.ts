import type { BrokerStatsItem } from '@rocketmq-ts/protocol'

/** The shortest time that a counter tells apart, in milliseconds. */
export const tickMs = 10_000

/** What a level of sampling keeps: so many intervals of so many ticks. */
interface SamplingLevel {
  readonly ticks: number
  readonly intervalCount: number
}

/** The last minute every 10 seconds, the last hour every 10 minutes, the last day every hour. */
export const samplingLevels = [
  { ticks: 1, intervalCount: 6 },
  { ticks: 60, intervalCount: 6 },
  { ticks: 360, intervalCount: 24 },
] as const satisfies readonly SamplingLevel[]

/** What samples counters. */
export interface Sampling {
  /** Ticks so far. */
  readonly tick: number
  /** Samples a counter at a level the next time; it has changed since it was sampled there last. */
  noteChange(counter: Counter, level: number): void
}

/** The interval of a level that a tick ends. */
function intervalAt(level: number, tick: number): number {
  return Math.floor(tick / samplingLevels[level]!.ticks)
}

/** What a sample consists of, one after the other in a list: the interval that it ends, the sum, the times. */
const sampleFields = 3

/**
 * A sum that grows, and how often it did. There are very many of them, most of which stand still: samples are kept only of
 * intervals in which the counter had changed, as plain numbers.
 */
export class Counter {
  readonly #sampling: Sampling
  /** The tick at which the counter came to be. */
  readonly #firstTick: number
  /** A bit for each level that samples the counter the next time. */
  #noted = 0
  #ofMinute: number[] | undefined
  #ofHour: number[] | undefined
  #ofDay: number[] | undefined
  sum = 0
  times = 0

  constructor(sampling: Sampling) {
    this.#sampling = sampling
    this.#firstTick = sampling.tick
  }

  /** @param times additions that this stands for; 0 when their average means nothing */
  add(amount: number, times = 1): void {
    this.sum += amount
    this.times += times
    if ((this.#noted & 1) === 0) this.#note(0)
  }

  /** Whether anything was ever counted, be it nothing but zeros. */
  get hasCounted(): boolean {
    return this.sum !== 0 || this.times !== 0
  }

  /** Takes the sum as that of the interval that ends now, and has itself sampled at the next level too. */
  sample(level: number): void {
    this.#noted &= ~(1 << level)
    const samples = this.#samples(level) ?? this.#begin(level)
    const interval = intervalAt(level, this.#sampling.tick)
    samples.push(interval, this.sum, this.times)
    forgetBefore(samples, interval - samplingLevels[level]!.intervalCount)
    if (level + 1 < samplingLevels.length && (this.#noted & (1 << (level + 1))) === 0) this.#note(level + 1)
  }

  /** The growth in the span of a level up to now. */
  view(level: number): BrokerStatsItem {
    const { ticks, intervalCount } = samplingLevels[level]!
    const samples = this.#samples(level)
    const last = intervalAt(level, this.#sampling.tick)
    const first = Math.max(last - intervalCount, intervalAt(level, this.#firstTick))
    const sum = valueAt(samples, last, 1) - valueAt(samples, first, 1)
    const times = valueAt(samples, last, 2) - valueAt(samples, first, 2)
    const seconds = ((last - first) * ticks * tickMs) / 1000
    return { sum, tps: seconds === 0 ? 0 : sum / seconds, avgpt: times === 0 ? 0 : sum / times }
  }

  #note(level: number): void {
    this.#noted |= 1 << level
    this.#sampling.noteChange(this, level)
  }

  #samples(level: number): number[] | undefined {
    return level === 0 ? this.#ofMinute : level === 1 ? this.#ofHour : this.#ofDay
  }

  #begin(level: number): number[] {
    const samples: number[] = []
    if (level === 0) this.#ofMinute = samples
    else if (level === 1) this.#ofHour = samples
    else this.#ofDay = samples
    return samples
  }
}

/** Forgets samples that tell nothing any more: the last one at or before the interval holds the value there. */
function forgetBefore(samples: number[], interval: number): void {
  let first = 0
  while (first + sampleFields < samples.length && samples[first + sampleFields]! <= interval) first += sampleFields
  if (first > 0) samples.splice(0, first)
}

/** A field of the last sample at or before an interval; 0 before the first. */
function valueAt(samples: readonly number[] | undefined, interval: number, field: 1 | 2): number {
  if (samples === undefined) return 0
  for (let at = samples.length - sampleFields; at >= 0; at -= sampleFields) {
    if (samples[at]! <= interval) return samples[at + field]!
  }
  return 0
}
