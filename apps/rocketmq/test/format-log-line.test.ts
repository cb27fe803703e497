import { expect, test } from 'vitest'
import { formatLogLine } from '../src/format-log-line.ts'

const base = { level: 40, time: 0, part: 'broker-a' }

test('a line has time, level, part, message and fields', () => {
  const line = JSON.stringify({ ...base, port: 10_911, reason: 'two words', path: '/a/b', msg: 'port opened' })
  expect(formatLogLine(`${line}\n`)).toBe(
    '1970-01-01T00:00:00.000Z WARN  broker-a: port opened port=10911 reason="two words" path=/a/b\n',
  )
})

test('an error is shown with its stack', () => {
  const line = JSON.stringify({
    ...base,
    level: 50,
    err: { message: 'no', stack: 'Error: no\n    at x' },
    msg: 'failed',
  })
  expect(formatLogLine(line)).toBe('1970-01-01T00:00:00.000Z ERROR broker-a: failed\nError: no\n    at x\n')
})

test('a field cannot forge a line', () => {
  expect(formatLogLine(JSON.stringify({ ...base, topic: 'a\nb', msg: 'x' }))).toContain('topic="a\\nb"\n')
})
