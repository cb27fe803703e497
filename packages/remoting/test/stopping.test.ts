import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, encodeFrame, flags } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { answeredLater, type Call, get, ownCluster, Peer, serve } from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'
import { eventually, startServer, tableOf, timeoutMs } from './remoting-kit.ts'

type Get = typeof commands.getKvConfig

const lane = { name: 'test', waitingMax: 100 }
const versions = { V4_9_3: 399, V5_3_1: 475, V5_3_2: 477, V5_5_0: 513 }

function getFrame(opaque: number, { version = versions.V5_5_0, flag = 0 } = {}): Buffer {
  const { code, requestCodec: codec } = commands.getKvConfig
  const header = { namespace: 'n', key: 'k' }
  const frame = encodeFrame({ code, opaque, flag, header, codec, serializeType: 'JSON' }).toString('latin1')
  return Buffer.from(frame.replace(`"version":${versions.V5_5_0}`, `"version":${version}`), 'latin1')
}

/** An open peer whose requests are held until the test answers them. */
function holdingPeer() {
  const clock = new SteppedClock()
  const held: Call<Get>[] = []
  const getKvConfig = serve<Get>(lane, get(ownCluster), (_header, call) => {
    held.push(call)
    return answeredLater
  })
  const peer = new Peer({ clock, log: silentLog, table: tableOf('name-server', { getKvConfig }) })
  const connection = new FakeConnection()
  peer.open(connection)
  return { clock, held, peer, connection }
}

test('a peer that stops refuses new requests, in the way that each client understands, and answers what it has', () => {
  const { clock, held, peer, connection } = holdingPeer()
  connection.receive(getFrame(1))
  peer.stopTaking()
  connection.receive(
    getFrame(2, { version: versions.V4_9_3 }),
    getFrame(3, { version: versions.V5_3_1 }),
    getFrame(4, { version: versions.V5_3_2 }),
    getFrame(5, { flag: flags.oneWay }),
    getFrame(6),
  )
  held[0]!.answer({ header: { value: 'v' } })
  clock.finishTurn()
  expect(held).toHaveLength(1)
  expect(connection.frames.map(({ opaque, code }) => [opaque, code])).toEqual([
    [2, 14],
    [3, 14],
    [4, 1500],
    [6, 1500],
    [1, 0],
  ])
})

test('a peer is drained when the last request that it took has its answer', async () => {
  const { held, peer, connection } = holdingPeer()
  expect(await peer.drained(timeoutMs)).toBe(0)
  connection.receive(getFrame(1), getFrame(2))
  peer.stopTaking()
  let unanswered: number | undefined
  const drained = peer.drained(timeoutMs).then((count) => {
    unanswered = count
  })
  held[0]!.answer({})
  await Promise.resolve()
  expect(unanswered).toBeUndefined()
  held[1]!.fail(new Error('given up'))
  await drained
  expect(unanswered).toBe(0)
})

test('everybody who waits for a peer to be drained is told', async () => {
  const { clock, held, peer, connection } = holdingPeer()
  connection.receive(getFrame(1), getFrame(2))
  const impatient = peer.drained(100)
  const patient = [peer.drained(timeoutMs), peer.drained(timeoutMs)]
  held[0]!.answer({})
  clock.advance(100)
  expect(await impatient).toBe(1)
  held[1]!.answer({})
  expect(await Promise.all(patient)).toEqual([0, 0])
})

test('a peer that is not drained in time says how many requests have no answer', async () => {
  const { clock, held, peer, connection } = holdingPeer()
  connection.receive(getFrame(1), getFrame(2), getFrame(3))
  const drained = peer.drained(500)
  held[1]!.answer({})
  clock.advance(500)
  expect(await drained).toBe(2)
})

test('an answer that comes after the end is not written, nor is any request taken or sent', async () => {
  const { clock, held, peer, connection } = holdingPeer()
  connection.receive(getFrame(1), getFrame(2))
  const [opened] = peer.connections
  held[0]!.answer({})
  const closed = peer.close()
  // What was answered before leaves.
  expect(connection.frames.map(({ opaque }) => opaque)).toEqual([1])
  expect(connection.state).toBe('ended')
  held[1]!.answer({})
  connection.receive(getFrame(3))
  opened!.tell(commands.notifyConsumerIdsChanged, { consumerGroup: 'g' })
  const asked = opened!.invoke(commands.notifyConsumerIdsChanged, { consumerGroup: 'g' }, { timeoutMs })
  await expect(asked).rejects.toMatchObject({ name: 'ConnectionLostError' })
  clock.finishTurn()
  expect(connection.frames).toHaveLength(1)
  expect(held).toHaveLength(2)
  expect(peer.waitingIn('test')).toBe(0)
  connection.lose()
  await closed
  expect(peer.connections.size).toBe(0)
})

test('an end that does not take part in the closing is cut off after a second', async () => {
  const { clock, peer, connection } = holdingPeer()
  const closed = peer.close()
  clock.advance(999)
  expect(connection.state).toBe('ended')
  clock.advance(1)
  await closed
  expect(connection.state).toBe('destroyed')
})

test('closing twice waits for the same end, and a connection that comes after it is cut off', async () => {
  const { peer, connection } = holdingPeer()
  const closings = [peer.close(), peer.close()]
  const late = new FakeConnection()
  peer.open(late)
  expect(late.state).toBe('destroyed')
  connection.lose()
  await Promise.all(closings)
})

test('a server that stops takes no connection, while those that are open get their answers', async () => {
  const held: Call<Get>[] = []
  const getKvConfig = serve<Get>(lane, get(ownCluster), (_header, call) => {
    held.push(call)
    return answeredLater
  })
  await using running = await startServer({ getKvConfig })
  const request = { header: { namespace: 'n', key: 'k' }, timeoutMs }
  const asked = running.client.invoke(running.address, commands.getKvConfig, request)
  await eventually(() => held.length === 1, 'the request arrives')
  running.server.stopTaking()
  await using other = await startServer({})
  await expect(other.client.invoke(running.address, commands.getKvConfig, request)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  })
  const refused = await running.client.call(running.address, commands.getKvConfig, request)
  expect(refused).toMatchObject({ code: 1500, remark: 'this server is stopping: ask another one' })
  const drained = running.server.drained(timeoutMs)
  held[0]!.answer({ header: { value: 'v' } })
  expect(await drained).toBe(0)
  expect((await asked).header).toEqual({ value: 'v' })
})
