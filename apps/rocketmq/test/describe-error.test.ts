import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { errorFacts, errorFromFacts } from '../src/cluster/broker-thread-messages.ts'
import { describeError, explainStartError } from '../src/describe-error.ts'
import { UserError } from '../src/user-error.ts'

const context = {
  owner: 'broker-a',
  listenPort: 10_911,
  portAdvice: 'choose others with --broker-port',
  hostAdvice: 'choose another with --host',
  folder: '/data',
  folderAdvice: 'choose another folder with --data',
}

/** What the user reads about an error of a start. */
function explained(error: unknown): string {
  const result = explainStartError(error, context)
  expect(result).toBeInstanceOf(UserError)
  return describeError(result)
}

/** The error of a call that fails. */
function errorOf(call: () => void): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('the call did not fail')
}

/** The error of a port that cannot be opened. */
function listenError(options: net.ListenOptions): Promise<Error> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', resolve)
    server.listen(options, () => server.close(() => reject(new Error('the port was opened'))))
  })
}

test('an error made for the user is its message alone', () => {
  expect(describeError(new UserError('choose another port'))).toBe('choose another port')
})

test('any other error comes with its stack and its causes', () => {
  const text = describeError(new Error('broke', { cause: new TypeError('inner') }))
  expect(text).toMatch(/^Error: broke\n +at .*caused by TypeError: inner\n/s)
})

test('an error keeps on another thread what the user reads', () => {
  const passed = errorFromFacts(structuredClone(errorFacts(new UserError('choose another port'))))
  expect(describeError(passed)).toBe('choose another port')
})

describe('a port that cannot be opened', () => {
  test('is named as the one that it is, the main one or the second one', async () => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as net.AddressInfo
    try {
      const error = await listenError({ host: '127.0.0.1', port })
      expect(describeError(explainStartError(error, { ...context, listenPort: port }))).toBe(
        `port ${port} is taken by another program; it is for broker-a: choose others with --broker-port`,
      )
      expect(describeError(explainStartError(error, { ...context, listenPort: port + 2 }))).toBe(
        `port ${port} is taken by another program; broker-a needs it as well as port ${port + 2}, for older clients: choose others with --broker-port`,
      )
    } finally {
      other.close()
    }
  })

  test('may be one for administrators', () => {
    const facts = { code: 'EACCES', syscall: 'listen', address: '0.0.0.0', port: 80 }
    const error = Object.assign(new Error('listen EACCES'), facts)
    expect(describeError(explainStartError(error, { ...context, listenPort: 80 }))).toBe(
      'port 80 may not be opened by this user (ports below 1024 are for administrators); it is for broker-a: choose others with --broker-port',
    )
  })

  test('may have an address of another machine', async () => {
    expect(explained(await listenError({ host: '192.0.2.1', port: 0 }))).toBe(
      '192.0.2.1 is not an address of this machine; choose another with --host',
    )
  })

  test('may have a name that nobody knows', async () => {
    expect(explained(await listenError({ host: 'nowhere.invalid', port: 0 }))).toBe(
      'nowhere.invalid is not known as a name of this machine; choose another with --host',
    )
  })
})

describe('a file or folder that cannot be used', () => {
  test('is named with the reason, and is no matter of ports', () => {
    using folder = temporaryFolder()
    const file = path.join(folder.path, 'file')
    fs.writeFileSync(file, '')
    expect(explained(errorOf(() => fs.mkdirSync(file)))).toBe(
      `cannot make the folder ${file}: there is something else of that name; choose another folder with --data`,
    )
    expect(explained(errorOf(() => fs.mkdirSync(`${file}/x`, { recursive: true })))).toBe(
      `cannot make the folder ${file}/x: a part of the path is a file; choose another folder with --data`,
    )
    expect(explained(errorOf(() => fs.openSync(folder.path, 'w')))).toBe(
      `cannot open ${folder.path}: it is a folder; choose another folder with --data`,
    )
  })

  test.each([
    ['EACCES', 'open', 'cannot open /data/lock: this user may not do that; choose another folder with --data'],
    [
      'ENOENT',
      'mkdir',
      'cannot make the folder /data/lock: the folder above it is missing or can only be read; choose another folder with --data',
    ],
    ['EROFS', 'open', 'cannot open /data/lock: the disk can only be read; choose another folder with --data'],
    [
      'ENOSPC',
      'write',
      'cannot write to /data/lock: the disk is full: free space there; choose another folder with --data',
    ],
  ])('%s of %s', (code, syscall, message) => {
    expect(explained(Object.assign(new Error(code), { code, syscall, path: '/data/lock' }))).toBe(message)
  })
})

test('a file that is open is not named by its error: the folder is', () => {
  const error = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' })
  expect(explained(error)).toBe(
    'cannot write to a file in /data: the disk is full: free space there; choose another folder with --data',
  )
})

test('errors of a connection and defects stay what they are', () => {
  const refused = Object.assign(new Error('connect'), { code: 'EACCES', syscall: 'connect', port: 1 })
  for (const error of [refused, new TypeError('x is not a function')]) {
    expect(explainStartError(error, context)).toBe(error)
  }
})
