import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test, vi } from 'vitest'
import { RocketmqProcess } from './rocketmq-process.ts'

vi.setConfig({ testTimeout: 180_000 })

describe('rocketmq namesrv and rocketmq broker', () => {
  test('run as two processes and stop in order', async () => {
    using folder = temporaryFolder()
    const cwd = folder.path
    fs.writeFileSync(
      path.join(cwd, 'broker.conf'),
      'brokerName=broker-x\nlistenPort=0\nbrokerIP1=127.0.0.1\nstorePathRootDir=store\n',
    )
    fs.writeFileSync(path.join(cwd, 'namesrv.conf'), 'kvConfigPath=kvConfig.json\nlistenPort=1\n')
    await using nameServer = new RocketmqProcess(['namesrv', '-c', 'namesrv.conf', '-p', '0'], { cwd })
    const port = (await nameServer.output(/Name server ready at \S+:(\d+)\n/))[1]
    const address = `127.0.0.1:${port}`
    await using broker = new RocketmqProcess(['broker', '-c', 'broker.conf', '-n', address], { cwd })
    await broker.output(new RegExp(`Broker broker-x ready at 127.0.0.1:\\d+, name servers: ${address}\n`))
    expect(fs.existsSync(path.join(cwd, 'store'))).toBe(true)
    for (const part of [broker, nameServer]) {
      part.signal('SIGTERM')
      expect(await part.exit(), part.stderr).toBe(0)
    }
  })

  test('a taken port of the name server is named with -p', async () => {
    using folder = temporaryFolder()
    const other = net.createServer().listen(0, '0.0.0.0')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as net.AddressInfo
    try {
      await using nameServer = new RocketmqProcess(['namesrv', '-p', String(port)], { cwd: folder.path })
      expect(await nameServer.exit()).toBe(1)
      expect(nameServer.stderr).toBe(`rocketmq: port ${port} is taken by another program; choose another with -p\n`)
    } finally {
      other.close()
    }
  })
})

describe('--print-config', () => {
  test.each(['broker', 'namesrv'])('of %s can be given back with -c and says the same again', async (part) => {
    using folder = temporaryFolder()
    const cwd = folder.path
    fs.writeFileSync(path.join(cwd, 'first.conf'), 'listenPort=12345\n')
    await using first = new RocketmqProcess([part, '-c', 'first.conf', '--print-config'], { cwd })
    expect(await first.exit()).toBe(0)
    expect(first.stdout).toMatch(/^# .*\(default: \d+; a change needs a restart\)\nlistenPort=12345$/m)
    fs.writeFileSync(path.join(cwd, 'second.conf'), first.stdout)
    await using second = new RocketmqProcess([part, '-c', 'second.conf', '--print-config'], { cwd })
    expect(await second.exit()).toBe(0)
    // What requests change is kept in the file that is read.
    expect(second.stdout).toBe(first.stdout.replace('first.conf', 'second.conf'))
    expect(fs.readdirSync(cwd).toSorted()).toEqual(['first.conf', 'second.conf'])
  })

  test('a file that is not there is named', async () => {
    using folder = temporaryFolder()
    await using broker = new RocketmqProcess(['broker', '-c', 'none.conf', '--print-config'], { cwd: folder.path })
    expect(await broker.exit()).toBe(1)
    expect(broker.stderr).toBe('rocketmq: cannot read none.conf: there is no such file; check the path given by -c\n')
  })
})
