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

  test('is no hang-up that is to be ignored, the other signals are', async () => {
    const signals = new EventEmitter()
    let hangUps = 0
    const onIgnoredHangUp = () => {
      hangUps++
    }
    const requested = stopRequested({ signals, monotonic: () => 0, onSecondRequest() {}, onIgnoredHangUp })
    signals.emit('SIGHUP')
    signals.emit('SIGHUP')
    expect(hangUps).toBe(2)
    signals.emit('SIGTERM')
    expect(await requested).toBe('SIGTERM')
  })
})
