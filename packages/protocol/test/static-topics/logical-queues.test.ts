import { describe, expect, test } from 'vitest'
import {
  logicalBrokerName,
  logicalQueues,
  mappingInfoOf,
  noLeader,
  type TopicQueueMappingInfo,
  type TopicRoute,
} from '../../src/index.ts'
import { item } from './items-kit.ts'

function routeOf(...infos: (Pick<TopicQueueMappingInfo, 'bname' | 'epoch' | 'totalQueues'> & { led: number[] })[]) {
  const mappings = infos.map(({ led, bname, ...rest }) => [
    bname!,
    { topic: 'T', scope: '__global__', bname, dirty: false, currIdMap: new Map(led.map((id) => [id, 0])), ...rest },
  ])
  return { topicQueueMappingByBroker: new Map(mappings as [string, TopicQueueMappingInfo][]) } as TopicRoute
}

const leaders = (route: TopicRoute) => logicalQueues(route)?.map(({ leader }) => leader)

describe('the queues of a route', () => {
  test('of an ordinary topic are not logical', () => {
    expect(logicalQueues({} as TopicRoute)).toBeUndefined()
    expect(logicalQueues({ topicQueueMappingByBroker: new Map() } as unknown as TopicRoute)).toBeUndefined()
  })

  test('are as many as the topic has, in their order, by a name that is no broker', () => {
    const route = routeOf(
      { bname: 'broker-b', epoch: 5, totalQueues: 3, led: [2, 0] },
      { bname: 'broker-a', epoch: 5, totalQueues: 3, led: [1] },
    )
    expect(logicalQueues(route)).toEqual([
      { brokerName: '__syslo__global__', queueId: 0, leader: 'broker-b' },
      { brokerName: '__syslo__global__', queueId: 1, leader: 'broker-a' },
      { brokerName: '__syslo__global__', queueId: 2, leader: 'broker-b' },
    ])
    expect(logicalBrokerName('mine')).toBe('__syslo__mine')
  })

  test('are led by who has the newest mapping, while a queue moves', () => {
    const old = { bname: 'broker-a', epoch: 5, totalQueues: 2, led: [0, 1] }
    const moved = { bname: 'broker-b', epoch: 6, totalQueues: 2, led: [1] }
    expect(leaders(routeOf(old, moved))).toEqual(['broker-a', 'broker-b'])
    expect(leaders(routeOf(moved, old))).toEqual(['broker-a', 'broker-b'])
  })

  test('have no leader when the broker that leads them is not in the route', () => {
    expect(leaders(routeOf({ bname: 'broker-a', epoch: 5, totalQueues: 2, led: [1] }))).toEqual([noLeader, 'broker-a'])
  })
})

test('name servers are told the logical queues that a broker leads, and no items', () => {
  const here = item({ gen: 1, queueId: 7, logicOffset: 100 })
  const elsewhere = item({ bname: 'broker-b' })
  const info = mappingInfoOf({
    topic: 'T',
    scope: '__global__',
    totalQueues: 3,
    bname: 'broker-a',
    epoch: 9,
    dirty: false,
    currIdMap: new Map(),
    hostedQueues: new Map([
      [0, [elsewhere, here]],
      [1, [item(), { ...elsewhere, gen: 1, logicOffset: 100 }]],
    ]),
  })
  expect(info).toEqual({
    topic: 'T',
    scope: '__global__',
    totalQueues: 3,
    bname: 'broker-a',
    epoch: 9,
    dirty: false,
    currIdMap: new Map([[0, 7]]),
  })
})
