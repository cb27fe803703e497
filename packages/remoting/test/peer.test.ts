import { createHmac } from 'node:crypto'
import { createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, type RemotingCommand } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import {
  type CommandTable,
  get,
  group,
  ownCluster,
  Peer,
  type PeerOptions,
  publish,
  RemotingClient,
  type RemotingConnection,
  type SignedRequest,
  type Signer,
  serve,
  subscribe,
  topic,
  unsupported,
  update,
} from '../src/index.ts'
import { FakeConnection } from './fake-connection.ts'
import { startServer, tableOf, timeoutMs } from './remoting-kit.ts'

type Get = typeof commands.getKvConfig

const lane = { name: 'test', waitingMax: 100 }

test('a command that a client can get and that has no row does not compile', () => {
  const nothing = unsupported('not served')
  const handler = () => ({})
  const table: CommandTable<'client'> = {
    checkTransactionState: serve(lane, publish(topic('topic')), handler),
    notifyConsumerIdsChanged: serve(lane, subscribe(group('consumerGroup')), handler),
    resetConsumerClientOffset: serve(lane, update(topic('topic'), group('group')), handler),
    getConsumerStatusFromClient: nothing,
    getConsumerRunningInfo: nothing,
    consumeMessageDirectly: nothing,
    pushReplyMessageToClient: nothing,
    notifyUnsubscribeLite: nothing,
  }
  const { pushReplyMessageToClient: _missing, ...others } = table
  // @ts-expect-error a command is missing
  const partial: CommandTable<'client'> = others
  expect(Object.keys(partial)).toHaveLength(7)
})

test('a server calls a client over the connection that the client made, and is answered from its table, within its limits', async () => {
  const connections: RemotingConnection[] = []
  const getKvConfig = serve<Get>(lane, get(ownCluster), (_header, { connection }) => {
    connections.push(connection)
    return { header: {} }
  })
  await using running = await startServer({ getKvConfig })
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const getConsumerRunningInfo = serve<typeof commands.getConsumerRunningInfo>(
    { name: 'narrow', waitingMax: 1 },
    get(group('consumerGroup')),
    async ({ consumerGroup }) => {
      if (consumerGroup === 'slow') await held
      if (consumerGroup === 'broken') throw new TypeError('a defect')
      return { body: Buffer.from(consumerGroup) }
    },
  )
  const client = new RemotingClient(createNodePlatform(), {
    table: tableOf('client', { getConsumerRunningInfo }),
    guard: ({ demands }) => (demands[0]?.name === 'secret' ? 'not told' : undefined),
  })
  await client.invoke(running.address, commands.getKvConfig, { header: { namespace: 'n', key: 'k' }, timeoutMs })
  const ask = (consumerGroup: string): Promise<RemotingCommand> =>
    connections[0]!.invoke(commands.getConsumerRunningInfo, { consumerGroup, clientId: 'c' }, { timeoutMs })

  expect((await ask('g')).body?.toString()).toBe('g')
  expect(await ask('secret')).toMatchObject({ code: 16, remark: 'not told' })
  expect(await ask('broken')).toMatchObject({ code: 1, remark: 'TypeError: a defect' })
  const slow = ask('slow')
  expect((await ask('g')).code).toBe(2)
  release()
  expect((await slow).body?.toString()).toBe('slow')
  const notServed = connections[0]!.invoke(
    commands.resetConsumerClientOffset,
    { group: 'g', topic: 't', queueId: 0, timestamp: 0, isForce: true },
    { timeoutMs },
  )
  expect(await notServed).toMatchObject({ code: 3, remark: ' request type 220 not supported: not in this test' })
  await client.close()
})

test('a client without a table answers that nothing is served', async () => {
  const clock = new SteppedClock()
  const [asking, asked] = connectedPeers(clock, {}, {})
  const answer = asking.invoke(commands.getConsumerRunningInfo, { consumerGroup: 'g', clientId: 'c' }, { timeoutMs })
  asked.settle()
  expect(await answer).toMatchObject({ code: 3, remark: ' request type 307 not supported' })
})

/** Two peers over one connection whose bytes are handed over by `settle`. */
function connectedPeers(
  clock: SteppedClock,
  one: Partial<PeerOptions<'client'>>,
  other: Partial<PeerOptions<'name-server'>>,
) {
  const ends = [new FakeConnection(), new FakeConnection()] as const
  ends[0].write = (data) => void inbox[1].push(Buffer.from(data))
  ends[1].write = (data) => void inbox[0].push(Buffer.from(data))
  const inbox: [Buffer[], Buffer[]] = [[], []]
  const asking = new Peer<'client'>({ clock, log: silentLog, ...one }).open(ends[0])
  new Peer<'name-server'>({ clock, log: silentLog, ...other }).open(ends[1])
  const settle = (): void => {
    clock.finishTurn()
    while (inbox[0].length + inbox[1].length > 0) {
      for (const [index, end] of ends.entries()) {
        const chunks = inbox[index]!.splice(0)
        if (chunks.length > 0) end.receive(...chunks)
      }
      clock.finishTurn()
    }
  }
  return [asking, { settle }] as const
}

test.each(['JSON', 'ROCKETMQ'] as const)(
  'a client that chooses %s headers asks in them and is answered in them',
  async (serializeType) => {
    const clock = new SteppedClock()
    const seen: string[] = []
    const getKvConfig = serve<Get>(lane, get(ownCluster), ({ key }, { request }) => {
      seen.push(request.serializeType)
      return { header: { value: key }, body: Buffer.from('body') }
    })
    const [client, { settle }] = connectedPeers(
      clock,
      { serializeType },
      { table: tableOf('name-server', { getKvConfig }), serializeType: serializeType === 'JSON' ? 'ROCKETMQ' : 'JSON' },
    )
    const asked = client.invoke(commands.getKvConfig, { namespace: 'n', key: 'schlüssel' }, { timeoutMs })
    settle()
    const answer = await asked
    expect([seen, answer.serializeType]).toEqual([[serializeType], serializeType])
    expect([answer.code, answer.extFields?.value, answer.body?.toString()]).toEqual([0, 'schlüssel', 'body'])
  },
)

/** Signs as RocketMQ's access control does: the values of all fields by their names, then the body. */
function hmacSigner(accessKey: string, secretKey: string, seen: SignedRequest[] = []): Signer {
  return {
    identity: { AccessKey: accessKey },
    sign(request) {
      seen.push(request)
      const hmac = createHmac('sha1', secretKey)
      for (const [, value] of request.fields) hmac.update(value)
      for (const part of request.body === undefined ? [] : [request.body].flat()) hmac.update(part)
      return { Signature: hmac.digest('base64') }
    },
  }
}

test.each(['JSON', 'ROCKETMQ'] as const)(
  'a signer adds its fields to %s requests, and sees the code, all fields in order, and the body',
  async (serializeType) => {
    const clock = new SteppedClock()
    const seen: SignedRequest[] = []
    const received: RemotingCommand[] = []
    const getKvConfig = serve<Get>(lane, get(ownCluster), (_header, { request }) => {
      received.push(request)
      return {}
    })
    const [client, { settle }] = connectedPeers(
      clock,
      { signer: hmacSigner('ak', 'sk', seen), serializeType },
      { table: tableOf('name-server', { getKvConfig }) },
    )
    const header = {
      consumerGroup: 'cg',
      topic: 'T1',
      queueId: 0,
      queueOffset: 5,
      maxMsgNums: 32,
      sysFlag: 6,
      commitOffset: 0,
      suspendTimeoutMillis: 15_000,
      subscription: '*',
      subVersion: 1,
      expressionType: 'TAG',
      bname: 'broker-a',
    }
    const pulled = client.invoke(commands.pullMessage, header, { timeoutMs })
    const asked = client.invoke(
      commands.getKvConfig,
      { namespace: 'n', key: 'k' },
      { body: Buffer.from('body'), timeoutMs },
    )
    client.tell(commands.getKvConfig, { namespace: 'n', key: 'told' })
    settle()
    await Promise.all([pulled, asked])
    // What the official client signs for the same pull: see the content and the signature of its access control.
    expect(seen[0]!.code).toBe(11)
    expect(seen[0]!.fields.map(([, value]) => value).join('')).toBe('akbroker-a0cgTAG32051*150006T1')
    expect(received.map(({ extFields }) => extFields)).toEqual([
      {
        namespace: 'n',
        key: 'k',
        AccessKey: 'ak',
        Signature: createHmac('sha1', 'sk').update('akknbody').digest('base64'),
      },
      {
        namespace: 'n',
        key: 'told',
        AccessKey: 'ak',
        Signature: createHmac('sha1', 'sk').update('aktoldn').digest('base64'),
      },
    ])
    expect(hmacSigner('ak', 'sk').sign(seen[0]!)).toEqual({ Signature: 'RprYHMV8gFAEu7cATSUOVOa4P40=' })
  },
)

test('a client that sends much while it is answered much is not stuck', async () => {
  const wide = { name: 'wide', waitingMax: 1e6 }
  const getKvConfig = serve<Get>(wide, get(ownCluster), (_header, { body }) => ({ header: {}, body }))
  await using running = await startServer({ getKvConfig })
  const body = Buffer.alloc(512 * 1024, 7)
  const request = { header: { namespace: 'n', key: 'k' }, body, timeoutMs: 60_000 }
  const asked = Array.from({ length: 100 }, () => running.client.invoke(running.address, commands.getKvConfig, request))
  for (const answer of await Promise.all(asked)) expect(answer.body.equals(body)).toBe(true)
})

test('a frame larger than a peer takes closes the connection, and one of that size does not', () => {
  const clock = new SteppedClock()
  const peer = new Peer({ clock, log: silentLog, frameBytesMax: 100 })
  const head = (totalLength: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(totalLength)
    return bytes
  }
  for (const [totalLength, state] of [
    [100, 'open'],
    [101, 'destroyed'],
  ] as const) {
    const connection = new FakeConnection()
    peer.open(connection)
    connection.receive(head(totalLength))
    expect(connection.state).toBe(state)
  }
})

test('a caller waits no longer for a connection that somebody else is making than for one of its own', async () => {
  const clock = new SteppedClock()
  const { network } = createNodePlatform()
  const client = new RemotingClient({ network: { ...network, connect: () => new Promise(() => {}) }, clock })
  const call = (ms: number) =>
    client.call('127.0.0.1:1', commands.getKvConfig, { header: { namespace: 'n', key: 'k' }, timeoutMs: ms })
  void call(60_000).catch(() => {})
  const patient = expect(call(1000)).rejects.toMatchObject({ name: 'RequestTimeoutError' })
  clock.advance(1000)
  await patient
})

test('a connection that is made after its client was closed is closed again', async () => {
  const clock = new SteppedClock()
  const connection = new FakeConnection()
  const { promise, resolve } = Promise.withResolvers<FakeConnection>()
  const { network } = createNodePlatform()
  const client = new RemotingClient({ network: { ...network, connect: () => promise }, clock })
  const called = client.call('127.0.0.1:1', commands.getKvConfig, { header: { namespace: 'n', key: 'k' }, timeoutMs })
  await client.close()
  resolve(connection)
  await expect(called).rejects.toThrow('the client is closed')
  expect(connection.state).toBe('destroyed')
})
