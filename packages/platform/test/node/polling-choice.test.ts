import { describe, expect, test } from 'vitest'
import { PollingChoice } from '../../src/node/polling-choice.ts'
import { SeededRandom } from '../../src/test-kit/index.ts'

/** How long work takes, and how long the process takes to be woken up, in milliseconds. */
const workMs = 0.02
const wakeUpMs = 0.06

/** A process that handles requests of 100 bytes, and the time that it was awake for nothing. */
class Process {
  readonly choice = new PollingChoice()
  nowMs = 0
  handled = 0
  idleAwakeMs = 0

  /** A peer sends the next request `turnaroundMs` after it was answered. */
  serveOneAfterTheOther(durationMs: number, turnaroundMs: number): void {
    const endMs = this.nowMs + durationMs
    while (this.nowMs < endMs) this.#serve(this.nowMs + turnaroundMs)
  }

  /** Requests come every `intervalMs` on average, however long answers take. */
  serveAtRate(durationMs: number, intervalMs: number, random: SeededRandom): void {
    const endMs = this.nowMs + durationMs
    for (let dueMs = this.nowMs; this.nowMs < endMs; ) {
      dueMs += intervalMs * (0.5 + random.below(1000) / 1000)
      this.#serve(dueMs)
    }
  }

  #serve(dataMs: number): void {
    const idleSinceMs = this.nowMs
    const waitMs = Math.max(0, dataMs - idleSinceMs)
    const isAwake = this.choice.isAwake
    if (isAwake) this.idleAwakeMs += waitMs
    this.nowMs = idleSinceMs + waitMs + (isAwake || waitMs === 0 ? 0 : wakeUpMs)
    this.choice.workBegins(this.nowMs, this.nowMs - idleSinceMs)
    this.choice.bytesCame(100)
    this.nowMs += workMs
    this.handled++
  }
}

describe('staying awake', () => {
  test('is chosen for a peer that waits for each answer, and makes it faster', () => {
    const serving = new Process()
    serving.serveOneAfterTheOther(200, 0.03)
    expect(serving.choice.isAwake).toBe(true)
    const before = serving.handled
    serving.serveOneAfterTheOther(10_000, 0.03)
    // All but the trials: 0.05 ms a request instead of 0.11.
    expect((serving.handled - before) / 10_000).toBeGreaterThan(0.97 / 0.05)
  })

  test('is not chosen for peers that send at a rate, and hardly tried', () => {
    const serving = new Process()
    serving.serveAtRate(60_000, 0.07, new SeededRandom(7))
    expect(serving.idleAwakeMs / 60_000).toBeLessThan(0.005)
  })

  test('ends when a peer that waited for answers is followed by ones that send at a rate', () => {
    const serving = new Process()
    serving.serveOneAfterTheOther(500, 0.03)
    serving.serveAtRate(3000, 0.07, new SeededRandom(3))
    expect(serving.choice.isAwake).toBe(false)
  })

  test('begins, some seconds later at the most, when the peers that send at a rate have gone', () => {
    const serving = new Process()
    serving.serveAtRate(60_000, 0.07, new SeededRandom(5))
    serving.serveOneAfterTheOther(8500, 0.03)
    expect(serving.choice.isAwake).toBe(true)
  })

  test('begins soon when there was a pause before', () => {
    const serving = new Process()
    serving.serveAtRate(60_000, 0.07, new SeededRandom(5))
    serving.serveOneAfterTheOther(1, 200)
    serving.serveOneAfterTheOther(1500, 0.03)
    expect(serving.choice.isAwake).toBe(true)
  })

  test('ends at once when gaps become long', () => {
    const serving = new Process()
    serving.serveOneAfterTheOther(500, 0.03)
    serving.serveOneAfterTheOther(10, 1)
    expect(serving.choice.isAwake).toBe(false)
  })

  test('is not tried for gaps that are longer than what sleeping costs', () => {
    const serving = new Process()
    serving.serveOneAfterTheOther(10_000, 0.14)
    expect(serving.idleAwakeMs).toBe(0)
  })

  test('is not tried for bursts with sleeps in between', () => {
    const serving = new Process()
    for (let burst = 0; burst < 1000; burst++) {
      serving.serveOneAfterTheOther(0.5, 0.01)
      serving.serveOneAfterTheOther(1, 1)
    }
    expect(serving.idleAwakeMs).toBe(0)
  })
})
