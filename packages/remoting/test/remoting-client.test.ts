import { createNodePlatform, nodeClock } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, type RemotingCommand } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { answeredLater, type Call, get, ownCluster, RemotingClient, serve, update } from '../src/index.ts'
import { eventually, startServer, tableOf, timeoutMs } from './remoting-kit.ts'

type Get = typeof commands.getKvConfig

const lane = { name: 'test', waitingMax: 10_000 }

function request(key: string): { header: { namespace: string; key: string }; timeoutMs: number } {
  return { header: { namespace: 'n', key }, timeoutMs }
}

test('answers reach their requests in whatever order they come', async () => {
  const held: [string, Call<Get>][] = []
  const getKvConfig = serve<Get>(lane, get(ownCluster), ({ key }, call) => {
    held.push([key, call])
    return answeredLater
  })
  await using running = await startServer({ getKvConfig })
  const keys = Array.from({ length: 200 }, (_, index) => `k${index}`)
  const asked = keys.map((key) => running.client.invoke(running.address, commands.getKvConfig, request(key)))
  await eventually(() => held.length === keys.length, 'all requests arrive')
  for (const [key, call] of held.toReversed()) call.answer({ header: { value: key } })
  expect((await Promise.all(asked)).map(({ header }) => header.value)).toEqual(keys)
  expect(running.server.connections.size).toBe(1)
})

test('an answer with another code than success is an error that names command, address and code', async () => {
  const getKvConfig = serve<Get>(lane, get(ownCluster), () => ({ code: 'QUERY_NOT_FOUND', remark: 'nothing' }))
  await using running = await startServer({ getKvConfig })
  await expect(running.client.invoke(running.address, commands.getKvConfig, request('k'))).rejects.toMatchObject({
    name: 'ResponseError',
    code: 22,
    message: `GET_KV_CONFIG to ${running.address} was answered with 22 QUERY_NOT_FOUND: nothing`,
  })
})

test('a request without an answer fails at its deadline, and the late answer is dropped', async () => {
  const held: Call<Get>[] = []
  const getKvConfig = serve<Get>(lane, get(ownCluster), ({ key }, call) => {
    if (key !== 'slow') return { header: { value: key } }
    held.push(call)
    return answeredLater
  })
  await using running = await startServer({ getKvConfig })
  const clock = new SteppedClock()
  const platform = createNodePlatform()
  const client = new RemotingClient({
    network: platform.network,
    clock: { ...nodeClock, after: (delayMs, callback) => clock.after(delayMs, callback) },
  })
  const slow = client.invoke(running.address, commands.getKvConfig, request('slow'))
  const failure = expect(slow).rejects.toMatchObject({ name: 'RequestTimeoutError' })
  await eventually(() => held.length === 1, 'the request arrives')
  clock.advance(timeoutMs)
  await failure
  held[0]!.answer({ header: { value: 'late' } })
  const next = await client.invoke(running.address, commands.getKvConfig, request('next'))
  expect(next.header).toEqual({ value: 'next' })
  await client.close()
})

test('a lost connection fails what waits, and the next request makes a new one', async () => {
  let isFirst = true
  const getKvConfig = serve<Get>(lane, get(ownCluster), ({ key }, { connection }) => {
    if (!isFirst) return { header: { value: key } }
    isFirst = false
    connection.destroy()
    return answeredLater
  })
  await using running = await startServer({ getKvConfig })
  const { client, address } = running
  await expect(client.invoke(address, commands.getKvConfig, request('k'))).rejects.toMatchObject({
    name: 'ConnectionLostError',
  })
  expect((await client.invoke(address, commands.getKvConfig, request('again'))).header).toEqual({ value: 'again' })
})

test('an address where nobody listens fails at once and can be tried again', async () => {
  const running = await startServer({})
  await running.server.close()
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(running.client.invoke(running.address, commands.getKvConfig, request('k'))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  }
  await running.client.close()
  await expect(running.client.invoke(running.address, commands.getKvConfig, request('k'))).rejects.toThrow('closed')
})

test('requests of the server reach the client over its own connection', async () => {
  const received: RemotingCommand[] = []
  const getKvConfig = serve<Get>(lane, get(ownCluster), (_, { connection }) => {
    connection.tell(commands.notifyMinBrokerIdChange, { minBrokerId: 3, brokerName: 'broker-a' })
    return { header: {} }
  })
  await using running = await startServer({ getKvConfig })
  const notifyMinBrokerIdChange = serve<typeof commands.notifyMinBrokerIdChange>(
    lane,
    update(ownCluster),
    (_header, call) => {
      received.push(call.request)
      return {}
    },
  )
  const client = new RemotingClient(createNodePlatform(), { table: tableOf('broker', { notifyMinBrokerIdChange }) })
  await client.invoke(running.address, commands.getKvConfig, request('k'))
  await eventually(() => received.length === 1, 'the request arrives')
  expect(received[0]).toMatchObject({ code: 905, flag: 2, extFields: { minBrokerId: '3', brokerName: 'broker-a' } })
  await client.close()
})
