import { execFile } from 'node:child_process'
import fs, {
  appendFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { queryObjects } from 'node:v8'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test, vi } from 'vitest'
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

test('changes of a private file by several processes are all kept', async () => {
  using folder = temporaryFolder()
  const file = path.join(folder.path, 'made', 'count')
  const source = new URL('../src/cli-host.ts', import.meta.url).href
  const program = `import { createProcessHost } from ${JSON.stringify(source)}
    const host = createProcessHost()
    for (let n = 0; n < 10; n++)
      await host.changePrivateFile(process.argv[1], (content) => String(Number(content ?? 0) + 1))`
  const run = promisify(execFile)
  const ends = Array.from({ length: 3 }, () => run(process.execPath, ['--input-type=module', '-e', program, file]))
  await Promise.all([...ends, ...Array.from({ length: 5 }, () => host.changePrivateFile(file, plusOne))])
  expect(readFileSync(file, 'utf8')).toBe('35')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

const plusOne = (content: Buffer | undefined): string => String(Number(content ?? 0) + 1)

test('a change that throws leaves a private file as it is, and others may go on', async () => {
  using folder = temporaryFolder()
  const file = path.join(folder.path, 'count')
  await host.changePrivateFile(file, plusOne)
  const failing = host.changePrivateFile(file, () => {
    throw new Error('not so')
  })
  await expect(failing).rejects.toThrow('not so')
  await host.changePrivateFile(file, plusOne)
  expect(readFileSync(file, 'utf8')).toBe('2')
})

test.skipIf(process.platform === 'win32')('what is written survives a failure of the power, its name too', async () => {
  using folder = temporaryFolder()
  const synced: string[] = []
  const sync = vi.spyOn(fs, 'fsync').mockImplementation((descriptor, callback) => {
    synced.push(readlinkSync(`/proc/self/fd/${descriptor}`))
    callback(null)
  })
  try {
    const output = await host.createFile(path.join(folder.path, 'backup.gz'))
    await output.write('x')
    await output.finish()
    await host.replacePrivateFile(path.join(folder.path, 'kept'), 'x')
  } finally {
    sync.mockRestore()
  }
  expect(synced.filter((one) => one === realpathSync(folder.path))).toHaveLength(2)
})

test('nothing is left behind by writes that wait for room', async () => {
  using folder = temporaryFolder()
  const output = await host.createFile(path.join(folder.path, 'large'))
  const text = 'x'.repeat(100_000)
  const write = async (count: number) => {
    for (let n = 0; n < count; n++) await output.write(text)
    return queryObjects(Promise, { format: 'count' }) as unknown as number
  }
  const before = await write(20)
  expect((await write(400)) - before).toBeLessThan(200)
  await output.finish()
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
