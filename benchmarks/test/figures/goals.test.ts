import { describe, expect, test } from 'vitest'
import { describeGoal, type Goal, judge, ratioOf } from '../../src/figures/goals.ts'
import type { ByTarget, Figures } from '../../src/figures/measurement.ts'

const figures: ByTarget<Figures> = { ours: { rate: 90, cpuMicros: 8 }, official: { rate: 40, cpuMicros: 26 } }
const other: ByTarget<Figures> = { ours: { rate: 100 } }
const verdict = (goal: Goal, from = figures) => judge(goal, from, (id) => (id === 'other' ? other : undefined))

test('a ratio is ours divided by the official one, and needs both', () => {
  expect(ratioOf(figures, 'rate')).toBe(2.25)
  expect(ratioOf({ ours: { rate: 1 } }, 'rate')).toBeUndefined()
  expect(ratioOf({ ours: { rate: 1 }, official: { rate: 0 } }, 'rate')).toBeUndefined()
})

describe('goals', () => {
  test.each<[Goal, string]>([
    [{ metric: 'rate', ratioAtLeast: 2 }, 'met'],
    [{ metric: 'rate', ratioAtLeast: 2.5 }, 'missed'],
    [{ metric: 'cpuMicros', ratioAtMost: 0.5 }, 'met'],
    [{ metric: 'cpuMicros', ratioAtMost: 0.3 }, 'missed'],
    [{ metric: 'cpuMicros', atMost: 9 }, 'met'],
    [{ metric: 'cpuMicros', atMost: 7 }, 'missed'],
    [{ metric: 'rate', atLeast: 91 }, 'missed'],
    [{ metric: 'rate', ratioAtLeast: 0.85, ofRow: 'other' }, 'met'],
    [{ metric: 'rate', ratioAtLeast: 0.95, ofRow: 'other' }, 'missed'],
    [{ metric: 'rate', ratioAtLeast: 0.85, ofRow: 'absent' }, 'not judged'],
    [{ metric: 'p99Ms', ratioAtMost: 1 }, 'not judged'],
    [{ metric: 'rate' }, 'not judged'],
  ])('%o is %s', (goal, expected) => {
    expect(verdict(goal)).toBe(expected)
  })

  test('an own limit is judged without the official broker, a ratio is not', () => {
    const alone = { ours: { cpuMicros: 8 } }
    expect(verdict({ metric: 'cpuMicros', atMost: 9 }, alone)).toBe('met')
    expect(verdict({ metric: 'cpuMicros', ratioAtMost: 0.5 }, alone)).toBe('not judged')
    expect(verdict({ metric: 'cpuMicros', atMost: 7, ratioAtMost: 0.5 }, alone)).toBe('missed')
  })

  test('are told in a few words', () => {
    expect(describeGoal({ metric: 'rate', ratioAtLeast: 2 })).toBe('rate >= 2x')
    expect(describeGoal({ metric: 'cpuMicros', atMost: 9 })).toBe('CPU <= 9 us')
    expect(describeGoal({ metric: 'rate', ratioAtLeast: 0.85, ofRow: 'topics-1' })).toBe('rate >= 0.85x of topics-1')
  })
})
