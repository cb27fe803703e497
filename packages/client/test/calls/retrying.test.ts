import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { Deadline } from '../../src/calls/deadline.ts'
import { backoffMs, defaultBackoff, retrying } from '../../src/calls/retrying.ts'
import { RocketMQError } from '../../src/rocketmq-error.ts'

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Lets time pass until a promise is settled. */
async function inTime<Result>(clock: SteppedClock, promise: Promise<Result>): Promise<Result> {
  let isSettled = false
  const done = promise.finally(() => {
    isSettled = true
  })
  done.catch(() => {})
  for (let step = 0; !isSettled && step < 100_000; step++) {
    clock.advance(5)
    await settled()
  }
  return done
}

const refused = (): RocketMQError => new RocketMQError('SYSTEM_BUSY', 'busy')

describe('retries', () => {
  test('wait longer each time, at least half of a bound that doubles, at most the most', () => {
    const random = new SeededRandom(1)
    for (let failures = 1; failures < 50; failures++) {
      const bound = Math.min(5000, 100 * 2 ** (failures - 1))
      const waitMs = backoffMs(defaultBackoff, failures, random)
      expect(waitMs).toBeGreaterThanOrEqual(bound / 2)
      expect(waitMs).toBeLessThanOrEqual(bound)
    }
  })

  test('end with the time of the call, which counts them in', async () => {
    const clock = new SteppedClock()
    const deadline = new Deadline(clock, {}, 2000)
    const sending = retrying({
      deadline,
      random: new SeededRandom(1),
      backoff: defaultBackoff,
      attempt: () => Promise.reject(refused()),
    })
    const error = await inTime(clock, sending).catch((failure: RocketMQError) => failure)
    expect(error).toMatchObject({ code: 'SYSTEM_BUSY', outcome: 'refused' })
    expect((error as RocketMQError).attempts).toBeGreaterThan(3)
    expect(clock.monotonic()).toBeLessThanOrEqual(2010)
  })

  test('end at once with an error that no retry mends', async () => {
    const clock = new SteppedClock()
    let attempts = 0
    const sending = retrying({
      deadline: new Deadline(clock, {}, 2000),
      random: new SeededRandom(1),
      backoff: defaultBackoff,
      attempt: () => {
        attempts++
        return Promise.reject(new RocketMQError('MESSAGE_ILLEGAL', 'no'))
      },
    })
    await expect(inTime(clock, sending)).rejects.toMatchObject({ code: 'MESSAGE_ILLEGAL', attempts: 1 })
    expect(attempts).toBe(1)
  })

  test('do not forget that the outcome of one of them is unknown', async () => {
    const clock = new SteppedClock()
    const errors = [new RocketMQError('TIMEOUT', 'no answer', { outcome: 'unknown' }), refused()]
    const sending = retrying({
      deadline: new Deadline(clock, {}, 10_000),
      random: new SeededRandom(1),
      backoff: defaultBackoff,
      attemptsMax: 2,
      attempt: (attempt) => Promise.reject(errors[attempt - 1]!),
    })
    await expect(inTime(clock, sending)).rejects.toMatchObject({ code: 'SYSTEM_BUSY', outcome: 'unknown', attempts: 2 })
  })

  test('end when the signal says so, while they wait as well', async () => {
    const clock = new SteppedClock()
    const controller = new AbortController()
    const sending = retrying({
      deadline: new Deadline(clock, { signal: controller.signal }, 60_000),
      random: new SeededRandom(1),
      backoff: { firstMs: 10_000, mostMs: 10_000 },
      attempt: () => Promise.reject(refused()),
    })
    clock.after(500, () => controller.abort())
    await expect(inTime(clock, sending)).rejects.toMatchObject({ code: 'ABORTED', outcome: 'refused' })
    expect(clock.monotonic()).toBeLessThan(600)
  })
})
