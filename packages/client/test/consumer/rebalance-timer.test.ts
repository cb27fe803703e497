import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { RebalanceTimer } from '../../src/consumer/rebalance-timer.ts'

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function advance(clock: SteppedClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10)
    await settled()
  }
}

describe('rebalancing', () => {
  test('runs twice at most when 50 notices come in a second, the last of them included', async () => {
    const clock = new SteppedClock()
    let runs = 0
    const timer = new RebalanceTimer(clock, async () => {
      runs++
      return true
    })
    await timer.runNow()
    await advance(clock, 5000)
    runs = 0
    for (let n = 0; n < 50; n++) {
      timer.request()
      await advance(clock, 20)
    }
    expect(runs).toBeLessThanOrEqual(2)
    await advance(clock, 1100)
    expect(runs).toBe(2)
  })

  test('runs every 20 s, soon again when something was missing, and one at a time', async () => {
    const clock = new SteppedClock()
    let isComplete = true
    let running = 0
    const startsMs: number[] = []
    const timer = new RebalanceTimer(clock, async () => {
      expect(++running).toBe(1)
      startsMs.push(clock.monotonic())
      await new Promise<void>((resolve) => void clock.after(50, resolve))
      running--
      return isComplete
    })
    void timer.runNow()
    await advance(clock, 41_000)
    expect(startsMs.length).toBe(3)
    isComplete = false
    await advance(clock, 20_000)
    const before = startsMs.length
    await advance(clock, 8000)
    expect(startsMs.length - before).toBeGreaterThanOrEqual(3)
    timer.close()
    await advance(clock, 60_000)
    const after = startsMs.length
    await advance(clock, 60_000)
    expect(startsMs.length).toBe(after)
  })
})
