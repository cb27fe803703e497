import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

/** Upper bounds in milliseconds of the classes that brokerStatus shows, and their names there. */
const classes: readonly (readonly [boundMs: number, name: string])[] = [
  [0, '<=0ms'],
  [10, '0~10ms'],
  [50, '10~50ms'],
  [100, '50~100ms'],
  [200, '100~200ms'],
  [500, '200~500ms'],
  [1000, '500ms~1s'],
  [2000, '1~2s'],
  [3000, '2~3s'],
  [4000, '3~4s'],
  [5000, '4~5s'],
  [10_000, '5~10s'],
  [Number.POSITIVE_INFINITY, '10s~'],
]
const rotationMs = 60_000
/** Milliseconds up to which single milliseconds are told apart for percentiles. */
const finestMsMax = 1000
const classByMs = Uint8Array.from({ length: finestMsMax + 1 }, (_, ms) => classOf(ms))

function classOf(ms: number): number {
  return classes.findIndex(([boundMs]) => ms <= boundMs)
}

/** How long stores of messages took, over the last full minute. */
export class PutLatencies {
  readonly #clock: Clock
  #current = emptyMinute()
  #last: Minute | undefined
  #cancelTimer: CancelTimer | undefined
  /** The longest ever, in milliseconds. */
  maxMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  start(): void {
    this.#cancelTimer = this.#clock.every(rotationMs, () => {
      this.#last = this.#current
      this.#current = emptyMinute()
    })
  }

  close(): void {
    this.#cancelTimer?.()
  }

  add(elapsedMs: number): void {
    const ms = Math.max(0, Math.floor(elapsedMs))
    if (ms > this.maxMs) this.maxMs = ms
    const minute = this.#current
    minute.count++
    minute.byMs[Math.min(ms, finestMsMax)]!++
    minute.byClass[ms <= finestMsMax ? classByMs[ms]! : classOf(ms)]!++
  }

  /** `[<=0ms]:9 [0~10ms]:3 ...`, or undefined in the first minute. */
  distribution(): string | undefined {
    const last = this.#last
    return last && classes.map(([, name], index) => `[${name}]:${last.byClass[index]} `).join('')
  }

  /** Milliseconds that a share of the stores stayed below or at; 0 without any. */
  percentileMs(share: number): number {
    const minute = this.#last ?? this.#current
    let left = Math.ceil(minute.count * share)
    for (let ms = 0; ms <= finestMsMax && minute.count > 0; ms++) {
      left -= minute.byMs[ms]!
      if (left <= 0) return ms
    }
    return 0
  }
}

interface Minute {
  count: number
  byClass: number[]
  byMs: Uint32Array
}

function emptyMinute(): Minute {
  return { count: 0, byClass: classes.map(() => 0), byMs: new Uint32Array(finestMsMax + 1) }
}
