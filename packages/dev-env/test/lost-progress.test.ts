import { describe, expect, test } from 'vitest'
import { type BrokerMachine, type Cluster, startCluster } from '../src/index.ts'

/** A broker whose log is synced for the sake of progress alone: five messages, two of them delayed, all consumed. */
async function consumedCluster(seed = 1): Promise<{ cluster: Cluster; machine: BrokerMachine }> {
  const cluster = await startCluster({
    seed,
    brokerSettings: {
      flushIntervalCommitLog: '600000',
      flushConsumeQueueThoroughInterval: '600000',
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
  await cluster.until('the delayed messages', async () => (await broker.maxOffset('T')) === 5)
  await broker.commitOffset('g', 'T', 0, 5)
  return { cluster, machine }
}

const goesBack = 'points past'

test('no progress that is kept passes by messages that a power failure takes', async () => {
  let kept = 0
  for (let seed = 1; seed <= 8; seed++) {
    const { cluster, machine } = await consumedCluster(seed)
    // In the middle of what is written and synced.
    machine.losePowerAt(4 * seed)
    await cluster.sleep(300)
    if (machine.isAlive) machine.powerLoss()
    else await cluster.sleep(1)
    await machine.start()
    const broker = cluster.newClient().broker(machine)
    const committed = (await broker.committedOffset('g', 'T', 0)) ?? 0
    if (committed === 5) kept++
    expect(committed, `seed ${seed}`).toBeLessThanOrEqual(await broker.maxOffset('T'))
    expect(machine.logged.filter(({ message }) => message.includes(goesBack))).toEqual([])
    await cluster.sleep(2000)
    // Delayed messages that the log has are delivered, perhaps once more.
    const waiting = await broker.readQueue('SCHEDULE_TOPIC_XXXX', 0)
    const delivered = new Set((await broker.readQueue('T')).map(({ body }) => String(body)))
    for (const { body } of waiting) expect(delivered, `seed ${seed}`).toContain(String(body))
  }
  expect(kept).toBeGreaterThan(0)
})

describe('after messages were lost, which someone accepts,', () => {
  /** The log is gone; queues, offsets and progress are there. */
  async function clusterWithLoss() {
    const { cluster, machine } = await consumedCluster()
    await machine.stop()
    const log = '/data/store/commitlog'
    for (const name of machine.disk.list(log)) machine.disk.remove(`${log}/${name}`)
    machine.disk.syncFolder(log)
    machine.acceptsLostMessages = true
    return { cluster, machine }
  }

  test('a group goes on at the end of its queue, and gets what comes where lost messages were, whatever ends the broker', async () => {
    const { cluster, machine } = await clusterWithLoss()
    // One that dies while it starts may have opened the store, and not looked at the offsets.
    for (let change = 1; change <= 40; change++) {
      machine.losePowerAt(change)
      await machine.start().catch(() => {})
      if (!machine.isAlive) await cluster.sleep(1)
      else break
    }
    if (!machine.isRunning) await machine.start()
    machine.kill()
    machine.acceptsLostMessages = false
    await machine.start()
    const broker = cluster.newClient().broker(machine)
    for (const body of ['x', 'y', 'z', 'u', 'v', 'w']) await broker.send({ topic: 'T', body })
    expect(await broker.committedOffset('g', 'T', 0)).toBe(0)
    const warnings = machine.logged.filter(({ message }) => message.includes(`the offset of a group ${goesBack}`))
    expect(warnings.length).toBeGreaterThan(0)
    machine.kill()
    await machine.start()
    expect(await cluster.newClient().broker(machine).committedOffset('g', 'T', 0)).toBe(0)
  })

  test('delayed messages that come later are delivered, although the broker is killed before it keeps more', async () => {
    const { cluster, machine } = await clusterWithLoss()
    await machine.start()
    machine.kill()
    machine.acceptsLostMessages = false
    await machine.start()
    const broker = cluster.newClient().broker(machine)
    for (const body of ['f', 'g', 'h']) await broker.send({ topic: 'T', body, properties: { DELAY: '1' } })
    await cluster.sleep(3000)
    expect((await broker.readQueue('T', 0)).map(({ body }) => String(body))).toEqual(['f', 'g', 'h'])
  })
})
