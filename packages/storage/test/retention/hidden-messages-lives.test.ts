import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TopicReserve } from '../../src/index.ts'
import { FaultKit, numbered } from '../faults/fault-kit.ts'

const roundMs = 10_000

type Step =
  | { kind: 'put'; count: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'reserve'; ms: number | undefined }
  | { kind: 'end'; how: 'close' | 'kill' | 'power'; seed: number; ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), count: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(90_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      ms: fc.constantFrom(undefined, undefined, 0, 5_000, 30_000, 120_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      how: fc.constantFrom('close' as const, 'kill' as const, 'power' as const),
      seed: fc.nat(),
      ms: fc.nat(60_000),
    }),
  },
)

/** A store with one topic whose reserve time changes, and what must be true of it. */
class Lives {
  readonly #kit = new FaultKit()
  #reservedMs: number | undefined
  #store = this.#open()
  /** Store times by queue, in the order of the queue. */
  readonly #times: number[][] = [[], []]
  readonly #minima = [0, 0]
  /** What was stored before it may be hidden. */
  #expiredMs = 0
  /** There was a round at this time or later. */
  #lastRoundMs = 0
  #sent = 0

  async take(step: Step): Promise<void> {
    if (step.kind === 'put') await this.#put(step.count)
    else if (step.kind === 'pass') await this.#pass(step.ms)
    else if (step.kind === 'reserve') this.#setReserve(step.ms)
    else this.#endAndOpen(step)
    await this.#check()
  }

  #open() {
    const reserves = (): TopicReserve[] =>
      this.#reservedMs === undefined ? [] : [{ topic: 'T', reservedMs: this.#reservedMs }]
    const store = this.#kit.open({ flushMode: 'SYNC_FLUSH', topicReserves: reserves, retentionIntervalMs: roundMs })
    store.hideExpired()
    return store
  }

  async #put(count: number): Promise<void> {
    for (let index = 0; index < count; index++) this.#times[(this.#sent + index) % 2]!.push(this.#kit.clock.now())
    const outcomes = await this.#kit.put(this.#store, numbered(count, this.#sent))
    expect(outcomes.every(({ kind }) => kind === 'stored')).toBe(true)
    this.#sent += count
  }

  async #pass(ms: number): Promise<void> {
    await this.#kit.pass(ms)
    this.#noteExpired()
    if (ms >= roundMs) this.#lastRoundMs = this.#kit.clock.now() - roundMs
  }

  #setReserve(ms: number | undefined): void {
    this.#reservedMs = ms
    this.#lastRoundMs = 0
  }

  #endAndOpen({ how, seed, ms }: Step & { kind: 'end' }): void {
    if (how === 'close') this.#store.close()
    else if (how === 'kill') this.#kit.disk.kill()
    else this.#kit.disk.crash(seed)
    // The timers of a dead store do not go on.
    this.#kit.clock = new SteppedClock(this.#kit.clock.now() + ms)
    this.#store = this.#open()
    this.#noteExpired()
    this.#lastRoundMs = this.#kit.clock.now()
  }

  #noteExpired(): void {
    if (this.#reservedMs === undefined) return
    this.#expiredMs = Math.max(this.#expiredMs, this.#kit.clock.now() - this.#reservedMs)
  }

  async #check(): Promise<void> {
    for (const [queueId, times] of this.#times.entries()) {
      const minOffset = this.#store.minOffset('T', queueId)
      expect(this.#store.maxOffset('T', queueId)).toBe(times.length)
      expect(minOffset).toBeGreaterThanOrEqual(this.#minima[queueId]!)
      this.#minima[queueId] = minOffset
      for (const time of times.slice(0, minOffset)) expect(time).toBeLessThan(this.#expiredMs)
      if (this.#reservedMs !== undefined) {
        const isTooOld = (time: number) => time < this.#lastRoundMs - this.#reservedMs!
        expect(times.slice(minOffset).filter(isTooOld)).toEqual([])
      }
      expect(await this.#readable(queueId, minOffset)).toBe(times.length - minOffset)
    }
  }

  async #readable(queueId: number, minOffset: number): Promise<number> {
    let count = 0
    for (let queueOffset = minOffset; ; ) {
      const result = await this.#store.read({
        topic: 'T',
        queueId,
        queueOffset,
        countMax: 32,
        scannedUnitsMax: 800,
        bytesMax: 1_000_000,
        matches: () => true,
      })
      if (result.status !== 'FOUND') return count
      count += result.count
      queueOffset = result.nextQueueOffset
    }
  }
}

test('what is hidden stays so, and nothing else is, through any changes of the time, lives and deaths', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const lives = new Lives()
      for (const one of steps) await lives.take(one)
    }),
    { numRuns: Number(process.env.RESERVE_RUNS ?? 100) },
  )
}, 600_000)
