import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { LiteWakes } from '../../src/lite/lite-wakes.ts'

const key = { topic: '%LMQ%$P$a', group: 'g', queueId: 0 }

function open() {
  const clock = new SteppedClock()
  const state = { untilMs: clock.now() + 2500, freed: 0, looks: 0 }
  const blockedUntilMs = () => {
    state.looks++
    return state.untilMs > clock.now() ? state.untilMs : undefined
  }
  const wakes = new LiteWakes(clock, blockedUntilMs, () => {
    state.freed++
  })
  return { clock, state, wakes }
}

test('a queue is told to be free when its time is over, once', () => {
  const { clock, state, wakes } = open()
  wakes.watch(key)
  wakes.watch(key)
  clock.advance(2400)
  expect(state.freed).toBe(0)
  clock.advance(400)
  expect(state.freed).toBe(1)
  clock.advance(5000)
  expect(state.freed).toBe(1)
})

test('one that is free sooner than it was said is told of then', () => {
  const { clock, state, wakes } = open()
  state.untilMs = clock.now() + 60_000
  wakes.watch(key)
  state.untilMs = clock.now() + 1000
  wakes.watch(key)
  clock.advance(1400)
  expect(state.freed).toBe(1)
})

test('one whose time is changed again and again is looked at once', () => {
  const { clock, state, wakes } = open()
  for (let count = 0; count < 1000; count++) {
    state.untilMs = clock.now() + 60_000 + count * 1000
    wakes.watch(key)
  }
  state.looks = 0
  clock.advance(60_400)
  expect(state.looks).toBe(1)
  clock.advance(1_000_000)
  expect([state.looks, state.freed]).toEqual([2, 1])
})

test('very many that are free at the same time are told of in a part of each turn', () => {
  let nowMs = 0
  const turns: (() => void)[] = []
  const ticks: (() => void)[] = []
  const clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    nextTurn: (callback: () => void) => void turns.push(callback),
    every(_intervalMs: number, callback: () => void) {
      ticks.push(callback)
      return () => void ticks.splice(ticks.indexOf(callback), 1)
    },
  } as unknown as SteppedClock
  let freed = 0
  const wakes = new LiteWakes(
    clock,
    () => (nowMs < 1000 ? 1000 : undefined),
    () => {
      freed++
      nowMs++
    },
  )
  for (let index = 0; index < 100; index++) wakes.watch({ ...key, topic: `${key.topic}${index}` })
  nowMs = 1000
  const freedInTurns: number[] = []
  for (const tick of [...ticks]) tick()
  freedInTurns.push(freed)
  while (turns.length > 0) {
    const before = freed
    for (const turn of turns.splice(0)) turn()
    freedInTurns.push(freed - before)
  }
  expect(freed).toBe(100)
  expect(Math.max(...freedInTurns)).toBeLessThanOrEqual(5)
  expect(ticks).toEqual([])
})
