import net from 'node:net'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { commands, encodeFrame, FrameDecoder, flags, ProtocolError, type RemotingCommand } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { answeredLater, type Call, get, ownCluster, serve } from '../src/index.ts'
import { eventually, startServer, timeoutMs } from './remoting-kit.ts'

const lane = { name: 'test', waitingMax: 100 }
const header = { namespace: 'n', key: 'k' }

function getFrame(opaque: number, key = 'k', flag = 0): Buffer {
  const { code, requestCodec: codec } = commands.getKvConfig
  return encodeFrame({ code, opaque, flag, header: { namespace: 'n', key }, codec, serializeType: 'JSON' })
}

const echo = serve<typeof commands.getKvConfig>(lane, get(ownCluster), ({ key }) => ({ header: { value: key } }))

interface RawPeer extends Disposable {
  socket: net.Socket
  answers: RemotingCommand[]
  closed: Promise<unknown>
}

function rawPeer(port: number): Promise<RawPeer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawPeer>()
  const answers: RemotingCommand[] = []
  const decoder = new FrameDecoder((answer) => answers.push(answer))
  const socket = net.connect(port, '127.0.0.1')
  const closed = new Promise((done) => socket.once('close', done))
  socket.on('data', (chunk) => decoder.push(chunk))
  socket.once('error', reject)
  socket.once('connect', () => resolve({ socket, answers, closed, [Symbol.dispose]: () => void socket.destroy() }))
  return promise
}

test('frames are found whatever pieces they arrive in', async () => {
  await using running = await startServer({ getKvConfig: echo })
  using peer = await rawPeer(running.port)
  peer.socket.setNoDelay(true)
  const bytes = Buffer.concat([getFrame(1, 'one'), getFrame(2, 'two'), getFrame(3, 'three')])
  for (let start = 0; start < bytes.length; start += 7) {
    peer.socket.write(bytes.subarray(start, start + 7))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually(() => peer.answers.length === 3, 'three answers')
  expect(peer.answers.map(({ opaque, extFields }) => [opaque, extFields?.value])).toEqual([
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
  ])
})

test.each([
  ['a length beyond the largest frame', Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 0])],
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['a header longer than its frame', Buffer.from([0, 0, 0, 8, 0, 0, 0, 99, 1, 2, 3, 4])],
  ['an unknown header form', Buffer.from([0, 0, 0, 5, 9, 0, 0, 1, 0x7b])],
  ['a header that is no JSON', Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7b])],
])('%s closes the connection, and only that one', async (_, bytes) => {
  await using running = await startServer({ getKvConfig: echo })
  using peer = await rawPeer(running.port)
  peer.socket.write(bytes)
  await peer.closed
  const { header: answer } = await running.client.invoke(running.address, commands.getKvConfig, { header, timeoutMs })
  expect(answer).toEqual({ value: 'k' })
})

test('a code that nobody knows, and one that is not served, are answered with 3', async () => {
  await using running = await startServer({})
  using peer = await rawPeer(running.port)
  peer.socket.write(encodeFrame({ code: 9999, opaque: 5, flag: 0, serializeType: 'JSON' }))
  peer.socket.write(getFrame(6))
  await eventually(() => peer.answers.length === 2, 'two answers')
  expect(peer.answers.map(({ code, opaque, remark }) => [code, opaque, remark])).toEqual([
    [3, 5, ' request type 9999 not supported'],
    [3, 6, ' request type 101 not supported: not in this test'],
  ])
})

test('a request is answered in the header form in which it came', async () => {
  await using running = await startServer({ getKvConfig: echo })
  using peer = await rawPeer(running.port)
  const { code, requestCodec: codec } = commands.getKvConfig
  peer.socket.write(encodeFrame({ code, opaque: 4, flag: 0, header, codec, serializeType: 'ROCKETMQ' }))
  await eventually(() => peer.answers.length === 1, 'an answer')
  expect(peer.answers[0]).toMatchObject({
    code: 0,
    opaque: 4,
    flag: 1,
    serializeType: 'ROCKETMQ',
    extFields: { value: 'k' },
  })
})

test('one-way requests are handled and never answered, not even with an error', async () => {
  const seen: string[] = []
  const getKvConfig = serve<typeof commands.getKvConfig>(lane, get(ownCluster), ({ key }, { isOneWay }) => {
    seen.push(`${key} ${isOneWay}`)
    if (key === 'bad') throw new Error('broken')
    return { header: { value: key } }
  })
  await using running = await startServer({ getKvConfig })
  using peer = await rawPeer(running.port)
  peer.socket.write(getFrame(1, 'first', flags.oneWay))
  peer.socket.write(getFrame(2, 'bad', flags.oneWay))
  peer.socket.write(encodeFrame({ code: 9999, opaque: 3, flag: flags.oneWay, serializeType: 'JSON' }))
  peer.socket.write(getFrame(4, 'last'))
  await eventually(() => peer.answers.length > 0, 'an answer')
  expect(peer.answers.map(({ opaque }) => opaque)).toEqual([4])
  expect(seen).toEqual(['first true', 'bad true', 'last false'])
})

test('failures are answered: refusals with their code, missing fields by name, defects with 1 and a log line', async () => {
  const logged: string[] = []
  const log = { debug() {}, info() {}, warn() {}, error: (_: unknown, message: string) => void logged.push(message) }
  const getKvConfig = serve<typeof commands.getKvConfig>(lane, get(ownCluster), async ({ key }) => {
    if (key === 'refused') throw new ProtocolError('TOPIC_NOT_EXIST', 'create it')
    throw new TypeError('defect')
  })
  await using running = await startServer({ getKvConfig }, { log })
  const { client, address } = running
  const ask = async (key: string): Promise<unknown[]> => {
    const answer = await client.call(address, commands.getKvConfig, { header: { namespace: 'n', key }, timeoutMs })
    return [answer.code, answer.remark]
  }
  expect(await ask('refused')).toEqual([17, 'create it'])
  expect(logged).toEqual([])
  expect(await ask('other')).toEqual([1, 'TypeError: defect'])
  expect(logged).toHaveLength(1)
  const incomplete = await client.call(address, commands.getKvConfig, {
    header: { namespace: 'n' } as never,
    timeoutMs,
  })
  expect([incomplete.code, incomplete.remark]).toEqual([29, expect.stringContaining('key')])
})

test('a full lane refuses with 2, and takes requests again when answers have gone out', async () => {
  const held: Call<typeof commands.getKvConfig>[] = []
  const narrow = { name: 'narrow', waitingMax: 2 }
  const getKvConfig = serve<typeof commands.getKvConfig>(narrow, get(ownCluster), (_, call) => {
    held.push(call)
    return answeredLater
  })
  await using running = await startServer({ getKvConfig })
  using peer = await rawPeer(running.port)
  peer.socket.write(Buffer.concat([getFrame(1), getFrame(2), getFrame(3)]))
  await eventually(() => peer.answers.length === 1, 'a refusal')
  expect(peer.answers[0]).toMatchObject({ code: 2, opaque: 3, remark: expect.stringMatching(/^\[OVERLOAD\]/) })
  for (const call of held) call.answer({ header: { value: 'late' } })
  held[0]!.answer({ header: { value: 'twice' } })
  await eventually(() => peer.answers.length === 3, 'both answers')
  expect(running.server.waitingIn('narrow')).toBe(0)
  peer.socket.write(getFrame(4))
  await eventually(() => held.length === 3, 'a further request')
  expect(peer.answers).toHaveLength(3)
})

test('one-way requests whose handlers never answer do not fill a lane', async () => {
  const narrow = { name: 'narrow', waitingMax: 2 }
  let handled = 0
  const getKvConfig = serve<typeof commands.getKvConfig>(narrow, get(ownCluster), () => {
    handled++
    return answeredLater
  })
  await using running = await startServer({ getKvConfig })
  using peer = await rawPeer(running.port)
  peer.socket.write(Buffer.concat(Array.from({ length: 10 }, (_, opaque) => getFrame(opaque, 'k', flags.oneWay))))
  await eventually(() => handled === 10, 'all are handled')
  expect(running.server.waitingIn('narrow')).toBe(0)
})

test('a peer that never reads is not read from, so that its answers take bounded memory', async () => {
  const answer = Buffer.alloc(64 * 1024)
  let handled = 0
  const getKvConfig = serve<typeof commands.getKvConfig>({ name: 'wide', waitingMax: 1e9 }, get(ownCluster), () => {
    handled++
    return { header: {}, body: answer }
  })
  await using running = await startServer({ getKvConfig })
  using peer = await rawPeer(running.port)
  peer.socket.pause()
  const request = getFrame(1)
  // More than systems take for a peer that does not read, which is tens of megabytes.
  const total = 1500
  for (let sent = 0; sent < total; sent++) peer.socket.write(request)
  await eventually(() => handled > 0, 'requests arrive')
  // It stands still when two looks with a turn of real input and output between them see the same.
  let before = -1
  await eventually(() => {
    const isStill = before === handled
    before = handled
    return isStill
  }, 'handling stops')
  const [connection] = running.server.connections
  expect(handled).toBeLessThan(total)
  // Requests that came in one read with the one that filled the limit are not taken either.
  expect(connection!.unsentBytes).toBeLessThan(5 * 1024 * 1024)
  // The others are served meanwhile, and so is this peer when it reads again.
  await running.client.invoke(running.address, commands.getKvConfig, { header, timeoutMs })
  peer.socket.resume()
  while (peer.answers.length < total) {
    const arrived = peer.answers.length
    await eventually(
      () => peer.answers.length > arrived,
      'more answers arrive',
      () => ({
        arrived,
        handled,
        isOpen: running.server.connections.has(connection!),
        unsentBytes: connection!.unsentBytes,
        peerUnsentBytes: peer.socket.writableLength,
      }),
    )
  }
})

test('of peers that never read, those that have waited longest are closed when their answers take too much', async () => {
  // More than a connection may hold, and than the system takes.
  const answer = Buffer.alloc(3.5 * 1024 * 1024)
  const getKvConfig = serve<typeof commands.getKvConfig>({ name: 'wide', waitingMax: 1e9 }, get(ownCluster), () => ({
    header: {},
    body: answer,
  }))
  await using running = await startServer({ getKvConfig }, { unsentBytesMax: 6 * 1024 * 1024 })
  const requests = Buffer.concat(Array.from({ length: 20 }, (_, opaque) => getFrame(opaque)))
  const peers: RawPeer[] = []
  try {
    for (let count = 0; count < 10; count++) {
      const peer = await rawPeer(running.port)
      peers.push(peer)
      peer.socket.pause()
      peer.socket.write(requests)
      await eventually(() => {
        const connections = [...running.server.connections].filter(({ unsentBytes }) => unsentBytes > 128 * 1024)
        return running.server.connections.size < peers.length || connections.length === peers.length
      }, 'the peer has its answers waiting, or one was closed')
    }
    await eventually(() => running.server.connections.size < 7, 'the oldest are closed')
    expect(running.server.connections.size).toBeGreaterThan(2)
    await running.client.invoke(running.address, commands.getKvConfig, { header, timeoutMs })
    const last = peers.at(-1)!
    last.socket.resume()
    await eventually(() => last.answers.length === 20, 'the youngest reads and gets all its answers')
  } finally {
    for (const peer of peers) peer.socket.destroy()
  }
})

test('of frames that never end, the oldest are given up with their connections when all take too much', async () => {
  await using running = await startServer({ getKvConfig: echo }, { unfinishedBytesMax: 4 * 1024 * 1024 })
  const head = Buffer.from([0, 0xff, 0, 0, 0, 0, 0, 9])
  const part = Buffer.concat([head, Buffer.alloc(1024 * 1024)])
  const peers: RawPeer[] = []
  try {
    for (let count = 0; count < 8; count++) {
      const peer = await rawPeer(running.port)
      peers.push(peer)
      await new Promise((sent) => peer.socket.write(part, sent))
      // One after the other: what is asked over another connection afterwards comes after it.
      await running.client.invoke(running.address, commands.getKvConfig, { header, timeoutMs })
    }
    await Promise.all(peers.slice(0, 4).map(({ closed }) => closed))
    expect(peers.slice(5).map(({ socket }) => socket.destroyed)).toEqual([false, false, false])
  } finally {
    for (const peer of peers) peer.socket.destroy()
  }
})

test('a peer that sends large frames without a pause is not taken for one that never ends them', async () => {
  const wide = { name: 'wide', waitingMax: 1e9 }
  const getKvConfig = serve<typeof commands.getKvConfig>(wide, get(ownCluster), () => ({ header: {} }))
  await using running = await startServer({ getKvConfig }, { unfinishedBytesMax: 4 * 1024 * 1024 })
  using peer = await rawPeer(running.port)
  const { code, requestCodec: codec } = commands.getKvConfig
  const body = Buffer.alloc(1024 * 1024)
  for (let opaque = 0; opaque < 50; opaque++) {
    peer.socket.write(encodeFrame({ code, opaque, flag: 0, header, codec, body, serializeType: 'JSON' }))
  }
  await eventually(() => peer.answers.length === 50, 'all answers')
})

test('closing ends the connections after what was answered has gone out', async () => {
  const running = await startServer({ getKvConfig: echo })
  using peer = await rawPeer(running.port)
  peer.socket.write(getFrame(1))
  await eventually(() => peer.answers.length === 1, 'an answer')
  await running.server.close()
  await peer.closed
  await running.client.close()
  await expect(createNodePlatform().network.connect({ host: '127.0.0.1', port: running.port }, 1000)).rejects.toThrow(
    'ECONNREFUSED',
  )
})

test('a taken port is told by Node code', async () => {
  await using running = await startServer({})
  await expect(startServer({}, { port: running.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('the owner is told of a connection that ends', async () => {
  const gone: number[] = []
  await using running = await startServer({ getKvConfig: echo }, { onDisconnect: ({ id }) => void gone.push(id) })
  using peer = await rawPeer(running.port)
  await eventually(() => running.server.connections.size === 1, 'the connection is there')
  const [connection] = running.server.connections
  peer.socket.destroy()
  await eventually(() => gone.length === 1, 'the owner is told')
  expect(gone).toEqual([connection!.id])
  expect(running.server.connections.size).toBe(0)
})

/** One frame behind the other, in one write. */
function writeAtOnce(peer: RawPeer, frames: readonly Buffer[]): void {
  peer.socket.write(Buffer.concat(frames))
}

test('who looks ahead is told the headers of a read once, before the first request of it is handled', async () => {
  const seen: string[] = []
  const getKvConfig = serve<typeof commands.getKvConfig>(
    lane,
    get(ownCluster),
    ({ key }) => {
      seen.push(key)
      return { header: { value: key } }
    },
    (headers) => seen.push(`ahead of ${headers.map(({ key }) => key)}`),
  )
  await using running = await startServer({ getKvConfig })
  using peer = await rawPeer(running.port)
  writeAtOnce(
    peer,
    ['a', 'b', 'c', 'd'].map((key, index) => getFrame(index, key)),
  )
  await eventually(() => peer.answers.length === 4, 'four answers')
  expect(seen).toEqual(['ahead of a,b,c,d', 'a', 'b', 'c', 'd'])
  expect(peer.answers.map(({ extFields }) => extFields?.value)).toEqual(['a', 'b', 'c', 'd'])

  // A few requests are not worth it.
  writeAtOnce(peer, [getFrame(5, 'e'), getFrame(6, 'f')])
  await eventually(() => peer.answers.length === 6, 'two more answers')
  expect(seen.slice(5)).toEqual(['e', 'f'])
})

test('a request that cannot be read, or of another command, ends what is told ahead and is answered in its turn', async () => {
  const ahead: string[][] = []
  const getKvConfig = serve<typeof commands.getKvConfig>(
    lane,
    get(ownCluster),
    ({ key }) => ({ header: { value: key } }),
    (headers) => void ahead.push(headers.map(({ key }) => key)),
  )
  await using running = await startServer({ getKvConfig })
  using peer = await rawPeer(running.port)
  const { code, requestCodec: codec } = commands.deleteKvConfig
  const other = encodeFrame({ code, opaque: 2, flag: 0, header, codec, serializeType: 'JSON' })
  writeAtOnce(peer, [getFrame(0, 'a'), getFrame(1, 'b'), other, getFrame(3, 'd')])
  await eventually(() => peer.answers.length === 4, 'four answers')
  const keyless = encodeFrame({ code: 101, opaque: 5, flag: 0, extFields: { namespace: 'n' }, serializeType: 'JSON' })
  writeAtOnce(peer, [getFrame(4, 'e'), keyless, getFrame(6, 'g'), getFrame(7, 'h')])
  await eventually(() => peer.answers.length === 8, 'eight answers')
  expect(ahead).toEqual([['a', 'b'], ['e']])
  const values = peer.answers.map(({ extFields, remark }) => extFields?.value ?? remark)
  expect(values).toEqual(['a', 'b', expect.any(String), 'd', 'e', expect.stringContaining('key is missing'), 'g', 'h'])
})
