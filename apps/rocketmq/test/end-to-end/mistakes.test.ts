import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RocketmqProcess, rocketmq } from './rocketmq-process.ts'

vi.setConfig({ testTimeout: 180_000, maxConcurrency: 2 })

const nobody = 65_534
/** Whether the test may run the program as somebody who owns nothing, who may read it. */
const canBeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['--check', rocketmq], { uid: nobody, gid: nobody }).status === 0

/** What each mistake answers with: all that stderr shows, or its first line where the rest is how to get help. */
describe.concurrent('a start that cannot be', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let taken: net.Server
  let takenPort = 0

  beforeAll(async () => {
    folder = temporaryFolder()
    const write = (name: string, text: string) => fs.writeFileSync(path.join(folder.path, name), text)
    write('file', '')
    write('bad-value.conf', 'brokerName=a\nflushDiskType=sometimes\n')
    write('port.conf', 'listenPort=70000\n')
    write('escape.conf', 'brokerName=\\u12\n')
    write('name.conf', 'brokerIP1=nowhere.invalid\nlistenPort=0\nstorePathRootDir=s1\n')
    write('wildcard.conf', 'listenPort=0\nbrokerIP1=0.0.0.0\nstorePathRootDir=s2\n')
    write('bind.conf', 'listenPort=0\nbrokerIP1=127.0.0.1\nbindAddress=192.0.2.1\nstorePathRootDir=s3\n')
    write('store-file.conf', 'listenPort=0\nbrokerIP1=127.0.0.1\nstorePathRootDir=file\n')
    fs.mkdirSync(path.join(folder.path, 'folder'))
    fs.mkdirSync(path.join(folder.path, 'others'))
    fs.chmodSync(path.join(folder.path, 'others'), 0o555)
    write('others.conf', 'listenPort=0\nbrokerIP1=127.0.0.1\nstorePathRootDir=others/store\n')
    fs.chmodSync(folder.path, 0o755)
    taken = net.createServer().listen(0, '0.0.0.0')
    await new Promise((resolve) => taken.once('listening', resolve))
    takenPort = (taken.address() as net.AddressInfo).port
    write('second.conf', `listenPort=${takenPort + 2}\nbrokerIP1=127.0.0.1\nstorePathRootDir=s4\n`)
  })
  afterAll(() => {
    taken.close()
    folder[Symbol.dispose]()
  })

  async function stderrOf(args: readonly string[], uid?: number, exitCode = 1): Promise<string> {
    await using running = new RocketmqProcess(args, { cwd: folder.path, ...(uid === undefined ? {} : { uid }) })
    expect(await running.exit()).toBe(exitCode)
    expect(running.stdout).toBe('')
    return running.stderr.replaceAll(folder.path, 'FOLDER').replaceAll(String(takenPort), 'TAKEN')
  }

  const free = ['--namesrv-port', '0', '--broker-port', '0']
  test.each([
    ['nonsense', "error: unknown command 'nonsense'\n"],
    ['start --nonsense', "error: unknown option '--nonsense'\n"],
    [
      'start --brokers 0',
      "error: option '--brokers <number>' argument '0' is invalid. Allowed is a whole number from 1 to 1000.\n",
    ],
    ['start --data=', "argument '' is invalid. It is empty.\n"],
    ['broker --log-level loud', "argument 'loud' is invalid. Allowed choices are debug, info, warn, error, silent.\n"],
  ])('%s says how to use it', async (args, line) => {
    const stderr = await stderrOf(args.split(' '), undefined, 2)
    expect(stderr).toContain(line)
    expect(stderr).toMatch(/--help (lists the commands|shows how to use it)/)
    expect(stderr.split('\n').length).toBeLessThan(4)
  })

  test.each([
    [
      'start --data file',
      'cannot make the folder FOLDER/file: there is something else of that name; choose another folder with --data',
    ],
    [
      'start --data file/x',
      'cannot make the folder FOLDER/file/x: a part of the path is a file; choose another folder with --data',
    ],
    [
      'start --data d1 --namesrv-port 10911 --broker-port 10911',
      'broker-a (ports 10911 and 10909) and the name server would share port 10911: choose another --broker-port or --namesrv-port',
    ],
    [
      'start --data d2 --namesrv-port 10909 --broker-port 10911',
      'broker-a (ports 10911 and 10909) and the name server would share port 10909: choose another --broker-port or --namesrv-port',
    ],
    [
      'start --data d3 --broker-port 65530 --brokers 2',
      'broker-b would have port 65540: choose a smaller --broker-port',
    ],
    [
      'start --data d4 --host nowhere.invalid',
      '--host=nowhere.invalid is not possible: no address is known for it; use an IP address of this machine',
    ],
    ['start --data d5 --host 192.0.2.1', '192.0.2.1 is not an address of this machine; choose another with --host'],
    [
      'start --data d6 --broker-conf none.conf',
      'cannot read none.conf: there is no such file; check the path given by --broker-conf',
    ],
    ['broker -c folder', 'cannot read folder: it is a folder; -c takes a file of key=value lines'],
    [
      'broker -c bad-value.conf',
      'bad-value.conf:2: flushDiskType=sometimes is not possible: allowed is one of ASYNC_FLUSH, SYNC_FLUSH',
    ],
    ['broker -c port.conf', 'port.conf:1: listenPort=70000 is not possible: allowed is a whole number from 0 to 65535'],
    ['broker -c escape.conf', 'escape.conf: \\u without four hexadecimal digits in line 1; write a backslash as \\\\'],
    [
      'broker -n nowhere',
      '-n: namesrvAddr=nowhere is not possible ("nowhere" does not fit): allowed is addresses like 127.0.0.1:9876, separated by semicolons',
    ],
    [
      'broker -c name.conf',
      'name.conf:1: brokerIP1=nowhere.invalid is not possible: no address is known for it; use an IP address of this machine',
    ],
    [
      'broker -c wildcard.conf',
      'wildcard.conf:2: brokerIP1=0.0.0.0 is not possible (clients cannot connect to it; bindAddress says where to listen): allowed is the address by which clients reach this machine, on one line without control characters',
    ],
    ['namesrv -p TAKEN', 'port TAKEN is taken by another program; choose another with -p'],
  ])('%s says what to change, in a line', async (args, line) => {
    const words = args.replace('TAKEN', String(takenPort)).split(' ')
    const ports = words[0] === 'start' ? free.filter((_, index) => !words.includes(free[index - (index % 2)]!)) : []
    expect(await stderrOf([...words, ...ports])).toBe(`rocketmq: ${line}\n`)
  })

  test.each([
    [
      'bind.conf',
      '192.0.2.1 is not an address of this machine; set bindAddress in bind.conf to one, or to 0.0.0.0 for all',
    ],
    [
      'second.conf',
      /^port TAKEN is taken by another program; broker \S+ needs it as well as port \d+, for older clients: choose another by listenPort in second\.conf$/,
    ],
    [
      'store-file.conf',
      'cannot make the folder FOLDER/file/config: a part of the path is a file; the store is FOLDER/file: choose another by storePathRootDir in store-file.conf',
    ],
  ])('broker -c %s says what to change, in its last line', async (conf, line) => {
    const stderr = await stderrOf(['broker', '-c', conf, '--log-level', 'error'])
    const last = stderr.trimEnd().replace(/^rocketmq: /, '')
    if (typeof line === 'string') expect(last).toBe(line)
    else expect(last).toMatch(line)
  })

  test.skipIf(!canBeNobody)('by a user who may not write there says so, and blames no port', async () => {
    expect(await stderrOf(['start', '--data', 'others/data', ...free], nobody)).toBe(
      'rocketmq: cannot make the folder FOLDER/others/data: this user may not do that; choose another folder with --data\n',
    )
    const stderr = await stderrOf(['broker', '-c', 'others.conf', '--log-level', 'error'], nobody)
    expect(stderr).toBe(
      'rocketmq: cannot make the folder FOLDER/others/store: this user may not do that; the store is FOLDER/others/store: choose another by storePathRootDir in others.conf\n',
    )
  })

  test('is one line of JSON with --log-format json', async () => {
    const stderr = await stderrOf(['start', '--data', 'file', ...free, '--log-format', 'json'])
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', msg: expect.stringContaining('cannot make the folder') })
  })
})
