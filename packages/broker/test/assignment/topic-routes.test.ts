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

/**
 * What the name servers know of the topic T is in `state`, which of them are lost, and those that answer when the test says
 * so.
 */
function open(nameServers: readonly string[] = ['ns-1']) {
  const clock = new SteppedClock()
  const asked: string[] = []
  const state: {
    nameServers: readonly string[]
    queueDatas: QueueData[] | undefined
    rest: Partial<TopicRoute>
    lost: Set<string>
    slow: Map<string, Promise<void>>
    nonsense: Set<string>
  } = { nameServers, queueDatas: [], rest: {}, lost: new Set(), slow: new Map(), nonsense: new Set() }
  const routes = new TopicRoutes({
    clock,
    nameServers: () => state.nameServers,
    calls: {
      async call(address) {
        asked.push(address)
        await state.slow.get(address)
        if (state.lost.has(address)) throw new Error('connection refused')
        if (state.nonsense.has(address)) return response({ code: 0, body: Buffer.from('[') })
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
    state.lost = new Set(['ns-2'])
    clock.advance(10_000)
    await queues()
    expect(asked).toEqual(['ns-1', 'ns-2', 'ns-2', 'ns-2', 'ns-1'])
  })

  test('are told by the name servers that the settings name now', async () => {
    const { state, queues, asked } = open(['ns-1'])
    state.nameServers = ['ns-2']
    await queues()
    expect(asked).toEqual(['ns-2'])
  })

  test('are those that were known last while no name server answers, and nobody waits for it once more', async () => {
    const { state, queues, clock, asked } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    await queues()
    state.lost.add('ns-1')
    clock.advance(10_000)
    expect(await queues()).toEqual(['T broker-a 0'])
    clock.advance(1_000)
    const { promise, resolve } = Promise.withResolvers<void>()
    state.slow.set('ns-1', promise)
    expect(await queues()).toEqual(['T broker-a 0'])
    expect(asked).toHaveLength(3)
    state.lost.clear()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 2 }]
    resolve()
    await expect.poll(queues).toEqual(['T broker-a 0', 'T broker-a 1'])
  })

  test('are told by the next name server when one tells nonsense', async () => {
    const { state, queues } = open(['ns-1', 'ns-2'])
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    state.nonsense.add('ns-1')
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
  })

  test('is told at once when it was known lately, and looked up once beside that', async () => {
    const { state, routes, clock, asked } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    state.rest = at('10.0.0.1:10911')
    await routes.masterAddress('T', 'broker-a')
    state.rest = at('10.0.0.2:10911')
    clock.advance(9_999)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
    expect(asked).toHaveLength(1)
    clock.advance(1)
    const { promise, resolve } = Promise.withResolvers<void>()
    state.slow.set('ns-1', promise)
    for (let count = 0; count < 3; count++) {
      expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
    }
    expect(asked).toHaveLength(2)
    resolve()
    await expect.poll(() => routes.masterAddress('T', 'broker-a')).toBe('10.0.0.2:10911')
    expect(asked).toHaveLength(2)
  })

  test('is looked up first when it was known long ago, or could not be reached', async () => {
    const { state, routes, clock, asked } = open()
    state.queueDatas = [{ brokerName: 'broker-a', perm: readWrite, readQueueNums: 1 }]
    state.rest = at('10.0.0.1:10911')
    await routes.masterAddress('T', 'broker-a')
    state.rest = at('10.0.0.2:10911')
    clock.advance(70_000)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.2:10911')
    state.rest = at('10.0.0.3:10911')
    // What others found out of an address that is not told any more says nothing.
    routes.doubtMaster('T', 'broker-a', '10.0.0.1:10911')
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.2:10911')
    routes.doubtMaster('T', 'broker-a', '10.0.0.2:10911')
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.3:10911')
    expect(asked).toHaveLength(3)
  })

  test('is the one that was known last while no name server answers, whatever became of it', async () => {
    const { state, routes, clock } = open()
    state.rest = at('10.0.0.1:10911')
    await routes.masterAddress('T', 'broker-a')
    state.lost.add('ns-1')
    clock.advance(100_000)
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
    routes.doubtMaster('T', 'broker-a', '10.0.0.1:10911')
    // Now that they do not answer, nobody waits for them.
    state.slow.set('ns-1', new Promise(() => {}))
    expect(await routes.masterAddress('T', 'broker-a')).toBe('10.0.0.1:10911')
  })
})
