import { createNodePlatform, nodeClock, type Platform } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  clusterInfoBody,
  commands,
  encodeFrame,
  FrameDecoder,
  keyValueTableBody,
  type RemotingCommand,
  registerBrokerBody,
  topicListBody,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { connectRaw } from './captured-exchange.ts'
import {
  eventually,
  type RunningNameServer,
  register,
  registerBody,
  startNameServer,
  timeoutMs,
} from './name-server-kit.ts'

const topics = ['t1', 't2']

async function route({ client, address }: RunningNameServer, topic: string): Promise<RemotingCommand> {
  return client.call(address, commands.getRouteinfoByTopic, { header: { topic }, timeoutMs })
}

async function brokerNames({ client, address }: RunningNameServer): Promise<string[]> {
  const { body } = await client.invoke(address, commands.getBrokerClusterInfo, { header: {}, timeoutMs })
  return [...clusterInfoBody.decode(body).brokerAddrTable.keys()].sort()
}

/** Real sockets; time for brokers passes when the test says so. */
function platformWith(clock: SteppedClock): Platform {
  return {
    ...createNodePlatform(),
    clock: { ...nodeClock, monotonic: () => clock.monotonic(), every: (ms, callback) => clock.every(ms, callback) },
  }
}

test('a broker is forgotten at once when its connection is lost, others stay', async () => {
  await using running = await startNameServer()
  const broker = running.connect()
  await register(broker, running.address, topics)
  await register(running.client, running.address, topics, { brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' })
  expect(await brokerNames(running)).toEqual(['broker-a', 'broker-b'])
  await broker.close()
  await eventually(async () => (await brokerNames(running)).length === 1, 'broker-a is forgotten')
  const { body } = await route(running, 't1')
  expect(topicRouteBody.decode(body!).queueDatas.map((queues) => queues.brokerName)).toEqual(['broker-b'])
})

test('a silent broker is forgotten after its timeout although its connection stands', async () => {
  const clock = new SteppedClock()
  await using running = await startNameServer({}, platformWith(clock))
  await register(running.client, running.address, topics, { header: { heartbeatTimeoutMillis: 10_000 } })
  await register(running.client, running.address, topics, { brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' })
  clock.advance(10_000)
  expect(await brokerNames(running)).toEqual(['broker-a', 'broker-b'])
  clock.advance(5000)
  expect(await brokerNames(running)).toEqual(['broker-b'])
  const heartbeat = { clusterName: 'c', brokerName: 'broker-b', brokerAddr: '127.0.0.1:2' }
  clock.advance(100_000)
  await running.client.invoke(running.address, commands.brokerHeartbeat, { header: heartbeat, timeoutMs })
  clock.advance(100_000)
  expect(await brokerNames(running)).toEqual(['broker-b'])
  clock.advance(30_000)
  expect(await brokerNames(running)).toEqual([])
})

test('a slave is told its master', async () => {
  await using running = await startNameServer()
  expect((await register(running.client, running.address, topics)).extFields).toEqual({})
  const answer = await register(running.client, running.address, topics, { brokerId: 1, brokerAddr: '127.0.0.1:3' })
  expect(answer.extFields).toEqual({ masterAddr: '127.0.0.1:1', haServerAddr: 'ha-of-127.0.0.1:1' })
})

test('a damaged body is refused and registers nothing', async () => {
  await using running = await startNameServer()
  const answer = await register(running.client, running.address, topics, { header: { bodyCrc32: 12 } })
  expect([answer.code, answer.remark]).toEqual([1, 'crc32 not match'])
  expect(await brokerNames(running)).toEqual([])
})

test('a broker without a body has no topics', async () => {
  await using running = await startNameServer()
  const header = {
    brokerName: 'b',
    brokerAddr: '127.0.0.1:1',
    clusterName: 'c',
    haServerAddr: 'h',
    brokerId: 0,
    bodyCrc32: 0,
  }
  await running.client.invoke(running.address, commands.registerBroker, { header, timeoutMs })
  expect(await brokerNames(running)).toEqual(['b'])
})

test('the first registration with a single topic is refused and says what to do', async () => {
  await using running = await startNameServer()
  const answer = await register(running.client, running.address, ['t1'])
  expect(answer.code).toBe(1)
  expect(answer.remark).toMatch(/^register broker failed: .*register all its topics first$/)
})

test('a registration with a single topic merges, also when registrations are whole lists', async () => {
  await using running = await startNameServer({ deleteTopicWithBrokerRegistration: 'true' })
  const { client, address } = running
  await register(client, address, ['t1', 't2', 't3'])
  await register(client, address, ['t4'], { dataVersion: { counter: 2 } })
  const listed = async (): Promise<string[]> => {
    const { body } = await client.invoke(address, commands.getAllTopicListFromNameserver, { header: {}, timeoutMs })
    return topicListBody.decode(body).topicList.sort()
  }
  expect(await listed()).toEqual(['t1', 't2', 't3', 't4'])
  await register(client, address, ['t1', 't4'], { dataVersion: { counter: 3 } })
  expect(await listed()).toEqual(['t1', 't4'])
})

test('brokers are told the ordered topics, and routes hold their order when that is switched on', async () => {
  await using running = await startNameServer({ orderMessageEnable: 'true' })
  const { client, address } = running
  const header = { namespace: 'ORDER_TOPIC_CONFIG', key: 't1', value: 'broker-a:4' }
  await client.invoke(address, commands.putKvConfig, { header, timeoutMs })
  const answer = await register(client, address, topics)
  expect(keyValueTableBody.decode(answer.body!).table).toEqual(new Map([['t1', 'broker-a:4']]))
  expect(topicRouteBody.decode((await route(running, 't1')).body!).orderTopicConf).toBe('broker-a:4')
  expect(topicRouteBody.decode((await route(running, 't2')).body!).orderTopicConf).toBeUndefined()
})

test('a client in zone mode gets the brokers of its zone, and those whose master is away', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  // The zone is no declared field of these requests.
  const peer = await connectRaw(running.server)
  const inZone = (brokerName: string, brokerId: number, zone: string): Promise<RemotingCommand> => {
    const extFields = {
      ...{ brokerName, brokerAddr: `${brokerName}:1`, clusterName: 'c', haServerAddr: 'h', brokerId: String(brokerId) },
      ...{ enableActingMaster: 'false', __ZONE_NAME: zone },
    }
    const body = registerBrokerBody.encode(registerBody(topics))
    return peer.ask(encodeFrame({ code: 103, opaque: 1, flag: 0, extFields, body, serializeType: 'JSON' }))
  }
  await inZone('near', 0, 'z1')
  await inZone('far', 0, 'z2')
  await inZone('far-slave', 1, 'z2')
  const extFields = { topic: 't1', __ZONE_MODE: 'true', __ZONE_NAME: 'z1' }
  const answer = await peer.ask(encodeFrame({ code: 105, opaque: 1, flag: 0, extFields, serializeType: 'JSON' }))
  const names = topicRouteBody.decode(answer.body!).brokerDatas.map((broker) => broker.brokerName)
  expect(names.sort()).toEqual(['far-slave', 'near'])
  const { body } = await client.invoke(address, commands.getRouteinfoByTopic, { header: { topic: 't1' }, timeoutMs })
  expect(topicRouteBody.decode(body).queueDatas).toHaveLength(3)
  peer.close()
})

test('no routes are served before brokers had time to register, when that is asked for', async () => {
  const clock = new SteppedClock()
  const properties = { needWaitForService: 'true', waitSecondsForService: '30' }
  await using running = await startNameServer(properties, platformWith(clock))
  await register(running.client, running.address, topics)
  const early = await route(running, 't1')
  expect([early.code, early.remark]).toEqual([1, 'name server not ready'])
  clock.advance(30_000)
  expect((await route(running, 't1')).code).toBe(0)
})

test('with acting masters the smallest slave stands in for reading and its peers are told', async () => {
  const told: RemotingCommand[] = []
  const listener = await createNodePlatform().network.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection(connection) {
      const decoder = new FrameDecoder((command) => told.push(command))
      connection.onData((chunk) => decoder.push(chunk))
      connection.onClose(() => {})
    },
  })
  const slaveAddress = `127.0.0.1:${listener.address.port}`
  const running = await startNameServer({ supportActingMaster: 'true', notifyMinBrokerIdChanged: 'true' })
  try {
    const { client, address } = running
    const acting = { header: { enableActingMaster: true } }
    await register(client, address, topics, acting)
    await register(client, address, topics, { ...acting, brokerId: 1, brokerAddr: slaveAddress })
    const header = { clusterName: 'c', brokerName: 'broker-a', brokerAddr: '127.0.0.1:1', brokerId: 0 }
    await client.invoke(address, commands.unregisterBroker, { header, timeoutMs })

    const { brokerDatas, queueDatas } = topicRouteBody.decode((await route(running, 't1')).body!)
    expect(brokerDatas[0]!.brokerAddrs).toEqual(new Map([[0, slaveAddress]]))
    expect(queueDatas[0]!.perm).toBe(4)
    await eventually(async () => told.length > 0, 'the slave is told')
    expect(told[0]).toMatchObject({
      code: 905,
      extFields: {
        minBrokerId: '1',
        minBrokerAddr: slaveAddress,
        brokerName: 'broker-a',
        offlineBrokerAddr: '127.0.0.1:1',
      },
    })
  } finally {
    await running[Symbol.asyncDispose]()
    await listener.close()
  }
})

test('a broker of another id, which has the address no more, cannot take the route away', async () => {
  await using running = await startNameServer()
  await register(running.client, running.address, topics)
  const header = { brokerName: 'broker-a', brokerAddr: '127.0.0.1:1', clusterName: 'c' }
  for (const other of [{ brokerId: 1 }, { clusterName: 'x' }, { brokerName: 'x' }, { brokerAddr: '127.0.0.1:9' }]) {
    const request = { header: { ...header, brokerId: 0, ...other }, timeoutMs }
    await running.client.invoke(running.address, commands.unregisterBroker, request)
    expect(await brokerNames(running)).toEqual(['broker-a'])
  }
  await running.client.invoke(running.address, commands.unregisterBroker, {
    header: { ...header, brokerId: 0 },
    timeoutMs,
  })
  expect(await brokerNames(running)).toEqual([])
})
