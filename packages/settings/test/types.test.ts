import { runWithin } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { boolean, double, durations, falseOnly } from '../src/index.ts'

test.each(['constructor', '__proto__', 'Constructor'])('%s is neither true nor false', (text) => {
  expect(boolean.parse(text)).toEqual({ ok: false })
  expect(falseOnly('it is not there').parse(text)).toEqual({ ok: false })
})

test.each([
  ['1', 1],
  ['1.', 1],
  ['.5', 0.5],
  ['0.75', 0.75],
  ['+1.5e2', 150],
])('%s is a number', (text, value) => {
  expect(double().parse(text)).toEqual({ ok: true, value })
})

test('a text of a million digits that is no number is refused without trying for hours', () => {
  const text = `${'1'.repeat(1_000_000)}x`
  runWithin(20_000, () => expect(double().parse(text)).toEqual({ ok: false }))
})

test.each(['', '  '])('lengths of time of which there is none ("%s") are refused', (text) => {
  expect(durations.parse(text)).toEqual({ ok: false, reason: 'there is none in it' })
})
