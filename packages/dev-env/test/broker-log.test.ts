import { commands } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { startCluster } from '../src/index.ts'

test('the log of a broker says who made, changed and deleted what', async () => {
  const cluster = await startCluster()
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  const said = async (action: () => Promise<unknown>): Promise<unknown[]> => {
    const before = machine.logged.length
    await action()
    return machine.logged.slice(before).map(({ level, message, fields }) => [level, message, fields])
  }
  const peer = expect.stringMatching(new RegExp(`^${cluster.client.host.address}:\\d+$`))
  const line = (message: string, fields: object) => ['info', message, expect.objectContaining(fields)]

  expect(await said(() => broker.createTopic('T', 1))).toEqual([line('a topic was made', { topic: 'T', peer })])
  expect(await said(() => broker.createTopic('T', 2))).toEqual([line('a topic was changed', { topic: 'T', peer })])
  expect(await said(() => broker.createTopic('T', 2))).toEqual([])
  expect(await said(() => broker.send({ topic: 'AUTO' }))).toEqual([
    line('a topic was made for a message that was sent to it', { topic: 'AUTO', like: 'TBW102', peer }),
  ])
  expect(await said(() => broker.heartbeat([{ group: 'g', topics: { T: '*' } }], ['p']))).toEqual([
    line('a consumer group was made for a client that uses it', { group: 'g' }),
    line('a topic of a group was made', { topic: '%RETRY%g' }),
    line('a consumer joined a group', { group: 'g', clientId: cluster.client.id, peer }),
    line('a producer joined a group', { group: 'p', clientId: cluster.client.id, peer }),
  ])
  expect(await said(() => broker.heartbeat([{ group: 'g', topics: { T: '*' } }], ['p']))).toEqual([])
  const reset = { topic: 'T', group: 'g', timestamp: -1, isForce: true, offset: -1 }
  expect(await said(() => broker.ask(commands.invokeBrokerToResetOffset, { ...reset, queueId: -1 }))).toEqual([
    line('offsets of a group were reset', { group: 'g', topic: 'T', offsets: { 0: 0, 1: 0 }, peer }),
  ])
  const leave = { clientID: cluster.client.id, consumerGroup: 'g' }
  expect(await said(() => broker.ask(commands.unregisterClient, leave))).toEqual([
    line('a consumer left a group', { group: 'g', reason: 'unregistered', peer }),
  ])
  expect(await said(() => broker.ask(commands.deleteSubscriptiongroup, { groupName: 'g', cleanOffset: true }))).toEqual(
    [line('a consumer group was deleted', { group: 'g', withOffsets: true, peer })],
  )
  expect(await said(() => broker.ask(commands.deleteTopicInBroker, { topic: 'T' }))).toEqual([
    line('a topic was deleted', { topic: 'T', peer }),
  ])
})
