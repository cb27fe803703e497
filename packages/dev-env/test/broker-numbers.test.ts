import { expect, test } from 'vitest'
import { startCluster } from '../src/index.ts'

test('a broker tells its numbers', async () => {
  const cluster = await startCluster()
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 1)
  await broker.heartbeat([{ group: 'g', topics: { T: '*' } }], ['p'])
  for (const body of ['a', 'b']) await broker.send({ topic: 'T', body })
  await broker.send({ topic: 'T', body: 'c', properties: { DELAY: '2' } })
  await broker.pull({ topic: 'T', group: 'g' })
  await broker.commitOffset('g', 'T', 0, 1)
  await broker.send({ topic: 'T', queueId: 99 }).catch(() => {})
  const held = broker.pull({ topic: 'T', offset: 2, group: 'g', waitMs: 30_000 })
  await cluster.sleep(100)
  const stats = machine.server.stats()
  expect(stats.server).toEqual({ connections: 1 })
  expect(stats.statistics.totals).toMatchObject({ put: 3, putOfUsers: 2, got: 2, pullsFound: 1, pullsMissed: 1 })
  expect(stats.statistics.commands).toMatchObject({
    SEND_MESSAGE_V2: { requests: 4, refusals: 1 },
    HEART_BEAT: { requests: 1, refusals: 0 },
    // The other one is held.
    PULL_MESSAGE: { requests: 1, refusals: 0 },
  })
  const { SEND_MESSAGE_V2: sends } = stats.statistics.commands
  expect(Math.min(sends!.bytesIn, sends!.bytesOut)).toBeGreaterThan(4 * 100)
  expect(sends!.durationMsMax).toBeLessThanOrEqual(sends!.durationMs)
  expect(stats.clients).toEqual({
    consumers: { groups: 1, members: 1, differing: 0 },
    producers: { groups: 1, members: 1 },
  })
  expect(stats.offsets).toEqual({ groups: 1, topics: 1, queues: 1 })
  expect(stats.delay.levels).toHaveLength(18)
  expect(stats.delay.levels[1]).toEqual({ nextOffset: 0, maxOffset: 1 })
  expect(stats.reading).toEqual({ heldPulls: 1, heldLitePulls: 0, pacedReads: 0, heldColdPulls: 0 })
  expect(stats.locks).toEqual({ groups: 0 })
  expect(stats.topics.topics).toBeGreaterThan(10)
  expect(Object.values(stats.registration.nameServers)).toEqual([{ isRegistered: true }])
  expect(stats.store.maxPosition).toBeGreaterThan(stats.store.minPosition)
  await broker.send({ topic: 'T', body: 'wakes it' })
  expect((await held).messages).toHaveLength(1)
  expect(machine.server.stats().reading.heldPulls).toBe(0)
})
