import type { Network } from '@rocketmq-ts/platform'
import { recordedLog, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, encodeFrame, flags } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { Peer, RemotingClient } from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'

const address = '10.0.0.7:4711'

function setUp() {
  const clock = new SteppedClock()
  const connections: FakeConnection[] = []
  const network = {
    async connect() {
      connections.push(new FakeConnection())
      return connections.at(-1)!
    },
  } as unknown as Network
  const client = new RemotingClient({ network, clock })
  /** Asks, and lets the request leave. @returns how it ended, once it has */
  const ask = async (timeoutMs: number): Promise<{ outcome: string | undefined }> => {
    const asked: { outcome: string | undefined } = { outcome: undefined }
    client.call(address, commands.getNamesrvConfig, { header: {}, timeoutMs }).then(
      () => {
        asked.outcome = 'answered'
      },
      (error: Error) => {
        asked.outcome = error.name
      },
    )
    await settle(clock)
    return asked
  }
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settle(clock)
  }
  const answer = async (connection: FakeConnection): Promise<void> => {
    const { opaque } = connection.frames.at(-1)!
    connection.receive(encodeFrame({ code: 0, opaque, flag: flags.response, serializeType: 'JSON' }))
    await settle(clock)
  }
  return { clock, connections, ask, pass, answer }
}

async function settle(clock: SteppedClock): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    clock.finishTurn()
    await Promise.resolve()
  }
}

test('a connection over which nothing comes is given up when a request runs out of time, and the next one takes another', async () => {
  const { connections, ask, pass, answer } = setUp()
  const first = await ask(3000)
  const longer = await ask(30_000)
  await pass(3000)
  expect([first.outcome, longer.outcome]).toEqual(['RequestTimeoutError', 'ConnectionLostError'])
  expect(connections.map(({ state }) => state)).toEqual(['destroyed'])
  const next = await ask(3000)
  await answer(connections[1]!)
  expect([next.outcome, connections.length]).toEqual(['answered', 2])
})

test('a connection over which something else came is kept', async () => {
  const { connections, ask, pass, answer } = setUp()
  const slow = await ask(3000)
  await pass(2999)
  const quick = await ask(3000)
  await answer(connections[0]!)
  await pass(1)
  expect([slow.outcome, quick.outcome]).toEqual(['RequestTimeoutError', 'answered'])
  expect(connections.map(({ state }) => state)).toEqual(['open'])
})

test('requests with little time give a connection up once it has been silent for a second', async () => {
  const { connections, ask, pass } = setUp()
  for (let request = 0; request < 3; request++) {
    await ask(300)
    await pass(300)
    expect(connections.map(({ state }) => state)).toEqual(['open'])
  }
  await ask(300)
  await pass(300)
  expect(connections.map(({ state }) => state)).toEqual(['destroyed'])
})

test('silence is counted from when an answer is waited for', async () => {
  const { connections, ask, pass, answer } = setUp()
  await ask(300)
  await answer(connections[0]!)
  await pass(3_600_000)
  await ask(300)
  await pass(300)
  expect(connections.map(({ state }) => state)).toEqual(['open'])
})

test('a server keeps connections of clients that do not answer', async () => {
  const clock = new SteppedClock()
  const connection = new FakeConnection()
  const opened = new Peer({ clock, log: recordedLog() }).open(connection)
  const asked = expect(opened.invoke(commands.getNamesrvConfig, {}, { timeoutMs: 5000 })).rejects.toThrow()
  clock.advance(5000)
  await asked
  expect(connection.state).toBe('open')
})
