import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ArrivalTimes } from '../../src/internal-consumer/arrival-times.ts'

const waitMsMax = 10_000

test('an arrival is told never too early, and late by a hundredth of the longest wait at the most', () => {
  const arrivals = fc.array(
    fc.record({ count: fc.integer({ min: 0, max: 3 }), pauseMs: fc.integer({ max: 500, min: 0 }) }),
  )
  fc.assert(
    fc.property(arrivals, fc.nat(20), (turns, handled) => {
      const times = new ArrivalTimes(waitMsMax)
      const arrivedAt: number[] = []
      let nowMs = 0
      for (const { count, pauseMs } of turns) {
        nowMs += pauseMs
        for (let index = 0; index < count; index++) arrivedAt.push(nowMs)
        times.note(arrivedAt.length, nowMs)
      }
      times.forget(handled)
      for (let offset = handled; offset < arrivedAt.length; offset++) {
        const told = times.at(offset, nowMs)
        expect(told).toBeGreaterThanOrEqual(arrivedAt[offset]!)
        expect(told).toBeLessThanOrEqual(arrivedAt[offset]! + waitMsMax / 100)
      }
    }),
  )
})

test('messages that come in the places of others, which were cut off, arrive then', () => {
  const times = new ArrivalTimes(waitMsMax)
  times.note(5, 100)
  times.note(9, 5000)
  times.note(3, 6000)
  times.note(9, 7000)
  expect([2, 3, 8].map((offset) => times.at(offset, 8000))).toEqual([6000, 7000, 7000])
})

test('one that was not noted arrives now', () => {
  expect(new ArrivalTimes(waitMsMax).at(4, 77)).toBe(77)
})
