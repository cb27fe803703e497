import type { TopicQueueMappingInfo } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { RouteTable } from '../../src/routes/route-table.ts'
import { topicRoute } from '../../src/routes/topic-route.ts'
import { registration } from './route-table-kit.ts'

test('a topic that nobody has has no route', () => {
  const table = new RouteTable()
  table.register(registration(['t1', 't2']), 0)
  expect(topicRoute(table, 't3')).toBeUndefined()
})

test('the parts of a static topic are in its route by broker, and in no other', () => {
  const table = new RouteTable()
  const mapping = (bname: string, totalQueues: number): TopicQueueMappingInfo => {
    return {
      topic: 't1',
      scope: '__global__',
      totalQueues,
      bname,
      epoch: 1,
      dirty: false,
      currIdMap: new Map([[0, 0]]),
    }
  }
  for (const [index, brokerName] of ['broker-a', 'broker-b'].entries()) {
    const mappings = new Map([['t1', mapping(brokerName, index + 1)]])
    table.register(registration(['t1', 't2'], { brokerName, address: `${brokerName}:1`, mappings }), 0)
  }
  expect(topicRoute(table, 't1')!.topicQueueMappingByBroker).toEqual(
    new Map([
      ['broker-a', mapping('broker-a', 1)],
      ['broker-b', mapping('broker-b', 2)],
    ]),
  )
  expect(topicRoute(table, 't2')).not.toHaveProperty('topicQueueMappingByBroker')
})

test('filter servers are in a route by the address of their broker', () => {
  const table = new RouteTable()
  table.register(registration(['t1', 't2'], { filterServers: ['f:1'] }), 0)
  expect(topicRoute(table, 't1')!.filterServerTable).toEqual(new Map([['a:1', ['f:1']]]))
})

test('brokers find the real master by their member topic while an acting one is shown to clients', () => {
  const table = new RouteTable()
  const memberTopic = 'rmq_sys_SYNC_BROKER_MEMBER_broker-a'
  table.register(registration(['t1', memberTopic], { brokerId: 2, address: 's:2', enableActingMaster: true }), 0)
  const ids = (topic: string): number[] => {
    return [...topicRoute(table, topic, { supportActingMaster: true })!.brokerDatas[0]!.brokerAddrs.keys()]
  }
  expect(ids('t1')).toEqual([0])
  expect(ids(memberTopic)).toEqual([2])
  // Queues that can be written to have a master somewhere.
  table.addWritePermission('broker-a')
  expect(ids('t1')).toEqual([2])
})
