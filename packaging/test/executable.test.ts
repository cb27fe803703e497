import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { packExecutable } from '../src/executable/build.ts'

const isBuiltHere = process.platform === 'linux' && process.arch === 'x64'

describe.skipIf(!isBuiltHere)('the single executable', () => {
  let folder: string
  let executable: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'executable-'))
    executable = await packExecutable(folder)
    mkdirSync(join(folder, 'home'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const running = new Set<ChildProcess>()
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL')
  })

  /** Without any other program, and in a home of its own. */
  function start(...args: string[]) {
    const env = { HOME: join(folder, 'home'), PATH: '' }
    const child = spawn(executable, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  async function run(...args: string[]) {
    const child = start(...args)
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { stdout, stderr, exitCode }
  }

  async function startServers(...args: string[]) {
    const child = start('start', '--json', '--log-level', 'error', ...args)
    const [line] = await once(createInterface(child.stdout), 'line')
    return { child, ready: JSON.parse(line) as { nameServer: string; brokers: object[] } }
  }

  test('shows how it is used', async () => {
    expect(await run('--help')).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Usage: rocketmq /),
    })
    expect((await run('topic', 'lsit')).exitCode).toBe(2)
  })

  test('runs brokers on threads, sends and consumes, and stops in order', async () => {
    const { child, ready } = await startServers('--ephemeral', '--brokers', '2')
    expect(ready.brokers).toHaveLength(2)
    const cluster = ['-n', ready.nameServer]
    expect(await run('topic', 'create', 'orders', ...cluster)).toMatchObject({ exitCode: 0 })
    expect(await run('produce', 'orders', 'hello', ...cluster)).toMatchObject({ exitCode: 0, stderr: '' })
    const consumed = await run('consume', 'orders', '-e', '-f', '%v\\n', ...cluster)
    expect(consumed).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' })
    // Freed memory goes back to the system.
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).toMatch(/(^|\0)MALLOC_ARENA_MAX=2\0/)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('keeps a second one out of its data, also when what it has unpacked was cut off', async () => {
    const data = ['--data', join(folder, 'data'), '--namesrv-port', '0', '--broker-port', '0']
    const first = await startServers(...data)
    first.child.kill('SIGTERM')
    await once(first.child, 'exit')
    const cache = join(folder, 'home/.cache/rocketmq-ts')
    const [binary, ...others] = readdirSync(cache)
    expect(others).toEqual([])
    truncateSync(join(cache, binary!), 1000)
    const again = await startServers(...data)
    const second = await run('start', '--log-level', 'warn', ...data)
    expect(second.exitCode).toBe(1)
    expect(second.stderr).toContain('is in use')
    // It would say that the kernel cannot be asked.
    expect(second.stderr).not.toContain('fs-native-extensions')
    again.child.kill('SIGTERM')
    expect(await once(again.child, 'exit')).toEqual([0, null])
  })
})
