import { createNodePlatform, type ListenOptions, type Platform } from '@rocketmq-ts/platform'
import { recordedLog, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, encodeFrame } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { get, ownCluster, Peer, RemotingServer, serve } from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'
import { tableOf } from './remoting-kit.ts'

const peer = '10.0.0.7:4711'

function openPeer(options: { unfinishedBytesMax?: number } = {}) {
  const clock = new SteppedClock()
  const log = recordedLog()
  const getKvConfig = serve<typeof commands.getKvConfig>({ name: 'test', waitingMax: 10 }, get(ownCluster), () => {
    throw new TypeError('a defect')
  })
  const table = tableOf('name-server', { getKvConfig })
  const opened = new Peer({ clock, log, table, idleTimeoutMs: 60_000, ...options })
  const connect = (): FakeConnection => {
    const connection = new FakeConnection()
    opened.open(connection)
    return connection
  }
  return { clock, log, opened, connect }
}

test.each([
  ['a frame of 2130706432 bytes is announced, 16777216 are allowed', Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 0])],
  ['a header of 99 bytes does not fit into a frame of 8', Buffer.from([0, 0, 0, 8, 0, 0, 0, 99, 1, 2, 3, 4])],
  ['serialize type 9 is neither JSON (0) nor ROCKETMQ (1)', Buffer.from([0, 0, 0, 5, 9, 0, 0, 1, 0x7b])],
])('a connection that is closed for its bytes is logged with its peer and the reason: %s', (reason, bytes) => {
  const { log, opened, connect } = openPeer()
  const connection = connect()
  connection.receive(bytes)
  expect(connection.state).toBe('destroyed')
  expect(opened.connections.size).toBe(0)
  expect(log.lines).toEqual([
    { level: 'warn', fields: { peer, reason }, message: 'a connection was closed: what came is no frame' },
  ])
})

test('a connection that is closed because it was idle is logged with its peer', () => {
  const { log, connect } = openPeer()
  const connection = connect()
  connection.idle()
  expect(connection.state).toBe('destroyed')
  const message = 'a connection was closed: nothing came or went over it for long'
  expect(log.lines).toEqual([{ level: 'info', fields: { peer, idleTimeoutMs: 60_000 }, message }])
})

test('a connection that is closed for a limit is logged with its peer, the limit and what it held', () => {
  const { log, connect } = openPeer({ unfinishedBytesMax: 100_000 })
  const connection = connect()
  connection.receive(Buffer.from([0, 0xff, 0, 0]), Buffer.alloc(200_000))
  expect(connection.state).toBe('destroyed')
  expect(log.lines).toHaveLength(1)
  expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { peer, bytes: 200_004 } })
  expect(log.lines[0]!.message).toContain('more than 100000 bytes')
})

test('an ordinary end of a connection is not logged', () => {
  const { log, connect } = openPeer()
  connect().lose()
  connect().lose(new Error('ECONNRESET'))
  expect(log.lines).toEqual([])
})

test('neither hostile connections nor requests that reveal a defect fill the log', () => {
  const { clock, log, connect } = openPeer()
  for (let count = 0; count < 5000; count++) connect().receive(Buffer.alloc(8, 0xff))
  const { code, requestCodec: codec } = commands.getKvConfig
  const header = { namespace: 'n', key: 'k' }
  const request = encodeFrame({ code, opaque: 1, flag: 0, header, codec, serializeType: 'JSON' })
  const connection = connect()
  connection.receive(...Array.from({ length: 1000 }, () => request))
  clock.finishTurn()
  expect(connection.frames).toHaveLength(1000)
  expect(log.lines.filter(({ message }) => message === 'a request failed')).toHaveLength(10)
  expect(log.lines).toHaveLength(20)
  clock.advance(10_000)
  expect(log.lines.slice(20).map(({ fields }) => [fields.kind, fields.leftOut])).toEqual([
    ['malformed frame', 4990],
    ['GET_KV_CONFIG', 990],
  ])
})

test('a server that runs out of file descriptors says so once in five seconds, with its address and what to do', async () => {
  const clock = new SteppedClock()
  const log = recordedLog()
  let listening: ListenOptions | undefined
  const platform: Pick<Platform, 'network' | 'clock'> = {
    clock,
    network: {
      ...createNodePlatform().network,
      listen: async (options) => {
        listening = options
        return { address: options, close: async () => {} }
      },
    },
  }
  const server = new RemotingServer({
    platform,
    log,
    table: tableOf('name-server', {}),
    host: '10.0.0.1',
    port: 9876,
  })
  await server.listen()
  const error = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
  for (let count = 0; count < 100; count++) listening!.onError?.(error)
  expect(log.lines).toEqual([
    {
      level: 'error',
      fields: { host: '10.0.0.1', port: 9876, err: error },
      message:
        'connections are closed unserved: no file descriptor is left. Let the process have more (ulimit -n), or have fewer clients',
    },
  ])
  clock.advance(5000)
  listening!.onError?.(error)
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'warn', 'error'])
  await server.close()
})
