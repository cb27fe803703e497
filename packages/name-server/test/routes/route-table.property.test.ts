import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clusterInfo } from '../../src/routes/cluster-info.ts'
import { RouteTable } from '../../src/routes/route-table.ts'
import { allTopics } from '../../src/routes/topic-lists.ts'
import { topicRoute } from '../../src/routes/topic-route.ts'
import { registration } from './route-table-kit.ts'

const brokerName = fc.constantFrom('broker-a', 'broker-b', 'broker-c')
const clusterName = fc.constantFrom('c', 'd')
const address = fc.constantFrom('h:1', 'h:2', 'h:3', 'h:4')
const brokerId = fc.integer({ min: 0, max: 2 })
const topic = fc.constantFrom('t1', 't2', 't3', 't4')
const connectionId = fc.integer({ min: 1, max: 3 })

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      topics: fc.uniqueArray(topic),
      isWholeList: fc.boolean(),
      change: fc.record({
        brokerName,
        clusterName,
        address,
        connectionId,
        brokerId,
        counter: fc.integer({ min: 0, max: 3 }),
        timeoutMs: fc.constantFrom(10, 50),
        enableActingMaster: fc.constantFrom(undefined, false, true),
      }),
    }),
  },
  fc.record({ kind: fc.constant('unregister' as const), brokerName, clusterName, address, brokerId }),
  fc.record({ kind: fc.constant('heard' as const), brokerName, clusterName, address, connectionId }),
  fc.record({ kind: fc.constant('pass' as const), durationMs: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ kind: fc.constant('lose' as const), connectionId }),
  fc.record({ kind: fc.constant('delete' as const), topic, clusterName: fc.option(clusterName, { nil: undefined }) }),
  fc.record({ kind: fc.constant('wipe' as const), brokerName }),
  fc.record({ kind: fc.constant('add' as const), brokerName }),
)

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** @returns the time after it */
function apply(table: RouteTable, step: Operation, nowMs: number): number {
  switch (step.kind) {
    case 'register':
      table.register(registration(step.topics, step.change), nowMs, step.isWholeList)
      break
    case 'unregister':
      table.unregister(step)
      break
    case 'heard':
      table.heard(step, step.connectionId, nowMs)
      break
    case 'pass':
      table.expire(nowMs + step.durationMs)
      return nowMs + step.durationMs
    case 'lose':
      table.connectionLost(step.connectionId)
      break
    case 'delete':
      table.removeTopic(step.topic, step.clusterName)
      break
    case 'wipe':
      table.wipeWritePermission(step.brokerName)
      break
    case 'add':
      table.addWritePermission(step.brokerName)
      break
  }
  return nowMs
}

function expectWhole(table: RouteTable, nowMs: number): void {
  const members = [...table.groups.values()].flatMap((group) => {
    expect(group.members.size).toBeGreaterThan(0)
    return [...group.members].map(([id, member]) => {
      expect(member).toMatchObject({ brokerId: id, brokerName: group.brokerName, clusterName: group.clusterName })
      return member
    })
  })
  expect(new Set(members)).toEqual(new Set(table.living.values()))
  expect(members).toHaveLength(table.living.size)
  for (const [address, broker] of table.living) {
    expect(broker.address).toBe(address)
    expect(broker.heardAtMs).toBeLessThanOrEqual(nowMs)
  }

  const info = clusterInfo(table)
  expect([...info.clusterAddrTable.values()].flat().sort()).toEqual([...info.brokerAddrTable.keys()].sort())
  for (const topic of allTopics(table).topicList) {
    const route = topicRoute(table, topic, { supportActingMaster: true })!
    expect(route.queueDatas.length).toBeGreaterThan(0)
    for (const { brokerName } of route.queueDatas) {
      const broker = route.brokerDatas.find((data) => data.brokerName === brokerName)
      expect(broker?.brokerAddrs.size).toBeGreaterThan(0)
      expect(info.clusterAddrTable.get(broker!.cluster!)).toContain(brokerName)
    }
  }
}

test('whatever brokers and administrators do, routes lead to living brokers only', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (steps) => {
      const table = new RouteTable()
      let nowMs = 0
      for (const step of steps) {
        nowMs = apply(table, step, nowMs)
        expectWhole(table, nowMs)
      }
      table.expire(nowMs + 1000)
      expect(table.groups.size + table.living.size).toBe(0)
    }),
    { numRuns: 500 },
  )
})

test('parts of a list with a version each give the same routes as the whole list', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 4, maxLength: 30 }),
      fc.integer({ min: 2, max: 6 }),
      (names, count) => {
        const whole = new RouteTable()
        whole.register(registration(names, { counter: 100 }), 0)
        const parts = new RouteTable()
        parts.register(registration([], { counter: 0 }), 0)
        for (let part = 0; part < count; part++) {
          const topics = names.filter((_, index) => index % count === part)
          parts.register(registration(topics, { counter: part === count - 1 ? 100 : part + 1 }), 0)
        }
        expect(new Set(allTopics(parts).topicList)).toEqual(new Set(allTopics(whole).topicList))
        expect(parts.living.get('a:1')!.dataVersion).toEqual(whole.living.get('a:1')!.dataVersion)
      },
    ),
  )
})
