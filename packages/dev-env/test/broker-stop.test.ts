import { RequestTimeoutError, ResponseError } from '@rocketmq-ts/remoting'
import { describe, expect, test } from 'vitest'
import { startCluster } from '../src/index.ts'

describe('a broker that stops', () => {
  test('answers the pulls that wait at once, while their connections are open', async () => {
    const cluster = await startCluster()
    const machine = cluster.brokers[0]!
    const broker = cluster.client.broker(machine)
    await broker.createTopic('T', 2)
    const pulls = [0, 1].map((queueId) => broker.pull({ topic: 'T', queueId, waitMs: 30_000 }))
    await cluster.sleep(100)
    const beforeMs = cluster.simulation.monotonic()
    const stopping = machine.stop()
    const answers = await Promise.all(pulls)
    expect(answers.map(({ messages }) => messages)).toEqual([[], []])
    await stopping
    expect(cluster.simulation.monotonic() - beforeMs).toBeLessThan(1000)
  })

  test.each(['ASYNC_FLUSH', 'SYNC_FLUSH'])(
    'answers all that it takes meanwhile, and loses nothing of it, with %s',
    async (flushDiskType) => {
      for (let seed = 1; seed <= 5; seed++) {
        const cluster = await startCluster({ seed, brokerSettings: { flushDiskType } })
        const machine = cluster.brokers[0]!
        await cluster.client.broker(machine).createTopic('T', 1)
        const acknowledged: string[] = []
        let refusals = 0
        const senders = Array.from({ length: 8 }, async (_, sender) => {
          const broker = cluster.newClient().broker(machine)
          for (let number = 0; number < 200; number++) {
            const body = `${sender}-${number}`
            try {
              await broker.send({ topic: 'T', body })
              acknowledged.push(body)
            } catch (error) {
              // Refused, or the connection is gone: then it is not known whether it was stored.
              if (!(error instanceof ResponseError)) return
              refusals++
            }
          }
        })
        await cluster.sleep(20)
        await machine.stop()
        await Promise.all(senders)
        expect(acknowledged.length).toBeGreaterThan(0)
        expect(refusals).toBeLessThan(8 * 200)
        await machine.start()
        const stored = await cluster.newClient().broker(machine).readQueue('T')
        expect(stored.map(({ body }) => String(body)).sort()).toEqual(acknowledged.sort())
      }
    },
  )

  test('keeps the offsets, topics and delayed messages that it has acknowledged', async () => {
    const cluster = await startCluster()
    const machine = cluster.brokers[0]!
    const broker = cluster.client.broker(machine)
    await broker.createTopic('T', 1)
    for (const body of ['a', 'b', 'c']) await broker.send({ topic: 'T', body })
    await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
    await broker.commitOffset('g', 'T', 0, 2)
    await broker.send({ topic: 'T', body: 'later', properties: { DELAY: '1' } })
    await broker.createTopic('U', 3)
    await machine.stop()
    await machine.start()
    const again = cluster.newClient().broker(machine)
    expect(await again.committedOffset('g', 'T', 0)).toBe(2)
    expect([...(await again.topics()).topicConfigTable.keys()]).toEqual(expect.arrayContaining(['T', 'U']))
    await cluster.sleep(5000)
    expect((await again.readQueue('T')).map(({ body }) => String(body))).toEqual(['a', 'b', 'c', 'later'])
  })

  test('says nothing alarming, and nothing either when it is started again', async () => {
    const cluster = await startCluster()
    const machine = cluster.brokers[0]!
    const broker = cluster.client.broker(machine)
    await broker.createTopic('T', 1)
    await broker.send({ topic: 'T', body: 'a' })
    const held = broker.pull({ topic: 'T', offset: 1, waitMs: 30_000 })
    await cluster.sleep(100)
    await machine.stop()
    await held
    await machine.start()
    const alarming = machine.logged.filter(({ level }) => level === 'warn' || level === 'error')
    expect(alarming).toEqual([])
  })
})

test('a broker is stopped by nobody who does not answer', async () => {
  const cluster = await startCluster()
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 1)
  const pull = broker.pull({ topic: 'T', waitMs: 30_000 })
  pull.catch(() => {})
  await cluster.sleep(100)
  cluster.network.partition(machine.host, cluster.client.host)
  const beforeMs = cluster.simulation.monotonic()
  await machine.stop()
  expect(cluster.simulation.monotonic() - beforeMs).toBeLessThan(10_000)
  await expect(pull).rejects.toThrow(RequestTimeoutError)
})
