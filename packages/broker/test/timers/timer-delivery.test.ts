import { recordedLog, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { TimerStore } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { TimerDelivery, type TimerDeliveryParts } from '../../src/timers/timer-delivery.ts'
import { settle } from '../kept/config-kit.ts'

test('a wheel that cannot be read is looked at again, until it can', async () => {
  const clock = new SteppedClock()
  const log = recordedLog()
  let failsAt = 2
  let looks = 0
  const timers: Partial<TimerStore> = {
    precisionMs: 1000,
    isWaiting: true,
    nextSlot() {
      looks++
      if (looks >= failsAt) throw new Error('the disk is full')
      return undefined
    },
    followClock() {},
    passTo() {},
  }
  const parts: Partial<TimerDeliveryParts> = { clock, log, timers: timers as TimerStore, isStopped: () => false }
  const delivery = new TimerDelivery(parts as TimerDeliveryParts)
  // Each of the looks fails first: for what is due, for what may be read ahead, and for how long nothing is.
  for (const first of [3, 2, 1]) {
    failsAt = looks + first
    delivery.open()
    await settle(clock)
    expect(looks).toBe(failsAt)
    failsAt = Number.POSITIVE_INFINITY
    const before = looks
    clock.advance(1000)
    await settle(clock)
    expect(looks).toBeGreaterThan(before)
  }
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual(
    Array(3).fill(['error', expect.stringMatching(/goes on trying/)]),
  )
  await delivery.drain()
})
