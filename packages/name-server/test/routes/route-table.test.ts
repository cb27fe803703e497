import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { RouteTable, type SmallestBrokerChange } from '../../src/routes/route-table.ts'
import { permOf, registration, topicsOf } from './route-table-kit.ts'

const identity = { clusterName: 'c', brokerName: 'broker-a', address: 'a:1' }

describe('topics of a registration', () => {
  test('a body adds topics and removes none', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    table.register(registration(['t3'], { counter: 2 }), 0)
    table.register(registration([], { counter: 3 }), 0)
    expect(topicsOf(table)).toEqual(['t1', 't2', 't3'])
  })

  test('with an unchanged data version topics that are missing are added and known ones stay as they are', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    table.register(
      registration(
        new Map([
          ['t1', 4],
          ['t3', 4],
        ]),
      ),
      0,
    )
    expect(permOf(table, 't1')).toBe(6)
    expect(permOf(table, 't3')).toBe(4)
  })

  test.each([{ counter: 2 }, { counter: 0 }])(
    'a data version that differs changes known topics, whether it is newer or older: %o',
    (version) => {
      const table = new RouteTable()
      table.register(registration(['t1', 't2']), 0)
      table.register(
        registration(
          new Map([
            ['t1', 4],
            ['t2', 6],
          ]),
          version,
        ),
        0,
      )
      expect(permOf(table, 't1')).toBe(4)
    },
  )

  test('a whole list removes what it leaves out', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2', 't3']), 0, true)
    table.register(registration(['t1', 't2'], { counter: 2 }), 0, true)
    expect(topicsOf(table)).toEqual(['t1', 't2'])
  })

  test('the first registration of a broker must not hold a single topic, and leaves no trace', () => {
    const table = new RouteTable()
    expect(table.register(registration(['t1']), 0)).toMatchObject({ kind: 'refused' })
    expect(table.groups.size + table.living.size).toBe(0)
    expect(table.register(registration([]), 0)).toMatchObject({ kind: 'registered' })
    expect(table.register(registration(['t1']), 0)).toMatchObject({ kind: 'registered' })
    expect(topicsOf(table)).toEqual(['t1'])
  })

  test('topics that look the same share one layout', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    const { topics } = table.groups.get('broker-a')!
    expect(topics.get('t1')).toBe(topics.get('t2'))
  })

  test('a removed topic comes back with the next registration, also an unchanged one', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    table.removeTopic('t1', 'other')
    expect(topicsOf(table)).toEqual(['t1', 't2'])
    table.removeTopic('t1')
    expect(topicsOf(table)).toEqual(['t2'])
    expect(table.refresh({ ...identity, brokerId: 0 }, '1', 1, 0)).toBeUndefined()
    table.register(registration(['t1', 't2']), 0)
    expect(topicsOf(table)).toEqual(['t1', 't2'])
  })
})

describe('write permission', () => {
  test('it stays wiped over unchanged registrations and comes back with changed ones', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    expect(table.wipeWritePermission('broker-a')).toBe(2)
    table.register(registration(['t1', 't2']), 0)
    expect(permOf(table, 't1')).toBe(4)
    table.register(registration(['t1', 't2'], { counter: 2 }), 0)
    expect(permOf(table, 't1')).toBe(6)
  })

  test('adding it makes topics readable and writable', () => {
    const table = new RouteTable()
    table.register(
      registration(
        new Map([
          ['t1', 4],
          ['t2', 7],
        ]),
      ),
      0,
    )
    expect(table.addWritePermission('broker-a')).toBe(2)
    expect([permOf(table, 't1'), permOf(table, 't2')]).toEqual([6, 6])
    expect(table.addWritePermission('nobody')).toBe(0)
  })
})

describe('repeated bodies', () => {
  test('the same bytes are a sign of life that need not be read', () => {
    const clock = new SteppedClock()
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), clock.monotonic())
    clock.advance(100_000)
    const outcome = table.refresh({ ...identity, brokerId: 0 }, '1', 5, clock.monotonic())
    expect(outcome).toEqual({ kind: 'registered', master: undefined })
    clock.advance(100_000)
    expect(table.expire(clock.monotonic())).toEqual([])
    expect(table.connectionLost(5)).toHaveLength(1)
  })

  test.each([
    ['other bytes', { digest: '2' }],
    ['another id', { brokerId: 1 }],
    ['another name', { brokerName: 'broker-b' }],
    ['another cluster', { clusterName: 'd' }],
  ])('%s have to be read', (_, changes) => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    const { digest = '1', ...other } = changes as { digest?: string }
    expect(table.refresh({ ...identity, brokerId: 0, ...other }, digest, 1, 0)).toBeUndefined()
  })
})

describe('life and death', () => {
  test('a silent broker expires after its own timeout, and not before', () => {
    const clock = new SteppedClock()
    const table = new RouteTable()
    table.register(registration(['t1', 't2'], { timeoutMs: 10_000 }), clock.monotonic())
    table.register(registration(['t1', 't2'], { brokerName: 'broker-b', address: 'b:1' }), clock.monotonic())
    clock.advance(10_000)
    expect(table.expire(clock.monotonic())).toEqual([])
    clock.advance(1)
    expect(table.expire(clock.monotonic()).map((broker) => broker.brokerName)).toEqual(['broker-a'])
    clock.advance(110_000)
    expect(table.expire(clock.monotonic()).map((broker) => broker.brokerName)).toEqual(['broker-b'])
    expect(table.groups.size + table.living.size).toBe(0)
  })

  test('a heartbeat keeps a broker alive and one of a stranger does nothing', () => {
    const clock = new SteppedClock()
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), clock.monotonic())
    clock.advance(100_000)
    expect(table.heard(identity, 1, clock.monotonic())).toBeDefined()
    expect(table.heard({ ...identity, address: 'x:1' }, 1, clock.monotonic())).toBeUndefined()
    clock.advance(100_000)
    expect(table.expire(clock.monotonic())).toEqual([])
  })

  test('a lost connection takes its brokers along, but not one that has moved to another connection', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2'], { connectionId: 1 }), 0)
    table.register(registration(['t1', 't2'], { connectionId: 2 }), 0)
    expect(table.connectionLost(1)).toEqual([])
    expect(table.connectionLost(2)).toHaveLength(1)
    expect(table.groups.size).toBe(0)
  })

  test('unregistering needs the name, cluster, id and address under which a broker lives', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    for (const other of [{ brokerName: 'x' }, { clusterName: 'x' }, { address: 'x' }, { brokerId: 1 }]) {
      expect(table.unregister({ ...identity, brokerId: 0, ...other })).toBeUndefined()
    }
    expect(table.unregister({ ...identity, brokerId: 0 })).toBeDefined()
    expect(table.groups.size + table.living.size).toBe(0)
  })
})

describe('masters and slaves', () => {
  test('a slave is told its master and does not speak for topics', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    const outcome = table.register(registration(['t1', 't9'], { brokerId: 1, address: 's:1', counter: 9 }), 0)
    expect(outcome).toEqual({ kind: 'registered', master: { masterAddr: 'a:1', haServerAddr: 'a:2' } })
    expect(topicsOf(table)).toEqual(['t1', 't2'])
  })

  test('the smallest slave speaks for topics while there is no master, an older broker never does', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2'], { brokerId: 2, address: 's:2' }), 0)
    table.register(registration(['t3', 't4'], { brokerId: 3, address: 's:3' }), 0)
    expect(topicsOf(table)).toEqual(['t1', 't2'])
    const old = new RouteTable()
    old.register(registration(['t1', 't2'], { brokerId: 1, enableActingMaster: undefined }), 0)
    expect(topicsOf(old)).toEqual([])
  })

  test('a broker that comes with another address replaces the one that held its id', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    table.register(registration(['t1', 't2'], { address: 'a:9' }), 0)
    expect([...table.living.keys()]).toEqual(['a:9'])
    expect(table.register(registration(['t1', 't2']), 0)).toMatchObject({ replaced: { address: 'a:9' } })
    expect(table.register(registration(['t1', 't2']), 0)).toMatchObject({ replaced: undefined })
    table.register(registration(['t1', 't2'], { address: 'a:9' }), 0)
    expect(table.groups.get('broker-a')!.master!.address).toBe('a:9')
  })

  test('a newer state version keeps its id against an older one', () => {
    const table = new RouteTable()
    const dataVersion = { counter: 1, stateVersion: 9, timestamp: 1 }
    table.register(registration(['t1', 't2'], { dataVersion }), 0)
    const older = registration(['t1', 't2'], { address: 'a:9', dataVersion: { ...dataVersion, stateVersion: 3 } })
    expect(table.register(older, 0)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('a:1') })
    expect([...table.living.keys()]).toEqual(['a:1'])
  })

  test('a slave that became master leaves its old id', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    table.register(registration([], { brokerId: 1, address: 's:1' }), 0)
    table.unregister({ ...identity, brokerId: 0 })
    table.register(registration(['t1', 't2'], { brokerId: 0, address: 's:1' }), 0)
    expect([...table.groups.get('broker-a')!.members.keys()]).toEqual([0])
    expect(table.living.size).toBe(1)
  })

  test('a broker that changed its name or cluster leaves the old one', () => {
    const table = new RouteTable()
    table.register(registration(['t1', 't2']), 0)
    table.register(registration(['t1', 't2'], { brokerName: 'broker-b' }), 0)
    expect([...table.groups.keys()]).toEqual(['broker-b'])
    table.register(registration(['t3', 't4'], { brokerName: 'broker-b', clusterName: 'd' }), 0)
    expect(table.groups.get('broker-b')!.clusterName).toBe('d')
    expect(topicsOf(table, 'broker-b')).toEqual(['t3', 't4'])
  })

  test('with acting masters nobody writes while the master is away', () => {
    const table = new RouteTable()
    const acting = { enableActingMaster: true }
    table.register(registration(['t1', 't2'], acting), 0)
    table.register(registration(['t1', 't2'], { ...acting, brokerId: 1, address: 's:1' }), 0)
    table.unregister({ ...identity, brokerId: 0 })
    expect(permOf(table, 't1')).toBe(4)
    table.register(registration(['t1', 't2'], acting), 0)
    expect(permOf(table, 't1')).toBe(6)
  })

  test('a change of the smallest id is told once, with the broker that left', () => {
    const changes: [number | undefined, string | undefined][] = []
    const onSmallestBrokerChange = ({ group, left }: SmallestBrokerChange): void => {
      changes.push([group.smallestMember?.brokerId, left?.address])
    }
    const table = new RouteTable({ onSmallestBrokerChange })
    table.register(registration(['t1', 't2'], { brokerId: 1, address: 's:1' }), 0)
    table.register(registration(['t1', 't2'], { brokerId: 1, address: 's:1' }), 0)
    table.register(registration(['t1', 't2'], { brokerId: 2, address: 's:2' }), 0)
    table.register(registration(['t1', 't2']), 0)
    table.unregister({ ...identity, brokerId: 0 })
    expect(changes).toEqual([
      [1, undefined],
      [0, undefined],
      [1, 'a:1'],
    ])
  })
})
