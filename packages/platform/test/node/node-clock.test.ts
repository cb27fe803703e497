import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { nodeClock } from '../../src/index.ts'

/** Until the clock has gone on, so that two readings differ. */
function passTime(): void {
  const beforeMs = nodeClock.monotonic()
  while (nodeClock.monotonic() === beforeMs);
}

test('all who ask in a turn are told one time, which is not that of a turn before', async () => {
  await setImmediate()
  const beforeMs = nodeClock.monotonic()
  const timeMs = nodeClock.turnTime()
  passTime()
  expect(nodeClock.turnTime()).toBe(timeMs)
  expect(timeMs).toBeGreaterThanOrEqual(beforeMs)
  await setImmediate()
  passTime()
  expect(nodeClock.turnTime()).toBeGreaterThan(timeMs)
})

test('those who ask at the end of a turn are told a time of their own, all the same one', async () => {
  const timeMs = nodeClock.turnTime()
  const atEnd: number[] = []
  const ask = (): void => {
    passTime()
    atEnd.push(nodeClock.turnTime())
  }
  nodeClock.endOfTurn(ask)
  nodeClock.endOfTurn(() => {
    ask()
    nodeClock.endOfTurn(ask)
  })
  await setImmediate()
  expect(atEnd).toHaveLength(3)
  expect(new Set(atEnd).size).toBe(1)
  expect(atEnd[0]).toBeGreaterThan(timeMs)
})
