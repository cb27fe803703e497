import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { flags } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { Peer, type RemotingConnection } from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'

function openPeer(unsentBytesMax?: number) {
  const clock = new SteppedClock()
  const peer = new Peer({ clock, log: silentLog, table: undefined, unsentBytesMax })
  const connect = () => {
    const network = new FakeConnection()
    return { network, connection: peer.open(network) }
  }
  return { clock, peer, connect }
}

const answerBytes = 1024 * 1024

function answerLargely(connection: RemotingConnection): void {
  const body = Buffer.alloc(answerBytes)
  connection.answer({ code: 0, opaque: 1, flag: flags.response, body, serializeType: 'JSON' })
}

/** Connections whose other ends wait for a large answer each. */
function waitingCrowd(connect: ReturnType<typeof openPeer>['connect'], count: number, isSlow: boolean) {
  const members = Array.from({ length: count }, connect)
  const crowd = { members, answered: 0 }
  for (const { network, connection } of members) {
    network.isSlow = isSlow
    connection.whenTaking(() => {
      answerLargely(connection)
      crowd.answered++
    })
  }
  return crowd
}

test('who waits until a peer takes answers again is called at once when it does, or else in order, as long as it does', () => {
  const { network, connection } = openPeer().connect()
  const called: string[] = []
  connection.whenTaking(() => called.push('now'))
  expect(called).toEqual(['now'])
  network.isSlow = true
  answerLargely(connection)
  expect([connection.isPaused, connection.takesAnswer(0)]).toEqual([true, false])
  connection.whenTaking(() => called.push('first'))
  connection.whenTaking(() => {
    called.push('second')
    answerLargely(connection)
    connection.whenTaking(() => called.push('fourth'))
  })
  connection.whenTaking(() => called.push('third'))
  expect(called).toEqual(['now'])
  network.drain()
  expect(called).toEqual(['now', 'first', 'second'])
  expect(network.isPaused).toBe(true)
  network.drain()
  expect(called).toEqual(['now', 'first', 'second', 'third', 'fourth'])
  expect(network.isPaused).toBe(false)
})

test('who waits until a peer takes answers again is called when its connection ends', () => {
  const { network, connection } = openPeer().connect()
  network.isSlow = true
  answerLargely(connection)
  const seen: boolean[] = []
  connection.whenTaking(() => seen.push(connection.isClosed))
  connection.whenTaking(() => connection.whenTaking(() => seen.push(connection.isClosed)))
  network.lose()
  expect(seen).toEqual([true, true])
})

test('a crowd that takes its answers slowly gets them one after the other, and nobody is closed', () => {
  const { clock, peer, connect } = openPeer(8 * answerBytes)
  const crowd = waitingCrowd(connect, 40, true)
  const { members } = crowd
  expect(crowd.answered).toBeLessThan(8)
  // Each takes its answer within some seconds.
  while (crowd.answered < members.length) {
    const before = crowd.answered
    clock.advance(4000)
    for (const { network } of members) if (network.unsentBytes > 0) network.drain()
    clock.finishTurn()
    clock.finishTurn()
    expect(crowd.answered).toBeGreaterThan(before)
  }
  expect(peer.connections.size).toBe(members.length)
})

test('peers that take nothing are closed when nobody was given room for ten seconds, and others wait for it', () => {
  const { clock, peer, connect } = openPeer(8 * answerBytes)
  const idle = Array.from({ length: 4 }, connect)
  for (const { network, connection } of idle) {
    network.isSlow = true
    answerLargely(connection)
  }
  clock.advance(40_000)
  expect(peer.connections.size).toBe(4)
  const { connection } = connect()
  let answered = 0
  connection.whenTaking(() => answered++)
  expect([connection.takesAnswer(16_384), connection.takesAnswer(16_385)]).toEqual([true, false])
  clock.advance(9000)
  clock.finishTurn()
  expect([answered, peer.connections.size]).toEqual([0, 5])
  clock.advance(1000)
  clock.finishTurn()
  expect([answered, peer.connections.size, connection.isClosed]).toEqual([1, 1, false])
})

test('of peers that take their answers in turns, a slow one is closed after a minute without a byte', () => {
  const { clock, peer, connect } = openPeer(8 * answerBytes)
  const crowd = waitingCrowd(connect, 30, true)
  const { members } = crowd
  const stuck = members[0]!
  for (let seconds = 4; seconds <= 56; seconds += 4) {
    clock.advance(4000)
    const next = members.find(({ network }) => network !== stuck.network && network.unsentBytes > 0)
    next!.network.drain()
    clock.finishTurn()
    expect(peer.connections.size).toBe(members.length)
  }
  expect(crowd.answered).toBeLessThan(members.length)
  clock.advance(4000)
  clock.finishTurn()
  expect(stuck.connection.isClosed).toBe(true)
})

test('answers of many megabytes leave other work its turn', () => {
  const { clock, connect } = openPeer()
  const crowd = waitingCrowd(connect, 50, false)
  const atTurns = [crowd.answered]
  const noteTurn = (): void => {
    atTurns.push(crowd.answered)
    if (crowd.answered < crowd.members.length) clock.nextTurn(noteTurn)
  }
  clock.nextTurn(noteTurn)
  clock.finishTurn()
  expect([...new Set(atTurns)]).toEqual([16, 32, 48, 50])
})
