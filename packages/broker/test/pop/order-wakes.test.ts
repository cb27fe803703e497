import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { OrderWakes } from '../../src/pop/order-wakes.ts'

const key = { topic: 'T', group: 'g', queueId: 0 }

function open() {
  const clock = new SteppedClock()
  const state = { untilMs: (clock.now() + 2500) as number | undefined, freed: 0, looks: 0 }
  const orders = {
    blockedUntilMs() {
      state.looks++
      return state.untilMs !== undefined && state.untilMs > clock.now() ? state.untilMs : undefined
    },
  }
  const wakes = new OrderWakes(clock, orders, () => {
    state.freed++
  })
  return { clock, state, wakes }
}

test('a queue is told to be free when its time is over, once', () => {
  const { clock, state, wakes } = open()
  wakes.watch(key)
  wakes.watch(key)
  clock.advance(2499)
  expect(state.freed).toBe(0)
  clock.advance(1)
  expect(state.freed).toBe(1)
  clock.advance(5000)
  expect(state.freed).toBe(1)
})

test('a queue that is free sooner, by a clock that was set, is told of within a second', () => {
  const { clock, state, wakes } = open()
  wakes.watch(key)
  state.untilMs = undefined
  clock.advance(1000)
  expect(state.freed).toBe(1)
})

test('nothing is watched any more when the broker stops, whoever asks for it late', () => {
  const { clock, state, wakes } = open()
  wakes.watch(key)
  wakes.close()
  wakes.watch(key)
  const { looks } = state
  clock.advance(10_000)
  expect([state.freed, state.looks]).toEqual([0, looks])
})
