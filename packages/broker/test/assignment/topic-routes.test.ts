import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { type TopicQueueMappingInfo, type TopicRoute, topicRouteBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { TopicRoutes } from '../../src/assignment/topic-routes.ts'
import { response } from '../clients/fake-link.ts'

interface QueueData {
  brokerName: string
  perm: number
  readQueueNums: number
  writeQueueNums?: number
}

const readWrite = 6

/** What the name servers know of the topic T is in `state`, and which of them are lost. */
function open(nameServers: readonly string[] = ['ns-1']) {
  const clock = new SteppedClock()
  const asked: string[] = []
  const state: { queueDatas: QueueData[] | undefined; rest: Partial<TopicRoute>; lost: Set<string> } = {
    queueDatas: [],
    rest: {},
    lost: new Set(),
  }
  const routes = new TopicRoutes({
    clock,
    nameServers,
    calls: {
      async call(address) {
        asked.push(address)
        if (state.lost.has(address)) throw new Error('connection refused')
        const { queueDatas } = state
        if (queueDatas === undefined) return response({ code: 17 })
        const all = queueDatas.map((data) => ({ topicSysFlag: 0, writeQueueNums: 4, ...data }))
        const empty = { brokerDatas: [], filterServerTable: new Map() }
        const body = topicRouteBody.encode({ queueDatas: all, ...empty, ...state.rest })
        return response({ code: 0, body })
      },
    },
  })
  const queues = async (): Promise<string[] | undefined> =>
    (await routes.readableQueues('T'))?.map(({ topic, brokerName, queueId }) => `${topic} ${brokerName} ${queueId}`)
  return { clock, asked, state, queues, routes }
}

describe('the queues of a topic', () => {
  test('are those that can be read, of all brokers, by their names and ids', async () => {
    const { state, queues } = open()
    state.queueDatas = [
      { brokerName: 'broker-b', perm: readWrite, readQueueNums: 1 },
      { brokerName: 'broker-w', perm: 2, readQueueNums: 4 },
      { brokerName: 'broker-a', perm: 4, readQueueNums: 2, writeQueueNums: 9 },
    ]
    expect(await queues()).toEqual(['T broker-a 0', 'T broker-a 1', 'T broker-b 0'])
  })

  test('are unknown when no broker has any that can be read, or the topic is unknown', async () => {
    const { state, queues, clock } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 0 }]
    expect(await queues()).toBeUndefined()
    clock.advance(1_000)
    state.queueDatas = undefined
    expect(await queues()).toBeUndefined()
  })

  test('are asked for once by many at a time, and again when they may have changed', async () => {
    const { state, queues, clock, asked } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    await Promise.all([queues(), queues(), queues()])
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 2 }]
    clock.advance(9_999)
    expect(await queues()).toEqual(['T broker-a 0'])
    expect(asked).toEqual(['ns-1'])
    clock.advance(1)
    expect(await queues()).toEqual(['T broker-a 0', 'T broker-a 1'])
  })

  test('are asked for again in time though the wall clock was set back', async () => {
    const { state, queues, clock } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    expect(await queues()).toEqual(['T broker-a 0'])
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 2 }]
    clock.now = () => 0
    clock.advance(10_000)
    expect(await queues()).toEqual(['T broker-a 0', 'T broker-a 1'])
  })

  test('of a topic that was unknown are asked for again a second later', async () => {
    const { state, queues, clock, asked } = open()
    state.queueDatas = undefined
    expect([await queues(), await queues()]).toEqual([undefined, undefined])
    expect(asked).toEqual(['ns-1'])
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    clock.advance(1_000)
    expect(await queues()).toEqual(['T broker-a 0'])
  })

  test('are told by any name server that answers, the last one first', async () => {
    const { state, queues, clock, asked } = open(['ns-1', 'ns-2'])
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    state.lost.add('ns-1')
    expect(await queues()).toEqual(['T broker-a 0'])
    clock.advance(10_000)
    await queues()
    expect(asked).toEqual(['ns-1', 'ns-2', 'ns-2'])
    state.lost.add('ns-2')
    clock.advance(10_000)
    expect(await queues()).toBeUndefined()
    state.lost.clear()
    expect(await queues()).toEqual(['T broker-a 0'])
  })

  test('of a static topic are its logical queues, with who leads each', async () => {
    const { state, queues, routes } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 7 }]
    const mapping: TopicQueueMappingInfo = {
      ...{ topic: 'T', scope: '__global__', totalQueues: 2, bname: 'broker-a', epoch: 1, dirty: false },
      currIdMap: new Map([[1, 5]]),
    }
    state.rest = { topicQueueMappingByBroker: new Map([['broker-a', mapping]]) }
    expect(await queues()).toEqual(['T __syslo__global__ 0', 'T __syslo__global__ 1'])
    expect(await routes.leaders('T')).toEqual(new Map([[1, 'broker-a']]))
  })

  test('are unknown to a broker without name servers', async () => {
    expect(await open([]).queues()).toBeUndefined()
  })
})

describe('the address of a broker of a topic', () => {
  const at = (address: string) => ({
    brokerDatas: [{ brokerName: 'broker-a', brokerAddrs: new Map([[0, address]]), enableActingMaster: false }],
  })

  test('is that of its master, and is asked for again soon where there is none', async () => {
    const { state, routes, clock } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    expect(await routes.masterAddress('T', 'broker-a')).toBeUndefined()
    state.rest = at('10.0.0.1:10911')
    clock.advance(1000)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
    state.rest = at('10.0.0.2:10911')
    clock.advance(9999)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
    clock.advance(1)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.2:10911')
  })

  test('is the one that was known last while no name server answers', async () => {
    const { state, routes, clock } = open()
    state.rest = at('10.0.0.1:10911')
    await routes.masterAddress('T', 'broker-a')
    state.lost.add('ns-1')
    clock.advance(60_000)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
  })
})
