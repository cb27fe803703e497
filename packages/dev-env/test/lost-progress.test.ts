import { describe, expect, test } from 'vitest'
import { startCluster } from '../src/index.ts'

/** A broker whose log is shorter than what is noted of it elsewhere, as when the disk lost its newest part. */
async function clusterWithLoss() {
  const cluster = await startCluster({
    brokerSettings: {
      flushIntervalCommitLog: '600000',
      flushConsumerOffsetInterval: '100',
      flushDelayOffsetInterval: '100',
    },
  })
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 1)
  await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
  for (const body of ['a', 'b', 'c']) await broker.send({ topic: 'T', body })
  for (const body of ['d', 'e']) await broker.send({ topic: 'T', body, properties: { DELAY: '1' } })
  await cluster.sleep(3000)
  await broker.commitOffset('g', 'T', 0, 5)
  await cluster.sleep(1000)
  return { cluster, machine }
}

describe('after messages were lost', () => {
  test('a group goes on at the end of its queue, and gets what comes where lost messages were', async () => {
    let losses = 0
    for (let seed = 1; seed <= 3; seed++) {
      const { cluster, machine } = await clusterWithLoss()
      machine.powerLoss()
      await machine.start()
      const broker = cluster.newClient().broker(machine)
      const end = await broker.maxOffset('T')
      for (const body of ['x', 'y', 'z', 'u', 'v', 'w']) await broker.send({ topic: 'T', body })
      const committed = await broker.committedOffset('g', 'T', 0)
      expect(committed).toBe(Math.min(5, end))
      const warnings = machine.logged.filter(({ message }) => message.includes('points past the end of its queue'))
      expect(warnings).toHaveLength(end < 5 ? 1 : 0)
      if (end < 5) losses++
    }
    expect(losses).toBeGreaterThan(0)
  })

  test('delayed messages that come later are delivered', async () => {
    const { cluster, machine } = await clusterWithLoss()
    machine.powerLoss()
    await machine.start()
    const broker = cluster.newClient().broker(machine)
    const before = await broker.maxOffset('T')
    await broker.send({ topic: 'T', body: 'delayed', properties: { DELAY: '1' } })
    await cluster.sleep(3000)
    const bodies = (await broker.readQueue('T', 0, before)).map(({ body }) => String(body))
    expect(bodies.at(-1)).toBe('delayed')
  })
})
