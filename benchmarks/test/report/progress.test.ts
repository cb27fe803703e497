import { expect, test } from 'vitest'
import { createProgress } from '../../src/report/progress.ts'

function output(isTTY: boolean): {
  text: () => string
  stream: { isTTY: boolean; columns: number; write(text: string): void }
} {
  let written = ''
  const write = (text: string): void => {
    written += text
  }
  return { text: () => written, stream: { isTTY, columns: 60, write } }
}

test('without a terminal each step of work is a plain line', () => {
  const { text, stream } = output(false)
  const progress = createProgress(4, stream, () => 0)
  progress.say('one')
  progress.step()
  progress.say('two')
  progress.keep('kept')
  progress.done()
  expect(text()).toBe('0/4 one\n1/4 two\nkept\n')
})

test('on a terminal one line is written again and again, never wider than it', () => {
  const { text, stream } = output(true)
  let now = 0
  const progress = createProgress(2, stream, () => now)
  now = 3000
  progress.step()
  progress.say('x'.repeat(100))
  const lines = text().split('\r\x1b[2K').slice(1)
  expect(lines[0]).toBe('[############............] 1/2 3 s  ')
  expect(lines[1]).toHaveLength(59)
})
