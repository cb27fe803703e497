import { recordedLog, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  type ConsumerData,
  type Heartbeat,
  newSubscriptionGroupConfig,
  newTagSubscription,
  type SubscriptionGroupConfig,
} from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClientRegistry } from '../../src/clients/index.ts'
import { FakeLink } from './fake-link.ts'

function open(options: { notify?: boolean; groups?: SubscriptionGroupConfig[]; refuseGroups?: string[] } = {}) {
  const clock = new SteppedClock()
  const log = recordedLog()
  const known = new Map((options.groups ?? []).map((group) => [group.groupName, group]))
  const retryTopics: [string, number, number?][] = []
  const clients = new ClientRegistry({
    clock,
    log,
    groups: {
      get: (name) => known.get(name),
      find: (name) =>
        options.refuseGroups?.includes(name) ? undefined : (known.get(name) ?? newSubscriptionGroupConfig(name)),
    },
    topics: { ensureInternal: (topic, queueNums, sysFlag) => retryTopics.push([topic, queueNums, sysFlag]) },
    filters: { register: () => {}, unregister: () => {} },
    counters: { subscriptionsDiffer: () => {}, registered: () => {} },
    settings: () => ({
      notifyConsumerIdsChangedEnable: options.notify ?? true,
      channelExpiredTimeout: 120_000,
      enableLmq: false,
    }),
    groupsPerConnectionMax: 3,
  })
  clients.start()
  return { clients, clock, lines: log.lines, retryTopics }
}

function consumer(
  groupName: string,
  topics: [topic: string, version: number, tags?: string][],
  changes: Partial<ConsumerData> = {},
): ConsumerData {
  return {
    groupName,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    subscriptionDataSet: topics.map(([topic, version, tags]) => newTagSubscription(topic, tags ?? '*', version)),
    unitMode: false,
    ...changes,
  }
}

function beat(clients: ClientRegistry, link: FakeLink, clientID: string, changes: Partial<Heartbeat> = {}): boolean {
  const heartbeat: Heartbeat = {
    clientID,
    producerDataSet: [],
    consumerDataSet: [],
    heartbeatFingerprint: 0,
    withoutSub: false,
    ...changes,
  }
  return clients.heartbeat(heartbeat, { link, language: 'JAVA', version: 513 })
}

describe('a connection', () => {
  const producerDataSet = (...names: string[]) => names.map((groupName) => ({ groupName }))

  test('is in as many groups as it may be, and a heartbeat that names more is refused as a whole', () => {
    const { clients } = open()
    const link = new FakeLink()
    beat(clients, link, 'c', { producerDataSet: producerDataSet('p1', 'p2'), consumerDataSet: [consumer('g1', [])] })
    // The same groups once more are no further ones.
    beat(clients, link, 'c', { producerDataSet: producerDataSet('p1', 'p2'), consumerDataSet: [consumer('g1', [])] })
    const more = () => beat(clients, link, 'c', { producerDataSet: producerDataSet('p3') })
    expect(more).toThrow(/\[TOO_MANY_GROUPS\].*in 4 groups, and it may be in 3: spread/)
    expect(clients.producers.groups()).toEqual(['p1', 'p2'])
    beat(clients, new FakeLink(), 'other', { producerDataSet: producerDataSet('p3', 'p4', 'p5') })
    clients.unregister(link, { producerGroup: 'p1' })
    more()
    clients.connectionLost(link)
    beat(clients, link, 'c', { consumerDataSet: ['g1', 'g2', 'g3'].map((name) => consumer(name, [])) })
    expect(clients.consumers.counts().members).toBe(3)
  })
})

describe('members of a consumer group', () => {
  test('are told at once when one joins, itself included, and when subscriptions change', () => {
    const { clients } = open()
    const a = new FakeLink()
    const b = new FakeLink()
    beat(clients, a, 'A', { consumerDataSet: [consumer('g', [['T', 1]])] })
    expect(a.takeNotices()).toEqual(['g'])
    beat(clients, a, 'A', { consumerDataSet: [consumer('g', [['T', 1]])] })
    expect(a.takeNotices()).toEqual([])
    // A newer version of the same topic's subscription is nothing to divide anew for.
    beat(clients, a, 'A', { consumerDataSet: [consumer('g', [['T', 2, 'TagA']])] })
    expect(a.takeNotices()).toEqual([])
    beat(clients, b, 'B', { consumerDataSet: [consumer('g', [['T', 2, 'TagA']])] })
    expect([a.takeNotices(), b.takeNotices()]).toEqual([['g'], ['g']])
    beat(clients, b, 'B', { consumerDataSet: [consumer('g', [['U', 1]])] })
    expect([a.takeNotices(), b.takeNotices()]).toEqual([['g'], ['g']])
  })

  test('are told when one leaves or is lost', () => {
    const { clients } = open()
    const [a, b, c] = [new FakeLink(), new FakeLink(), new FakeLink()]
    for (const [link, id] of [
      [a, 'A'],
      [b, 'B'],
      [c, 'C'],
    ] as const) {
      beat(clients, link, id, { consumerDataSet: [consumer('g', [['T', 1]])] })
    }
    for (const link of [a, b, c]) link.takeNotices()
    clients.unregister(a, { consumerGroup: 'g' })
    expect([a.takeNotices(), b.takeNotices(), c.takeNotices()]).toEqual([[], ['g'], ['g']])
    clients.connectionLost(b)
    expect([b.takeNotices(), c.takeNotices()]).toEqual([[], ['g']])
    clients.connectionLost(c)
    expect(clients.consumers.get('g')).toBeUndefined()
  })

  test('are not told where the settings or the group do not want it, nor while they broadcast', () => {
    const quietGroup = newSubscriptionGroupConfig('quiet', { notifyConsumerIdsChangedEnable: false })
    const { clients } = open({ groups: [quietGroup] })
    const link = new FakeLink()
    beat(clients, link, 'A', { consumerDataSet: [consumer('quiet', [['T', 1]])] })
    beat(clients, link, 'A', { consumerDataSet: [consumer('b', [['T', 1]], { messageModel: 'BROADCASTING' })] })
    const silent = open({ notify: false })
    beat(silent.clients, link, 'A', { consumerDataSet: [consumer('g', [['T', 1]])] })
    expect(link.takeNotices()).toEqual([])
  })
})

test('members that differ in many topics are told of in few lines of the log', () => {
  const { clients, lines } = open()
  const topics = (tags: string) => Array.from({ length: 1000 }, (_, n): [string, number, string] => [`T${n}`, 1, tags])
  beat(clients, new FakeLink(), 'A', { consumerDataSet: [consumer('g', topics('x'))] })
  beat(clients, new FakeLink(), 'B', { consumerDataSet: [consumer('g', topics('y'))] })
  expect(clients.consumers.get('g')!.differences()).toHaveLength(1000)
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(10)
})

describe('a heartbeat', () => {
  test('decides about the group, and about its subscriptions unless they are older', () => {
    const { clients } = open()
    const [a, b] = [new FakeLink(), new FakeLink()]
    beat(clients, a, 'A', {
      consumerDataSet: [
        consumer('g', [
          ['T', 3, 'TagA'],
          ['U', 1],
        ]),
      ],
    })
    beat(clients, b, 'B', {
      consumerDataSet: [consumer('g', [['T', 1]], { consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' })],
    })
    const group = clients.consumers.get('g')!
    expect(group.consumeFromWhere).toBe('CONSUME_FROM_FIRST_OFFSET')
    expect([...group.subscriptions().keys()]).toEqual(['T'])
    expect(group.subscription('T')).toMatchObject({ subString: 'TagA', subVersion: 3 })
    expect(group.clientIds()).toEqual(['A', 'B'])
    expect(clients.consumers.groupsOf('T')).toEqual(['g'])
  })

  test('whose versions are beyond the numbers that are told apart is still taken over', () => {
    const { clients } = open()
    const link = new FakeLink()
    const version = Number.MAX_SAFE_INTEGER
    beat(clients, link, 'A', { consumerDataSet: [consumer('g', [['T', version, 'TagA']])] })
    beat(clients, link, 'A', { consumerDataSet: [consumer('g', [['T', version, 'TagB']])] })
    expect(clients.consumers.get('g')?.subscription('T')?.subString).toBe('TagB')
  })

  test('makes the retry topic with the queues that the group wants', () => {
    const { clients, retryTopics } = open({ groups: [newSubscriptionGroupConfig('g', { retryQueueNums: 3 })] })
    beat(clients, new FakeLink(), 'A', { consumerDataSet: [consumer('g', [], { unitMode: true })] })
    expect(retryTopics).toEqual([['%RETRY%g', 3, 2]])
  })

  test('leaves out groups that are not to be created', () => {
    const { clients } = open({ refuseGroups: ['no'] })
    const link = new FakeLink()
    beat(clients, link, 'A', { consumerDataSet: [consumer('no', [['T', 1]]), consumer('g', [['T', 1]])] })
    expect(clients.consumers.groups()).toEqual(['g'])
  })

  test('of the first version always counts as changed', () => {
    const { clients } = open()
    const link = new FakeLink()
    expect(beat(clients, link, 'A')).toBe(true)
    expect(beat(clients, link, 'A')).toBe(true)
  })

  test('of the second version counts as changed when its fingerprint is new to the connection', () => {
    const { clients } = open()
    const link = new FakeLink()
    const full = { consumerDataSet: [consumer('g', [['T', 1]])] }
    const short = { consumerDataSet: [consumer('g', [])], withoutSub: true }
    expect(beat(clients, link, 'A', { ...full, heartbeatFingerprint: 77 })).toBe(true)
    expect(beat(clients, link, 'A', { ...short, heartbeatFingerprint: 77 })).toBe(false)
    expect(clients.consumers.get('g')?.subscription('T')).toBeDefined()
    expect(beat(clients, link, 'A', { ...short, heartbeatFingerprint: 78 })).toBe(true)
    expect(beat(clients, link, 'A', { ...full, heartbeatFingerprint: 78 })).toBe(false)
    // A broker that started anew knows nothing of what is left out.
    expect(beat(open().clients, link, 'A', { ...short, heartbeatFingerprint: 78 })).toBe(true)
  })

  test('without subscriptions asks for them when there are none yet', () => {
    const { clients } = open()
    const link = new FakeLink()
    beat(clients, link, 'A', { heartbeatFingerprint: 5 })
    const short = { consumerDataSet: [consumer('new', [])], withoutSub: true, heartbeatFingerprint: 5 }
    expect(beat(clients, link, 'A', short)).toBe(true)
  })
})

describe('a client', () => {
  test('that is silent for two minutes is dropped, and its connection with it', () => {
    const { clients, clock, lines } = open()
    const [a, b] = [new FakeLink(), new FakeLink()]
    beat(clients, a, 'A', { consumerDataSet: [consumer('g', [['T', 1]])], producerDataSet: [{ groupName: 'p' }] })
    beat(clients, b, 'B', { consumerDataSet: [consumer('g', [['T', 1]])] })
    clock.advance(110_000)
    beat(clients, b, 'B', { consumerDataSet: [consumer('g', [['T', 1]])] })
    b.takeNotices()
    clock.advance(20_000)
    expect([a.isClosed, b.isClosed]).toEqual([true, false])
    expect(clients.consumers.get('g')?.clientIds()).toEqual(['B'])
    expect(clients.producers.clients('p')).toEqual([])
    expect(b.takeNotices()).toEqual(['g'])
    expect(lines.filter(({ level }) => level !== 'info').map(({ level }) => level)).toEqual(['warn'])
    const left = lines.filter(({ message }) => /left a group/.test(message))
    expect(left).toHaveLength(2)
  })

  test('is told of in the log when it comes and goes, but a flood of clients by a few lines', () => {
    const { clients, clock, lines } = open()
    for (let count = 0; count < 1000; count++) {
      const link = new FakeLink()
      beat(clients, link, `A${count}`, { producerDataSet: [{ groupName: 'p' }] })
      clients.connectionLost(link)
    }
    expect(lines.filter(({ message }) => /joined/.test(message))).toHaveLength(200)
    expect(lines.filter(({ message }) => /left a group/.test(message))).toHaveLength(200)
    clock.advance(10_000)
    expect(lines.slice(400).map(({ fields }) => fields)).toMatchObject([
      { kind: 'producer joined', leftOut: 800 },
      { kind: 'producer left', leftOut: 800 },
    ])
  })

  test('that is silent for one of its groups keeps its connection', () => {
    const { clients, clock } = open()
    const link = new FakeLink()
    beat(clients, link, 'A', { producerDataSet: [{ groupName: 'p' }, { groupName: 'q' }] })
    clock.advance(110_000)
    beat(clients, link, 'A', { producerDataSet: [{ groupName: 'q' }] })
    clock.advance(20_000)
    expect(link.isClosed).toBe(false)
    expect(clients.producers.groups()).toEqual(['q'])
  })

  test('is found by its id while it is connected', () => {
    const { clients } = open()
    const link = new FakeLink()
    beat(clients, link, 'A', { producerDataSet: [{ groupName: 'p' }] })
    expect(clients.connectionsOf('A')).toEqual([link])
    expect(clients.connectionsOf('B')).toEqual([])
    link.isClosed = true
    expect(clients.connectionsOf('A')).toEqual([])
  })

  test('leaves the groups of its connection, whatever it calls itself', () => {
    const { clients } = open()
    const [a, b] = [new FakeLink(), new FakeLink()]
    beat(clients, a, 'A', { producerDataSet: [{ groupName: 'p' }] })
    beat(clients, b, 'B', { producerDataSet: [{ groupName: 'p' }] })
    clients.unregister(a, { producerGroup: 'p', consumerGroup: 'none' })
    expect(clients.producers.clients('p').map(({ clientId }) => clientId)).toEqual(['B'])
  })
})

test('a group has the members whose connections beat and did not leave, in any order of events', () => {
  const step = fc.record({
    who: fc.nat(3),
    group: fc.constantFrom('g', 'h'),
    kind: fc.constantFrom('beat', 'leave', 'lose'),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { clients } = open()
      const links = [0, 1, 2, 3].map(() => new FakeLink())
      const expected = new Map<string, Set<number>>([
        ['g', new Set()],
        ['h', new Set()],
      ])
      for (const { who, group, kind } of steps) {
        const link = links[who]!
        if (kind === 'beat') {
          beat(clients, link, `c${who}`, { consumerDataSet: [consumer(group, [['T', 1]])] })
          expected.get(group)!.add(who)
        } else if (kind === 'leave') {
          clients.unregister(link, { consumerGroup: group })
          expected.get(group)!.delete(who)
        } else {
          clients.connectionLost(link)
          for (const members of expected.values()) members.delete(who)
        }
      }
      for (const [group, members] of expected) {
        const ids = clients.consumers.get(group)?.clientIds() ?? []
        expect(ids.sort()).toEqual([...members].map((who) => `c${who}`).sort())
      }
    }),
  )
})
