import { RequestTimeoutError } from '@rocketmq-ts/remoting'
import { describe, expect, test } from 'vitest'
import { type BrokerCalls, type Cluster, ProcessGoneError, startCluster } from '../src/index.ts'

const sync = { flushDiskType: 'SYNC_FLUSH' }

/** By a new client: the connection of an old one may not know yet that the broker was gone. */
async function bodiesIn(cluster: Cluster, topic: string): Promise<string[]> {
  const messages = await cluster.newClient().broker(cluster.brokers[0]!).readQueue(topic)
  return messages.map(({ body }) => String(body))
}

describe('a cluster', () => {
  test('serves what is sent to a broker from it, and tells its route at the name server', async () => {
    const cluster = await startCluster()
    const broker = cluster.client.broker(cluster.brokers[0]!)
    await broker.createTopic('T', 2)
    const sent = await broker.send({ topic: 'T', queueId: 1, body: 'hello', properties: { TAGS: 'a' } })
    expect(sent.queueOffset).toBe(0)
    const pulled = await broker.pull({ topic: 'T', queueId: 1 })
    expect(pulled.messages.map(({ body }) => String(body))).toEqual(['hello'])
    const route = await cluster.client.nameServer(cluster.nameServers[0]!).route('T')
    expect(route?.queueDatas.map(({ brokerName }) => brokerName)).toEqual(['broker-1'])
  })

  test('of two brokers is in the routes with both', async () => {
    const cluster = await startCluster({ brokers: 2 })
    const nameServer = cluster.client.nameServer(cluster.nameServers[0]!)
    const { brokerAddrTable } = await nameServer.clusterInfo()
    expect([...brokerAddrTable.keys()].sort()).toEqual(['broker-1', 'broker-2'])
  })

  test('wakes a pull that waits, after no more time than the network takes', async () => {
    const cluster = await startCluster()
    const broker = cluster.client.broker(cluster.brokers[0]!)
    await broker.createTopic('T', 1)
    const pulling = broker.pull({ topic: 'T', waitMs: 10_000 })
    await cluster.sleep(1000)
    const beforeMs = cluster.simulation.monotonic()
    await broker.send({ topic: 'T', body: 'awaited' })
    expect((await pulling).messages.map(({ body }) => String(body))).toEqual(['awaited'])
    expect(cluster.simulation.monotonic() - beforeMs).toBeLessThan(100)
  })
})

describe('a broker', () => {
  test('that is killed has what it acknowledged when it is started again', async () => {
    const cluster = await startCluster()
    const [machine] = cluster.brokers
    const broker = cluster.client.broker(machine!)
    await broker.createTopic('T', 1)
    await broker.send({ topic: 'T', body: 'one' })
    await machine!.restart()
    await broker.send({ topic: 'T', body: 'two' })
    expect(await bodiesIn(cluster, 'T')).toEqual(['one', 'two'])
  })

  test('that lost power has what it acknowledged with SYNC_FLUSH', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cluster = await startCluster({ seed, brokerSettings: sync })
      const [machine] = cluster.brokers
      const broker = cluster.client.broker(machine!)
      await broker.createTopic('T', 1)
      await broker.send({ topic: 'T', body: 'one' })
      machine!.powerLoss()
      await machine!.start()
      expect(await bodiesIn(cluster, 'T')).toEqual(['one'])
    }
  })

  test('loses power in the middle of a change of its disk, and nothing of it goes on', async () => {
    const cluster = await startCluster({ brokerSettings: sync })
    const [machine] = cluster.brokers
    const broker = cluster.client.broker(machine!)
    await broker.createTopic('T', 1)
    machine!.losePowerAt(1)
    await expect(broker.send({ topic: 'T', body: 'one' })).rejects.toThrow()
    expect(machine!.isAlive).toBe(false)
    await machine!.start()
    await cluster.newClient().broker(machine!).send({ topic: 'T', body: 'two' })
    expect(await bodiesIn(cluster, 'T')).toContain('two')
  })

  test('whose disk is full acknowledges no topic that its death would take', async () => {
    const cluster = await startCluster()
    const [machine] = cluster.brokers
    const broker = cluster.client.broker(machine!)
    const count = Number.POSITIVE_INFINITY
    const full = machine!.faults.add({ label: 'full disk', operation: 'write', kind: 'no-space', count })
    const made: string[] = []
    for (const topic of ['T1', 'T2', 'T3']) {
      await broker.createTopic(topic).then(
        () => made.push(topic),
        () => {},
      )
    }
    machine!.kill()
    full.remove()
    await machine!.start()
    const { topicConfigTable } = await cluster.newClient().broker(machine!).topics()
    expect(made.filter((topic) => !topicConfigTable.has(topic))).toEqual([])
  })

  test('that is killed while it starts can be started again', async () => {
    const cluster = await startCluster()
    const [machine] = cluster.brokers
    machine!.kill()
    const starting = machine!.start()
    const gone = expect(starting).rejects.toThrow(ProcessGoneError)
    await cluster.sleep(0.05)
    machine!.kill()
    await gone
    await machine!.start()
    expect(machine!.isRunning).toBe(true)
  })

  test('of an earlier life does nothing any more: no timer, no answer, no change of the disk', async () => {
    const cluster = await startCluster()
    const [machine] = cluster.brokers
    const broker = cluster.client.broker(machine!)
    await broker.createTopic('T', 1)
    const held = broker.pull({ topic: 'T', waitMs: 5000 })
    held.catch(() => {})
    await cluster.sleep(100)
    machine!.kill()
    await expect(held).rejects.toThrow(/lost/)
    const changes = machine!.disk.operationCount
    const lines = machine!.logged.length
    await cluster.sleep(300_000)
    expect(machine!.disk.operationCount).toBe(changes)
    expect(machine!.logged.length).toBe(lines)
    expect(cluster.network.connections()).toEqual([])
  })

  test('that stands still answers nothing, and everything when it goes on', async () => {
    const cluster = await startCluster()
    const [machine] = cluster.brokers
    const broker = cluster.client.broker(machine!)
    await broker.createTopic('T', 1)
    machine!.pause()
    await expect(broker.send({ topic: 'T', body: 'one' })).rejects.toThrow(RequestTimeoutError)
    machine!.resume()
    await cluster.sleep(100)
    expect(await bodiesIn(cluster, 'T')).toEqual(['one'])
  })

  test('that stops is taken out of the routes', async () => {
    const cluster = await startCluster({ brokers: 2 })
    await cluster.brokers[0]!.stop()
    const { brokerAddrTable } = await cluster.client.nameServer(cluster.nameServers[0]!).clusterInfo()
    expect([...brokerAddrTable.keys()]).toEqual(['broker-2'])
  })

  test('that is killed is forgotten by the name server, and known again when it is back', async () => {
    const cluster = await startCluster({ brokers: 2 })
    const nameServer = cluster.client.nameServer(cluster.nameServers[0]!)
    const known = async (): Promise<string> =>
      [...(await nameServer.clusterInfo()).brokerAddrTable.keys()].sort().join()
    cluster.brokers[0]!.kill()
    await cluster.until('it is forgotten', async () => (await known()) === 'broker-2')
    await cluster.brokers[0]!.start()
    expect(await known()).toBe('broker-1,broker-2')
  })
})

test('a name server that was restarted learns all routes again', async () => {
  const cluster = await startCluster({ brokers: 2 })
  await cluster.client.broker(cluster.brokers[0]!).createTopic('T', 1)
  await cluster.nameServers[0]!.restart()
  const nameServer = cluster.client.nameServer(cluster.nameServers[0]!)
  const isKnown = async (): Promise<boolean> => (await nameServer.route('T')) !== undefined
  await cluster.until('the route is back', isKnown, 60_000)
})

describe('a topic that a message makes', () => {
  const toNew = { topic: 'made', body: 'm' }

  test.each([
    ['one message', (broker: BrokerCalls) => broker.send(toNew)],
    ['a batch', (broker: BrokerCalls) => broker.sendBatch([toNew, toNew])],
  ])('by %s has its route when the sender gets the answer', async (_, send) => {
    const cluster = await startCluster()
    const [machine] = cluster.nameServers
    machine!.pause()
    let isAnswered = false
    const sending = send(cluster.client.broker(cluster.brokers[0]!)).then(() => {
      isAnswered = true
    })
    await cluster.sleep(500)
    expect(isAnswered).toBe(false)
    machine!.resume()
    await sending
    expect(await cluster.client.nameServer(machine!).route('made')).toBeDefined()
  })

  test('is waited for at a name server that stands still, but a second at the most', async () => {
    const cluster = await startCluster({ nameServers: 2 })
    const [still, other] = cluster.nameServers
    still!.pause()
    const beforeMs = cluster.simulation.monotonic()
    const broker = cluster.client.broker(cluster.brokers[0]!)
    await broker.send(toNew)
    expect(cluster.simulation.monotonic() - beforeMs).toBeLessThan(1500)
    expect(await cluster.client.nameServer(other!).route('made')).toBeDefined()
    await broker.send(toNew)
    expect(cluster.simulation.monotonic() - beforeMs).toBeLessThan(2000)
  })
})
