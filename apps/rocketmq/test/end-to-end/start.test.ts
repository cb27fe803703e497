import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { clusterInfoBody, commands } from '@rocketmq-ts/protocol'
import { RemotingClient } from '@rocketmq-ts/remoting'
import { describe, expect, test, vi } from 'vitest'
import { rocketmq as program, RocketmqProcess } from './rocketmq-process.ts'

vi.setConfig({ testTimeout: 180_000 })

const freePorts = ['--namesrv-port', '0', '--broker-port', '0']
const readyText = /RocketMQ is ready.*Ctrl-C stops it/s

function start(cwd: string, ...args: string[]): RocketmqProcess {
  return new RocketmqProcess(['start', ...freePorts, ...args], { cwd })
}

/** The addresses by name in the ready message. */
async function readyAddresses(rocketmq: RocketmqProcess): Promise<Map<string, string>> {
  const [text] = await rocketmq.output(readyText)
  return new Map(
    [...text.matchAll(/^ {2}(name server|broker-\w+) +(127\.0\.0\.1:\d+)$/gm)].map((row) => [row[1]!, row[2]!]),
  )
}

/** Names and addresses of the masters that a name server knows. */
async function registeredBrokers(nameServer: string): Promise<Record<string, string | undefined>> {
  const client = new RemotingClient(createNodePlatform())
  try {
    const { body } = await client.invoke(nameServer, commands.getBrokerClusterInfo, { header: {}, timeoutMs: 5000 })
    const { brokerAddrTable } = clusterInfoBody.decode(body)
    return Object.fromEntries([...brokerAddrTable].map(([name, { brokerAddrs }]) => [name, brokerAddrs.get(0)]))
  } finally {
    await client.close()
  }
}

/** An address of this machine that others may reach; a machine without a network has none. */
const outsideAddress = Object.values(os.networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

/** Whether there is the program `script` of Linux, which runs a command in a terminal. */
const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

/** Whether something accepts connections there. */
function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** The code and the remark of the answer. */
async function changeSettings(broker: string, text: string): Promise<[number, string]> {
  const client = new RemotingClient(createNodePlatform())
  try {
    const body = Buffer.from(text)
    const answer = await client.call(broker, commands.updateBrokerConfig, { header: {}, body, timeoutMs: 5000 })
    return [answer.code, answer.remark ?? '']
  } finally {
    await client.close()
  }
}

describe('rocketmq start', () => {
  test('is ready when its broker is registered, and stops in order on Ctrl-C', async () => {
    using folder = temporaryFolder()
    await using rocketmq = start(folder.path)
    const addresses = await readyAddresses(rocketmq)
    const { 'name server': nameServer, ...brokers } = Object.fromEntries(addresses)
    expect(await registeredBrokers(nameServer!)).toEqual(brokers)
    expect(Object.keys(brokers)).toEqual(['broker-a'])
    rocketmq.signal('SIGINT')
    expect(await rocketmq.exit(), rocketmq.stderr).toBe(0)
    expect(fs.existsSync(path.join(folder.path, 'data/broker-a/abort'))).toBe(false)
  })

  test('starts again on the same data, with the settings that a request changed', async () => {
    using folder = temporaryFolder()
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await using rocketmq = start(folder.path, '--data', 'kept')
      const broker = (await readyAddresses(rocketmq)).get('broker-a')!
      const isFirst = signal === 'SIGTERM'
      expect(await changeSettings(broker, isFirst ? 'maxMessageSize=1000' : 'listenPort=1')).toEqual(
        isFirst ? [0, ''] : [29, 'listenPort=1 is not possible: rocketmq start decides about it at each start'],
      )
      rocketmq.signal(signal)
      expect(await rocketmq.exit(), rocketmq.stderr).toBe(0)
      expect(rocketmq.stderr.includes('changes by requests apply: maxMessageSize=1000')).toBe(!isFirst)
    }
    expect(fs.readdirSync(path.join(folder.path, 'kept'))).toEqual(expect.arrayContaining(['broker-a', 'namesrv']))
  })

  test('says nothing that alarms at its first start, and at one after it was stopped in order', async () => {
    using folder = temporaryFolder()
    const expected = [
      'name server: a broker registered',
      'broker-a: the broker is registered at the name server',
      'rocketmq: stopping',
      'name server: a broker unregistered',
      'rocketmq: stopped',
    ]
    for (const round of ['first', 'second']) {
      await using rocketmq = start(folder.path)
      await rocketmq.output(readyText)
      rocketmq.signal('SIGTERM')
      expect(await rocketmq.exit(), round).toBe(0)
      const said = rocketmq.stderr.trimEnd().split('\n')
      const lines = said.map((line) => /^\S+ (\S+) +(.+?)(;| \w+=|$)/.exec(line)!.slice(1, 3).join(' '))
      expect(lines.toSorted(), round).toEqual(expected.map((line) => `INFO ${line}`).toSorted())
    }
  })

  test.each([
    ['npm start', 'told to end', 'SIGTERM', ['npm', 'start', '--']],
    ['npm start', 'killed', 'SIGKILL', ['npm', 'start', '--']],
    ['npx rocketmq start', 'killed', 'SIGKILL', ['npx', 'rocketmq', 'start']],
  ] as const)('%s ends in order when npm is %s', async (_, __, signal, command) => {
    using folder = temporaryFolder()
    const cwd = fileURLToPath(new URL('../../../../', import.meta.url))
    const args = ['--data', folder.path, ...freePorts]
    await using npm = new RocketmqProcess(args, { cwd, command })
    await npm.output(readyText)
    npm.signal(signal)
    await npm.exit()
    expect(npm.stderr).toContain('stopped')
    expect(fs.existsSync(path.join(folder.path, 'broker-a/abort'))).toBe(false)
  })

  test('tells a program by a line of JSON where it is with --json, and leaves nothing with --ephemeral', async () => {
    using folder = temporaryFolder()
    await using rocketmq = new RocketmqProcess(['start', '--ephemeral', '--json'], { cwd: folder.path })
    const [line] = await rocketmq.output(/^.*\n/)
    const { nameServer, brokers, dataFolder } = JSON.parse(line)
    expect(rocketmq.stdout).toBe(line)
    expect(await registeredBrokers(nameServer)).toEqual({ 'broker-a': brokers[0].address })
    expect(fs.readdirSync(dataFolder)).toContain('broker-a')
    rocketmq.signal('SIGTERM')
    expect(await rocketmq.exit(), rocketmq.stderr).toBe(0)
    expect(fs.existsSync(dataFolder)).toBe(false)
    expect(fs.readdirSync(folder.path)).toEqual([])
  })

  test('does not take a folder for --ephemeral', async () => {
    using folder = temporaryFolder()
    await using rocketmq = new RocketmqProcess(['start', '--ephemeral', '--data', 'kept'], { cwd: folder.path })
    expect(await rocketmq.exit()).not.toBe(0)
    expect(rocketmq.stderr).toContain('--ephemeral')
  })

  test('starts again after it was killed', async () => {
    using folder = temporaryFolder()
    {
      await using killed = start(folder.path)
      await killed.output(readyText)
      killed.signal('SIGKILL')
      await killed.exit()
    }
    await using rocketmq = start(folder.path)
    expect(Object.keys(await registeredBrokers((await readyAddresses(rocketmq)).get('name server')!))).toEqual([
      'broker-a',
    ])
  })

  test('three brokers have ports and folders of their own and are all registered', async () => {
    using folder = temporaryFolder()
    await using rocketmq = start(folder.path, '--brokers', '3')
    const { 'name server': nameServer, ...brokers } = Object.fromEntries(await readyAddresses(rocketmq))
    expect(Object.keys(brokers)).toEqual(['broker-a', 'broker-b', 'broker-c'])
    expect(new Set(Object.values(brokers)).size).toBe(3)
    expect(await registeredBrokers(nameServer!)).toEqual(brokers)
    for (const name of Object.keys(brokers)) expect(fs.existsSync(path.join(folder.path, 'data', name))).toBe(true)
    rocketmq.signal('SIGINT')
    expect(await rocketmq.exit(), rocketmq.stderr).toBe(0)
  })

  test('a second one on the same data names the process that holds it, and the first goes on', async () => {
    using folder = temporaryFolder()
    await using first = start(folder.path)
    const nameServer = (await readyAddresses(first)).get('name server')!
    await using second = start(folder.path)
    expect(await second.exit()).toBe(1)
    expect(second.stderr).toContain(`in use by process ${first.pid}`)
    expect(second.stderr).toContain('--data')
    expect(second.stdout).toBe('')
    expect(Object.keys(await registeredBrokers(nameServer))).toEqual(['broker-a'])
  })

  test.each([
    ['name server', '--namesrv-port'],
    ['broker-a', '--broker-port'],
  ])('a taken port of %s is named with the option %s, and the data is free again', async (part, option) => {
    using folder = temporaryFolder()
    const other = net.createServer().listen(0, '0.0.0.0')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as net.AddressInfo
    try {
      await using rocketmq = start(folder.path, option, String(port))
      expect(await rocketmq.exit()).toBe(1)
      expect(rocketmq.stderr).toContain(`port ${port} is taken`)
      expect(rocketmq.stderr).toContain(part)
      expect(rocketmq.stderr).toContain(option)
      expect(rocketmq.stdout).toBe('')
    } finally {
      other.close()
    }
    await using again = start(folder.path)
    await again.output(readyText)
  })

  test('--broker-conf applies to each broker, and a bad value stops the start with its line', async () => {
    using folder = temporaryFolder()
    const file = path.join(folder.path, 'b.conf')
    fs.writeFileSync(file, 'brokerName=x\nbrokerClusterName=Other\nflushDiskTyp=SYNC_FLUSH\n')
    {
      await using rocketmq = start(folder.path, '--broker-conf', 'b.conf')
      await rocketmq.output(readyText)
      expect(rocketmq.stderr).toContain('b.conf:1: brokerName has no effect')
      expect(rocketmq.stderr).toContain('b.conf:3: flushDiskTyp is not a known setting')
      expect(rocketmq.stderr).toContain('did you mean flushDiskType?')
    }
    fs.writeFileSync(file, 'maxMessageSize=big\n')
    await using refused = start(folder.path, '--broker-conf', 'b.conf')
    expect(await refused.exit()).toBe(1)
    expect(refused.stderr).toContain('b.conf:1: maxMessageSize=big is not possible: allowed is a whole number of bytes')
  })

  test.skipIf(outsideAddress === undefined)('only this machine reaches it, unless --host opens it', async () => {
    using folder = temporaryFolder()
    {
      await using closed = start(folder.path)
      for (const address of (await readyAddresses(closed)).values()) {
        const port = Number(address.slice(address.lastIndexOf(':') + 1))
        expect(await isOpen('127.0.0.1', port)).toBe(true)
        expect(await isOpen(outsideAddress!, port)).toBe(false)
      }
      expect(closed.stdout).toContain('Only this machine can connect')
      closed.signal('SIGINT')
      await closed.exit()
    }
    await using opened = start(folder.path, '--host', '0.0.0.0')
    const [, nameServer, broker] = await opened.output(/name server {2}(\S+)\n {2}broker-a {5}(\S+)\n/)
    const [host, port] = nameServer!.split(':')
    expect(await isOpen(host!, Number(port))).toBe(true)
    expect(await isOpen('127.0.0.1', Number(port))).toBe(true)
    expect(await registeredBrokers(nameServer!)).toEqual({ 'broker-a': broker })
  })

  test('says each line as an object with --log-format json, and none below --log-level', async () => {
    using folder = temporaryFolder()
    await using rocketmq = start(folder.path, '--log-format', 'json')
    await rocketmq.output(readyText)
    rocketmq.signal('SIGINT')
    expect(await rocketmq.exit()).toBe(0)
    const lines = rocketmq.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(lines.map(({ part }) => part))).toEqual(new Set(['rocketmq', 'name server', 'broker-a']))
    for (const { time, level, msg } of lines) {
      expect(new Date(time).toISOString()).toBe(time)
      expect(['info', 'warn', 'error']).toContain(level)
      expect(msg).not.toBe('')
    }
    await using quiet = start(folder.path, '--log-level', 'warn')
    await quiet.output(readyText)
    quiet.signal('SIGINT')
    expect(await quiet.exit()).toBe(0)
    expect(quiet.stderr).toBe('')
  })

  test.skipIf(!hasTerminals)('stops in order when its terminal is closed, which takes no more lines', async () => {
    using folder = temporaryFolder()
    const command = [process.execPath, program, 'start', ...freePorts].join(' ')
    const args = ['--quiet', '--command', command, '/dev/null']
    await using terminal = new RocketmqProcess(args, { cwd: folder.path, command: ['script'] })
    await terminal.output(/Ctrl-C stops it/)
    terminal.signal('SIGKILL')
    await terminal.exit()
    const abort = path.join(folder.path, 'data/broker-a/abort')
    await expect.poll(() => fs.existsSync(abort), { timeout: 120_000 }).toBe(false)
  })

  test('goes on when the terminal is gone that it does not read from, as with nohup', async () => {
    using folder = temporaryFolder()
    await using rocketmq = start(folder.path, '--stop-with-parent')
    const nameServer = (await readyAddresses(rocketmq)).get('name server')!
    rocketmq.signal('SIGHUP')
    expect(Object.keys(await registeredBrokers(nameServer))).toEqual(['broker-a'])
    rocketmq.signal('SIGTERM')
    expect(await rocketmq.exit()).toBe(0)
    expect(rocketmq.stderr).not.toContain('SIGHUP')
    expect(rocketmq.stderr).toContain('signal=SIGTERM')
  })

  test('ends in order when the launcher is killed that an older Node has started', async () => {
    using folder = temporaryFolder()
    const olderNode = path.join(folder.path, 'older-node.cjs')
    fs.writeFileSync(
      olderNode,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })`,
    )
    const command = [process.execPath, '--require', olderNode, program] as const
    await using launcher = new RocketmqProcess(['start', ...freePorts], { cwd: folder.path, command })
    await launcher.output(readyText)
    launcher.signal('SIGKILL')
    // Its output ends when the server has ended, too.
    expect(await launcher.exit()).toBe(-1)
    expect(launcher.stderr).toContain('the process that started this one has ended')
    expect(fs.existsSync(path.join(folder.path, 'data/broker-a/abort'))).toBe(false)
  })
})
