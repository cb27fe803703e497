import { Admin, Consumer, Producer } from '@rocketmq-ts/client'
import { nodeClock, nodeNetwork } from '@rocketmq-ts/platform'
import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import type { BrokerStatus } from '../src/commands/broker-status.ts'
import { diagnose } from '../src/doctor/diagnose.ts'
import type { BrokerFacts, Facts, GroupFacts } from '../src/doctor/facts.ts'
import { hostOf, open, run, startCluster, type TestHost } from './cli-kit.ts'

const healthy: Facts = { nowMs: 1e12, nameServers: [], brokers: [], groups: [], topics: [], deadLetters: [] }
const status: BrokerStatus = {
  version: '5.5.0',
  inRate: 0,
  outRate: 0,
  messagesToday: 0,
  diskUsed: 0.5,
  startedAt: 0,
  queueSize: 0,
}
const broker: BrokerFacts = {
  broker: 'a',
  cluster: 'c',
  id: 0,
  address: '10.0.0.1:10911',
  status,
  table: new Map(),
  error: undefined,
  clockAheadMs: 0,
}
const group: GroupFacts = { group: 'g', connections: [], subscriptions: [], before: [], after: [] }
const member = { clientId: 'm', address: '10.0.0.2:1', language: 'JAVA', version: 0, broker: 'a' }
const progress = (groupOffset: number, endOffset: number, lastDoneTimestamp: number | undefined) => ({
  queue: { topic: 't', broker: 'a', queueId: 0 },
  groupOffset,
  endOffset,
  lag: endOffset - groupOffset,
  deliveredOffset: undefined,
  lastDoneTimestamp,
})
const view = (address: string, brokers: Record<string, string> | undefined) => ({
  address,
  brokers:
    brokers && Object.entries(brokers).map(([name, at]) => ({ name, cluster: 'c', addresses: new Map([[0, at]]) })),
  error: undefined,
})
const faultsOf = (facts: Partial<Facts>) => diagnose({ ...healthy, ...facts }).map(({ fault }) => fault)

describe('what is judged by facts', () => {
  test('a healthy cluster has nothing', () => {
    const brokers = [broker, { ...broker, broker: 'b', address: '10.0.0.2:10911' }]
    const views = ['n1', 'n2'].map((at) => view(at, { a: '10.0.0.1:10911', b: '10.0.0.2:10911' }))
    const groups = [
      { ...group, connections: [member], before: [progress(1, 5, 0)], after: [progress(2, 5, 0)] },
      { ...group, before: [progress(5, 5, 0)], after: [progress(5, 5, 0)] },
    ]
    const topics = [{ topic: 't', messages: 0, groups: [] }]
    const deadLetters = [{ group: 'g', letters: 3, lastStoredMs: healthy.nowMs - 7_200_000 }]
    expect(faultsOf({ brokers, nameServers: views, groups, topics, deadLetters })).toEqual([])
  })

  test.each([
    [[view('n', undefined)], ['name-server-unreachable']],
    [[view('n', {})], ['no-brokers']],
    [[view('n1', { a: 'x:1', b: 'y:1' }), view('n2', { a: 'x:1' })], ['name-servers-disagree']],
    [[view('n1', { a: 'x:1' }), view('n2', { a: 'x:1', b: 'y:1' })], ['name-servers-disagree']],
    [[view('n1', { a: 'x:1' }), view('n2', { a: 'z:1' })], ['brokers-of-one-name']],
  ])('name servers %#', (nameServers, faults) => {
    expect(faultsOf({ nameServers })).toEqual(faults)
  })

  test.each<[Partial<BrokerFacts>, string[]]>([
    [{ status: undefined }, ['broker-unreachable']],
    [{ clockAheadMs: 6000 }, ['clock-skew']],
    [{ clockAheadMs: -6000 }, ['clock-skew']],
    [{ clockAheadMs: 5000 }, []],
    [{ clockAheadMs: undefined }, []],
    [{ status: { ...status, diskUsed: 0.75 } }, ['disk-full']],
    [{ status: { ...status, diskUsed: 0.749 } }, []],
  ])('a broker with %j', (changes, faults) => {
    expect(faultsOf({ brokers: [{ ...broker, ...changes }] })).toEqual(faults)
  })

  test('a disk over nine tenths is an error', () => {
    const of = (diskUsed: number) => diagnose({ ...healthy, brokers: [{ ...broker, status: { ...status, diskUsed } }] })
    expect([of(0.89)[0]!.severity, of(0.9)[0]!.severity]).toEqual(['warning', 'error'])
  })

  test('a loopback address that far clients are told has its own advice', () => {
    const brokers = [{ ...broker, address: '127.0.0.1:10911', status: undefined }]
    const [far] = diagnose({ ...healthy, brokers, nameServers: [view('10.0.0.9:9876', { a: '127.0.0.1:10911' })] })
    expect(far!.advice).toContain('set brokerIP1')
    const [near] = diagnose({ ...healthy, brokers, nameServers: [view('127.0.0.1:9876', { a: '127.0.0.1:10911' })] })
    expect(near!.advice).not.toContain('set brokerIP1')
  })

  test('two brokers at one address are found', () => {
    expect(faultsOf({ brokers: [broker, { ...broker, broker: 'b' }] })).toEqual(['brokers-at-one-address'])
  })

  test('a group is judged by members and progress', () => {
    const old = healthy.nowMs - 120_000
    const twice = [member, { ...member, address: '10.0.0.3:1' }]
    const cases: [Partial<GroupFacts>, string[]][] = [
      [{ after: [progress(0, 5, undefined)] }, ['group-without-members']],
      [
        { connections: [member], before: [progress(1, 5, old)], after: [progress(1, 5, old)] },
        ['group-without-progress'],
      ],
      // It has just begun to lag.
      [{ connections: [member], before: [progress(5, 5, old)], after: [progress(5, 6, old)] }, []],
      [{ connections: [member], before: [progress(1, 5, old)], after: [progress(1, 5, healthy.nowMs)] }, []],
      [{ connections: twice }, ['duplicate-client-id']],
      // One client at two brokers.
      [{ connections: [member, { ...member, broker: 'b', address: '10.0.0.2:2' }] }, []],
    ]
    for (const [changes, faults] of cases) expect(faultsOf({ groups: [{ ...group, ...changes }] })).toEqual(faults)
  })

  test('subscriptions are alike in whatever order their tags stand', () => {
    const subscriptions = (one: string, other: string): GroupFacts['subscriptions'] => [
      { clientId: 'm1', filters: { t: one, '%RETRY%g': '*' } },
      { clientId: 'm2', filters: { t: other } },
    ]
    expect(faultsOf({ groups: [{ ...group, subscriptions: subscriptions('a || b', 'b||a') }] })).toEqual([])
    expect(faultsOf({ groups: [{ ...group, subscriptions: subscriptions('a', 'b') }] })).toEqual([
      'subscriptions-disagree',
    ])
  })
})

const doctor = async (host: TestHost) => {
  const { stdout, exitCode } = await run(host, 'doctor', '--json', '--wait', '10ms')
  return { findings: JSON.parse(stdout) as { fault: string; cause: string; subject: string }[], exitCode }
}

describe('doctor', () => {
  test('finds nothing wrong with a cluster that is well', async () => {
    const mq = await startCluster()
    const outcome = await run(hostOf(mq), 'doctor', '--wait', '10ms')
    expect(outcome).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'Nothing is wrong; looked at 1 name server, 1 broker and 0 groups.\n',
    })
  })

  test('tells of a name server that is gone', async () => {
    const { findings, exitCode } = await doctor(hostOf({ nameServers: '127.0.0.1:1' }))
    expect(exitCode).toBe(1)
    expect(findings).toMatchObject([{ fault: 'name-server-unreachable', subject: '127.0.0.1:1' }])
  })

  test('tells of name servers that disagree, and of brokers of one name', async () => {
    const [one, other] = [await startCluster(), await startCluster({ brokerName: 'other' })]
    const both = await doctor(hostOf({ nameServers: `${one.nameServers};${other.nameServers}` }))
    expect(both.findings.map(({ fault }) => fault)).toContain('name-servers-disagree')
    const same = await startCluster()
    const twins = await doctor(hostOf({ nameServers: `${one.nameServers};${same.nameServers}` }))
    expect(twins.findings).toMatchObject([{ fault: 'brokers-of-one-name', subject: 'broker' }])
  })

  test('tells of a broker that is gone from its name server, and of one that does not answer', async () => {
    const mq = await startCluster()
    const heal = mq.partition()
    const silent = await doctor(hostOf(mq, { environment: { ROCKETMQ_TIMEOUT: '3s' } }))
    heal()
    expect(silent).toMatchObject({ exitCode: 1, findings: [{ fault: 'broker-unreachable', subject: 'broker' }] })
    await mq.kill()
    await expect.poll(() => doctor(hostOf(mq))).toMatchObject({ findings: [{ fault: 'no-brokers' }] })
  })

  test('tells of a clock that is ahead', async () => {
    const mq = await startCluster()
    await mq.advance('10m')
    const { findings, exitCode } = await doctor(hostOf(mq))
    expect(exitCode).toBe(0)
    expect(findings).toMatchObject([{ fault: 'clock-skew' }])
    expect(findings[0]!.cause).toMatch(/(9m59s|10m) ahead/)
  })

  test('tells of topics, groups and dead letters that nobody looks after', async () => {
    const mq = await startCluster()
    for (const name of ['lonely', 'orders']) await mq.topic(name, { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    for (const topic of ['lonely', 'orders', '%DLQ%mailer']) await producer.send({ topic, body: 'x' })
    const admin = open(new Admin({ nameServers: mq.nameServers }))
    await admin.createGroup('mailer')
    await admin.resetOffsets('mailer', 'orders', 'earliest')
    const { findings, exitCode } = await doctor(hostOf(mq))
    expect(exitCode).toBe(0)
    expect(findings.map(({ fault, subject }) => [fault, subject])).toEqual([
      ['group-without-members', 'mailer'],
      ['dead-letters-grow', 'mailer'],
      ['topic-without-consumers', 'lonely'],
    ])
    const shown = await run(hostOf(mq), 'doctor', '--wait', '10ms')
    expect(shown.stdout).toMatch(
      /warning: lonely \(topic-without-consumers\)\n {2}cause: 1 messages are in it.*\n {2}to do: start its/,
    )
  })

  test('tells of members that subscribe differently, and of ids that are taken twice', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const common = { nameServers: mq.nameServers, handler: () => {} }
    for (const filter of ['new', 'paid']) {
      await open(new Consumer({ ...common, group: 'mailer', topics: { orders: filter } })).start()
    }
    for (let n = 0; n < 2; n++) {
      // The same chance gives the same id.
      const runtime = { network: nodeNetwork, clock: nodeClock, random: new SeededRandom(1), processId: 1 }
      await open(new Consumer({ ...common, group: 'twins', topics: 'orders', runtime })).start()
    }
    const { findings, exitCode } = await doctor(hostOf(mq))
    expect(exitCode).toBe(1)
    expect(findings.map(({ fault }) => fault)).toEqual(['duplicate-client-id', 'subscriptions-disagree'])
    expect(findings[1]!.cause).toMatch(/orders \(new\).*orders \(paid\)|orders \(paid\).*orders \(new\)/)
  })

  test('tells of members that do not get on', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send(['a', 'b'].map((body) => ({ topic: 'orders', body })))
    const begun = Promise.withResolvers<void>()
    const handler = async () => {
      begun.resolve()
      await new Promise<void>(() => {})
    }
    const options = { group: 'stuck', topics: 'orders', from: 'earliest', handler, closeTimeoutMs: 10 } as const
    await open(new Consumer({ nameServers: mq.nameServers, ...options })).start()
    await begun.promise
    // The group has an offset once it was stored for the first time.
    await expect
      .poll(async () => (await doctor(hostOf(mq))).findings)
      .toMatchObject([{ fault: 'group-without-progress', subject: 'stuck', cause: expect.stringContaining('orders') }])
  })

  test('tells of an address that clients are told and at which nobody answers', async () => {
    // Nobody listens at it, although it is this machine's.
    const mq = await startCluster({ brokerIP1: '127.0.0.99' })
    const { findings, exitCode } = await doctor(hostOf(mq, { environment: { ROCKETMQ_TIMEOUT: '2s' } }))
    expect(exitCode).toBe(1)
    expect(findings).toMatchObject([{ fault: 'broker-unreachable', subject: 'broker' }])
    expect(findings[0]!.cause).toContain('127.0.0.99')
  })
})
