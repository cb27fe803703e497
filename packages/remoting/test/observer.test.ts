import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, encodeFrame, flags } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { answeredLater, type Call, get, ownCluster, Peer, serve } from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'
import { tableOf } from './remoting-kit.ts'

type Get = typeof commands.getKvConfig

function getFrame(
  opaque: number,
  { key = 'k', body = '', flag = 0, code = commands.getKvConfig.code as number } = {},
): Buffer {
  return encodeFrame({
    code,
    opaque,
    flag,
    header: { namespace: 'n', key },
    codec: commands.getKvConfig.requestCodec,
    body: Buffer.from(body),
    serializeType: 'JSON',
  })
}

/** A peer that notes what its observer is told, and how often the clock is read. */
function observedPeer(waitingMax = 100) {
  const clock = new SteppedClock()
  let readings = 0
  const monotonic = clock.monotonic.bind(clock)
  clock.monotonic = () => {
    readings++
    return monotonic()
  }
  const seen: number[][] = []
  const held: Call<Get>[] = []
  const getKvConfig = serve<Get>({ name: 'test', waitingMax }, get(ownCluster), ({ key }, call) => {
    if (key === 'held') {
      held.push(call)
      return answeredLater
    }
    if (key === 'broken') throw new TypeError('a defect')
    return { header: { value: key }, body: Buffer.alloc(key.length * 1000) }
  })
  const peer = new Peer({
    clock,
    log: silentLog,
    table: tableOf('name-server', { getKvConfig }),
    observer: (...numbers) => void seen.push(numbers),
    guard: ({ request }) => (request.extFields?.key === 'secret' ? 'no' : undefined),
  })
  const connection = new FakeConnection()
  peer.open(connection)
  const readingsSince = (): number => {
    const count = readings
    readings = 0
    return count
  }
  return { clock, seen, held, peer, connection, readingsSince }
}

test('an observer is told code, answer, duration and the bytes of both frames', () => {
  const { clock, seen, held, connection } = observedPeer()
  const requests = [getFrame(1, { key: 'held', body: 'x'.repeat(321) }), getFrame(2, { key: 'value' })]
  connection.receive(...requests)
  expect(seen).toEqual([])
  clock.advance(7)
  const firstBytes = connection.writtenBytes
  expect(seen).toEqual([[101, 0, 0, requests[1]!.length, firstBytes]])
  clock.advance(5)
  held[0]!.answer({ code: 'QUERY_NOT_FOUND', body: Buffer.alloc(99) })
  clock.finishTurn()
  expect(seen.slice(1)).toEqual([[101, 22, 12, requests[0]!.length, connection.writtenBytes - firstBytes]])
})

test('bytes are right for answers in several parts, or larger than one write', () => {
  const { clock, seen, held, connection } = observedPeer()
  connection.receive(getFrame(1, { key: 'held' }), getFrame(2, { key: 'held' }), getFrame(3, { key: 'held' }))
  held[0]!.answer({ body: [Buffer.alloc(300_000), Buffer.alloc(200_000)] })
  held[1]!.answer({ remark: 'r'.repeat(100_000), extFields: { long: 'x'.repeat(200_000) } })
  held[2]!.answer({ body: Buffer.alloc(10) })
  clock.finishTurn()
  expect(seen).toHaveLength(3)
  const sizes = seen.map(([, , , , bytesOut]) => bytesOut!)
  expect(sizes[0]).toBeGreaterThan(500_000)
  expect(sizes[1]).toBeGreaterThan(300_000)
  expect(sizes[0]! + sizes[1]! + sizes[2]!).toBe(connection.writtenBytes)
})

test('an observer is told of refusals and failures too, each once', () => {
  const { clock, seen, held, peer, connection } = observedPeer(1)
  connection.receive(getFrame(1, { key: 'broken' }), getFrame(2, { key: 'secret' }), getFrame(3, { code: 4242 }))
  clock.finishTurn()
  connection.receive(getFrame(4, { key: 'held' }), getFrame(5))
  peer.stopTaking()
  connection.receive(getFrame(6))
  clock.finishTurn()
  held[0]!.answer({})
  held[0]!.answer({})
  clock.finishTurn()
  expect(seen.map(([request, response]) => [request, response])).toEqual([
    [101, 1],
    [101, 16],
    [4242, 3],
    [101, 2],
    [101, 1500],
    [101, 0],
  ])
})

test('a one-way request is told at the end of the turn in which it is done, with no bytes out', () => {
  const { clock, seen, held, connection } = observedPeer()
  const frame = getFrame(1, { flag: flags.oneWay })
  connection.receive(
    frame,
    getFrame(2, { flag: flags.oneWay, key: 'held' }),
    getFrame(3, { flag: flags.oneWay, code: 9 }),
  )
  expect(seen).toEqual([])
  clock.finishTurn()
  expect(held).toHaveLength(1)
  expect(seen.map(([request, response, durationMs, , bytesOut]) => [request, response, durationMs, bytesOut])).toEqual([
    [101, 0, 0, 0],
    [101, 0, 0, 0],
    [9, 3, 0, 0],
  ])
  expect(seen[0]![3]).toBe(frame.length)
  expect(connection.frames).toEqual([])
})

test('a read and a turn take one reading of the clock each, however many requests there are', () => {
  const { clock, seen, connection, readingsSince } = observedPeer()
  connection.receive(...Array.from({ length: 50 }, (_, opaque) => getFrame(opaque)))
  expect(readingsSince()).toBe(1)
  clock.finishTurn()
  expect(seen).toHaveLength(50)
  expect(readingsSince()).toBe(1)
})

test('requests that wait because their answers are not read keep their bytes', () => {
  const { clock, seen, connection } = observedPeer()
  const keys = Array.from({ length: 30 }, (_, index) => `${'k'.repeat(100)}${index}`)
  const requests = keys.map((key, opaque) => getFrame(opaque, { key }))
  connection.isSlow = true
  connection.receive(...requests)
  expect(connection.isPaused).toBe(true)
  expect(seen.length).toBeLessThan(requests.length)
  while (connection.isPaused) connection.drain()
  clock.finishTurn()
  expect(seen.map(([, , , bytesIn]) => bytesIn)).toEqual(requests.map(({ length }) => length))
})

test('without an observer the clock is not read', () => {
  const clock = new SteppedClock()
  let readings = 0
  clock.monotonic = () => ++readings
  const getKvConfig = serve<Get>({ name: 'test', waitingMax: 10 }, get(ownCluster), () => ({ header: {} }))
  const peer = new Peer({ clock, log: silentLog, table: tableOf('name-server', { getKvConfig }) })
  const connection = new FakeConnection()
  peer.open(connection)
  connection.receive(getFrame(1), getFrame(2))
  clock.finishTurn()
  expect([connection.frames.length, readings]).toEqual([2, 0])
})
