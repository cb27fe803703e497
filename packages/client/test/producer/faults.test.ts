import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { Producer } from '../../src/index.ts'
import { clientMachine, startScene } from '../client-kit.ts'

describe('a producer whose cluster has faults', () => {
  test('sends to another broker when one is killed, without waiting', async () => {
    const scene = await startScene({ brokers: 2, seed: 3 })
    await scene.createTopic('T', 2)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    for (let n = 0; n < 4; n++) await scene.settle(producer.send({ topic: 'T', body: `before ${n}` }))
    scene.cluster.brokers[0]!.kill()
    const startMs = scene.cluster.simulation.monotonic()
    for (let n = 0; n < 8; n++) {
      const { queue } = await scene.settle(producer.send({ topic: 'T', body: `after ${n}` }))
      expect(queue.broker).toBe('broker-2')
    }
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(1000)
    await scene.settle(producer.close())
  })

  test('has its message stored once the only broker is back, and names every attempt when it is not', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'one' }))
    scene.cluster.brokers[0]!.kill()
    const error = await scene.failure(producer.send({ topic: 'T', body: 'lost' }, { timeoutMs: 3000 }))
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: true, broker: 'broker-1' })
    expect(error.attempts).toBeGreaterThan(2)
    const sending = producer.send({ topic: 'T', body: 'two' }, { timeoutMs: 60_000 })
    await scene.cluster.sleep(5000)
    await scene.cluster.brokers[0]!.start()
    await scene.settle(sending)
    expect(await scene.bodies('T')).toEqual(['one', 'two'])
    await scene.settle(producer.close())
  })

  test('ends a connection over which no answer comes, and goes on over a new one', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'one' }))
    for (const connection of scene.cluster.network.connections()) scene.cluster.network.silence(connection)
    const startMs = scene.cluster.simulation.monotonic()
    await scene.settle(producer.send({ topic: 'T', body: 'two' }))
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(5000)
    expect((await scene.bodies('T')).at(-1)).toBe('two')
    await scene.settle(producer.close())
  })

  test('says that the outcome is unknown when the answer was lost', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const machine = clientMachine(scene.cluster)
    const producer = new Producer({ ...scene.client(machine), group: 'shop', attemptsMax: 1 })
    await scene.settle(producer.send({ topic: 'T', body: 'one' }))
    scene.cluster.network.block(scene.cluster.brokers[0]!.host, machine.host)
    const error = await scene.failure(producer.send({ topic: 'T', body: 'two' }))
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown', attempts: 1, broker: 'broker-1', queueId: 0 })
    scene.cluster.network.heal()
    expect(await scene.bodies('T')).toEqual(['one', 'two'])
    await scene.settle(producer.close())
  })

  test('ends a call by its signal and by its deadline, also while nothing can be reached', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const machine = clientMachine(scene.cluster)
    const producer = new Producer({ ...scene.client(machine), group: 'shop' })
    for (const server of [...scene.cluster.nameServers, ...scene.cluster.brokers]) {
      scene.cluster.network.partition(server.host, machine.host)
    }
    const { simulation } = scene.cluster
    const startMs = simulation.monotonic()
    const late = await scene.failure(producer.send({ topic: 'T', body: 'x' }, { timeoutMs: 700 }))
    expect(late.code).toBe('TIMEOUT')
    expect(simulation.monotonic() - startMs).toBeLessThan(1000)
    const controller = new AbortController()
    simulation.after(300, () => controller.abort())
    const aborted = await scene.failure(producer.send({ topic: 'T', body: 'x' }, { signal: controller.signal }))
    expect(aborted.code).toBe('ABORTED')
    expect(simulation.monotonic() - startMs).toBeLessThan(1400)
    const closingMs = simulation.monotonic()
    await scene.settle(producer.close())
    expect(simulation.monotonic() - closingMs).toBeLessThan(15_000)
  })

  test('closes in bounded time when the brokers are gone', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'x' }))
    scene.cluster.brokers[0]!.pause()
    scene.cluster.nameServers[0]!.kill()
    const startMs = scene.cluster.simulation.monotonic()
    await scene.settle(producer.close())
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(4000)
  })

  test('asks another name server when one is gone, and all before a topic does not exist', async () => {
    const scene = await startScene({ nameServers: 3, brokerSettings: { autoCreateTopicEnable: 'false' } })
    await scene.createTopic('T', 1)
    scene.cluster.nameServers[0]!.kill()
    for (let n = 0; n < 6; n++) {
      const producer = new Producer({ ...scene.client(), group: 'shop' })
      await scene.settle(producer.send({ topic: 'T', body: 'x' }))
      await scene.settle(producer.close())
    }
  })

  test('learns at once that a topic has fewer queues', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 8)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'x' }))
    await scene.createTopic('T', 1)
    for (let n = 0; n < 8; n++) {
      const { queue } = await scene.settle(producer.send({ topic: 'T', body: 'x' }))
      expect(queue.queueId).toBe(0)
    }
    await scene.settle(producer.close())
  })

  test('does not go on for long with what every broker refuses', async () => {
    const scene = await startScene({ brokers: 2, brokerSettings: { autoCreateTopicEnable: 'false' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'x' }))
    for (const machine of scene.cluster.brokers) {
      await scene.cluster.client.broker(machine).ask(commands.deleteTopicInBroker, { topic: 'T' })
    }
    const startMs = scene.cluster.simulation.monotonic()
    const error = await scene.failure(producer.send({ topic: 'T', body: 'x' }))
    expect(error).toMatchObject({ code: 'TOPIC_NOT_EXIST', outcome: 'refused' })
    expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(2000)
    await scene.settle(producer.close())
  })
})
