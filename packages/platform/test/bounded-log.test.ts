import { expect, test } from 'vitest'
import { BoundedLog } from '../src/bounded-log.ts'
import { recordedLog, SteppedClock } from '../src/test-kit/index.ts'

const leftOutMessage = 'further log lines of one kind were left out'

test('of each kind ten lines are written in ten seconds, and then how many more there were', () => {
  const clock = new SteppedClock()
  const log = recordedLog()
  const bounded = new BoundedLog(log, clock)
  for (let count = 0; count < 1000; count++) bounded.warn('frames', { count }, 'a frame')
  bounded.info('idle', {}, 'an idle connection')
  expect(log.lines).toHaveLength(11)
  expect(log.lines[9]).toEqual({ level: 'warn', fields: { count: 9 }, message: 'a frame' })
  clock.advance(10_000)
  expect(log.lines.slice(11)).toEqual([
    { level: 'warn', fields: { kind: 'frames', leftOut: 990, intervalMs: 10_000 }, message: leftOutMessage },
  ])
  bounded.error('frames', {}, 'a frame again')
  expect(log.lines).toHaveLength(13)
})

test('lines that fit are written alone, and nothing is kept of a kind after its interval', () => {
  const clock = new SteppedClock()
  const log = recordedLog()
  const bounded = new BoundedLog(log, clock, 2, 1000)
  for (let second = 0; second < 5; second++) {
    bounded.warn('a', {}, 'one')
    bounded.warn('a', {}, 'two')
    clock.advance(1000)
  }
  expect(log.lines.map(({ message }) => message)).toEqual(Array.from({ length: 5 }, () => ['one', 'two']).flat())
})

test('what was left out is told when the log is closed, once', () => {
  const clock = new SteppedClock()
  const log = recordedLog()
  const bounded = new BoundedLog(log, clock, 1, 1000)
  for (let count = 0; count < 4; count++) bounded.warn('a', {}, 'line')
  bounded.close()
  clock.advance(60_000)
  expect(log.lines.map(({ fields }) => fields.leftOut)).toEqual([undefined, 3])
})
