import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test, vi } from 'vitest'
import { RocketmqProcess, rocketmq } from './rocketmq-process.ts'

vi.setConfig({ testTimeout: 180_000 })

const start = ['start', '--namesrv-port', '0', '--broker-port', '0', '--data', 'data']

async function startedCluster(cwd: string) {
  const cluster = new RocketmqProcess(start, { cwd })
  const address = (await cluster.output(/name server +(\S+)\n/))[1]!
  await cluster.output(/Ctrl-C stops it/)
  return { address, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() }
}

test('a new user starts a cluster, makes a topic and sees it', async () => {
  using folder = temporaryFolder()
  const cwd = folder.path
  await using cluster = await startedCluster(cwd)
  const env = { NAMESRV_ADDR: cluster.address, HOME: cwd, XDG_CONFIG_HOME: '' }
  const said = async (...args: string[]) => {
    await using running = new RocketmqProcess(args, { cwd, env })
    expect(await running.exit(), running.stderr).toBe(0)
    return running.stdout
  }
  expect(await said('topic', 'create', 'orders')).toBe('orders is made on broker-a.\n')
  expect(await said('topic', 'list')).toMatch(/^TOPIC +KIND\norders +normal\n$/)
  await said('context', 'add', 'here', '-n', cluster.address)
  const contexts = path.join(cwd, '.config', 'rocketmq', 'contexts.json')
  expect(JSON.parse(readFileSync(contexts, 'utf8')).current).toBe('here')
  expect(statSync(contexts).mode & 0o777).toBe(0o600)
})

test('a command whose reader has gone ends in order, and says nothing of it', async () => {
  using folder = temporaryFolder()
  await using cluster = await startedCluster(folder.path)
  const args = ['lag', '--watch', '--json', '--interval', '10ms', '-n', cluster.address]
  const child = spawn(process.execPath, [rocketmq, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder.path })
  const stderr = textOf(child)
  await new RocketmqProcess(['group', 'create', 'g', '-n', cluster.address], { cwd: folder.path }).exit()
  await new RocketmqProcess(['topic', 'create', 't', '-n', cluster.address], { cwd: folder.path }).exit()
  const change = ['offset', 'change', 'g', 't', '--to', 'earliest', '--yes', '-n', cluster.address]
  await new RocketmqProcess(change, { cwd: folder.path }).exit()
  await once(child.stdout!, 'data')
  child.stdout!.destroy()
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(stderr()).toBe('')
})

test.skipIf(!existsSync('/dev/full'))('a command whose output goes to a full disk fails, and says why', async () => {
  using folder = temporaryFolder()
  const full = openSync('/dev/full', 'w')
  const env = { ...process.env, HOME: folder.path }
  for (const words of [
    ['context', 'list', '--json'],
    ['completion', 'bash'],
  ]) {
    const child = spawn(process.execPath, [rocketmq, ...words], {
      stdio: ['ignore', full, 'pipe'],
      cwd: folder.path,
      env,
    })
    const stderr = textOf(child)
    expect(await once(child, 'close')).toEqual([1, null])
    expect(stderr()).toBe('rocketmq: standard output takes nothing more: ENOSPC: no space left on device, write\n')
  }
  closeSync(full)
})

test('Ctrl-C ends a command in order', async () => {
  using folder = temporaryFolder()
  await using cluster = await startedCluster(folder.path)
  await using watching = new RocketmqProcess(['lag', '--watch', '-n', cluster.address], { cwd: folder.path })
  await watching.said(/No group has an offset yet/)
  watching.signal('SIGINT')
  expect(await watching.exit()).toBe(0)
})

test('Ctrl-C ends a command that waits for what is typed', async () => {
  using folder = temporaryFolder()
  const cwd = folder.path
  await using cluster = await startedCluster(cwd)
  await new RocketmqProcess(['topic', 'create', 't', '-n', cluster.address], { cwd }).exit()
  const args = ['produce', 't', '--json', '-n', cluster.address]
  const child = spawn(process.execPath, [rocketmq, ...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd })
  const stderr = textOf(child)
  child.stdin!.write('a\nb')
  expect(String((await once(child.stdout!, 'data'))[0])).toContain('"messageId"')
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([1, null])
  expect(stderr()).toBe('rocketmq: ended early: 1 messages are stored\n')
})

function textOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  return () => text
}
