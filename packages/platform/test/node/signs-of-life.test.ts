import { expect, test } from 'vitest'
import { SignsOfLife, silentMsMax } from '../../src/node/signs-of-life.ts'

test('a mark that changes is alive, one that stays the same is silent after its time', () => {
  const signs = new SignsOfLife()
  for (let nowMs = 0; nowMs < silentMsMax; nowMs += 50) {
    expect(signs.look('changing', `${Math.floor(nowMs / 500)}`, nowMs)).toBe(nowMs < 500 ? 'undecided' : 'alive')
    expect(signs.look('same', '1', nowMs)).toBe('undecided')
  }
  expect(signs.look('same', '1', silentMsMax)).toBe('silent')
})

test('one that stops to change is silent when the time since its last change is over', () => {
  const signs = new SignsOfLife()
  signs.look('mark', '1', 0)
  expect(signs.look('mark', '2', 100)).toBe('alive')
  for (let nowMs = 150; nowMs < 100 + silentMsMax; nowMs += 50) expect(signs.look('mark', '2', nowMs)).toBe('alive')
  expect(signs.look('mark', '2', 100 + silentMsMax)).toBe('silent')
})

test('the time in which the one who looks stood still is not silence', () => {
  const signs = new SignsOfLife()
  signs.look('mark', '1', 0)
  expect(signs.look('mark', '1', 60_000)).toBe('undecided')
})
