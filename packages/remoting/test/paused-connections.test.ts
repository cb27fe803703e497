import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { flags } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { Peer } from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'

/** A connection whose peer takes nothing from the first answer of a megabyte on. */
function slowConnection() {
  const opened = new Peer({ clock: new SteppedClock(), log: silentLog, table: undefined })
  const network = new FakeConnection()
  const connection = opened.open(network)
  const answerLargely = (): void => {
    const body = Buffer.alloc(1024 * 1024)
    connection.answer({ code: 0, opaque: 1, flag: flags.response, body, serializeType: 'JSON' })
    network.unsentBytes += body.length
  }
  return { network, connection, answerLargely }
}

test('who waits until a peer takes answers again is called at once when it does, or else in order, as long as it does', () => {
  const { network, connection, answerLargely } = slowConnection()
  const called: string[] = []
  connection.whenTaking(() => called.push('now'))
  expect(called).toEqual(['now'])
  answerLargely()
  expect(connection.isPaused).toBe(true)
  connection.whenTaking(() => called.push('first'))
  connection.whenTaking(() => {
    called.push('second')
    answerLargely()
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
  const { network, connection, answerLargely } = slowConnection()
  answerLargely()
  const seen: boolean[] = []
  connection.whenTaking(() => seen.push(connection.isClosed))
  connection.whenTaking(() => connection.whenTaking(() => seen.push(connection.isClosed)))
  network.lose()
  expect(seen).toEqual([true, true])
})
