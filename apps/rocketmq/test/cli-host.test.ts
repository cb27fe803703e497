import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { createProcessHost } from '../src/cli-host.ts'

const host = createProcessHost()

async function linesOf(file: string): Promise<string[]> {
  const lines: string[] = []
  for await (const { text } of host.readLines(file)) lines.push(text)
  return lines
}

describe('the lines of a file', () => {
  // JSON leaves all but the line feed and the carriage return as they are.
  const texts = ['a', '', `${'é'.repeat(70_000)}\u2028\u2029\u0085\v`, '"\rx"', '💶'.repeat(40_000)]

  test.each(['lines', 'lines.gz'])('end with line feeds alone: %s', async (name) => {
    using folder = temporaryFolder()
    const file = path.join(folder.path, name)
    const output = await host.createFile(file)
    for (const text of texts) await output.write(`${text}\n`)
    await output.finish()
    expect(await linesOf(file)).toEqual(texts)
  })

  test('may end with a carriage return as well, and the last one with nothing', async () => {
    using folder = temporaryFolder()
    const file = path.join(folder.path, 'lines')
    for (const [content, lines] of [
      ['a\r\nb\r\n', ['a', 'b']],
      ['a\nb', ['a', 'b']],
      ['', []],
      ['\n', ['']],
    ] as const) {
      writeFileSync(file, content)
      expect(await linesOf(file)).toEqual(lines)
    }
  })

  test('of a file that was cut off end with an error', async () => {
    using folder = temporaryFolder()
    const file = path.join(folder.path, 'cut.gz')
    const whole = gzipSync(`${texts.join('\n')}\n`)
    for (const size of [1, 10, whole.length - 1]) {
      writeFileSync(file, whole)
      truncateSync(file, size)
      await expect(linesOf(file)).rejects.toThrow(/unexpected end of file/)
    }
    await expect(linesOf(path.join(folder.path, 'none'))).rejects.toThrow(/ENOENT/)
    await expect(linesOf(folder.path)).rejects.toThrow(/EISDIR/)
  })

  test('may be left before the end', async () => {
    using folder = temporaryFolder()
    const file = path.join(folder.path, 'lines')
    for (let n = 0; n < 1000; n++) appendFileSync(file, `${'x'.repeat(1000)}\n`)
    for await (const { fractionRead } of host.readLines(file)) {
      expect(fractionRead).toBeLessThan(1)
      break
    }
    expect(readFileSync(file)).toHaveLength(1_001_000)
  })
})

test('a private file is one of its writers', async () => {
  using folder = temporaryFolder()
  const file = path.join(folder.path, 'made', 'contexts.json')
  const contents = Array.from({ length: 8 }, (_, n) => `${n}`.repeat(100_000 + n))
  // All of them have the same process id, as in containers.
  await Promise.all(contents.map((content) => host.replacePrivateFile(file, content)))
  expect(contents).toContain(readFileSync(file, 'utf8'))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(path.dirname(file))).toEqual(['contexts.json'])
})

test.each([-1, 2 ** 31, Number.POSITIVE_INFINITY])('a pause of %d ms is no warning of Node', async (durationMs) => {
  const warnings: Error[] = []
  const warned = (warning: Error) => void warnings.push(warning)
  process.on('warning', warned)
  const ending = new AbortController()
  const pause = host.pause(durationMs, ending.signal)
  ending.abort()
  await pause
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', warned)
  expect(warnings).toEqual([])
})
