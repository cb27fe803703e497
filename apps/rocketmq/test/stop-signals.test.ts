import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { stopRequested } from '../src/stop-signals.ts'

function setUp() {
  const signals = new EventEmitter()
  const state = { nowMs: 1000, secondRequests: 0 }
  const requested = stopRequested({
    signals,
    monotonic: () => state.nowMs,
    onSecondRequest: () => {
      state.secondRequests++
    },
  })
  return { signals, state, requested }
}

describe('a request to stop', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('is %s', async (name) => {
    const { signals, requested } = setUp()
    signals.emit(name)
    expect(await requested).toBe(name)
  })

  test('that a parent process passes on at once counts once', () => {
    const { signals, state } = setUp()
    signals.emit('SIGINT')
    state.nowMs += 100
    signals.emit('SIGINT')
    signals.emit('SIGTERM')
    expect(state.secondRequests).toBe(0)
  })

  test('that comes again later ends the process', () => {
    const { signals, state } = setUp()
    signals.emit('SIGTERM')
    state.nowMs += 500
    signals.emit('SIGINT')
    expect(state.secondRequests).toBe(1)
  })
})
