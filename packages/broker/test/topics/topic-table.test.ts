import fs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { FileSystem } from '@rocketmq-ts/platform'
import { CrashableFileSystem, FaultyFileSystem, SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { newDataVersion, newTopicConfig, ProtocolError, parseJson, topicConfigTableBody } from '@rocketmq-ts/protocol'
import type { FlushMode } from '@rocketmq-ts/storage'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { TopicTable, type TopicUpdate } from '../../src/topics/index.ts'
import { countedAt, keptAt, recordingLog, settle } from '../kept/config-kit.ts'

const defaults = {
  autoCreateTopicEnable: true,
  defaultTopicQueueNums: 8,
  clusterTopicEnable: true,
  brokerTopicEnable: true,
  traceTopicEnable: false,
  enableMixedMessageType: false,
  msgTraceTopicName: 'RMQ_SYS_TRACE_TOPIC',
  reviveQueueNum: 8,
  flushDiskType: 'ASYNC_FLUSH' as FlushMode,
  enableLmq: false,
}

function open(path: string, changes: Partial<typeof defaults> = {}) {
  const clock = new SteppedClock()
  const { log, lines, fields } = recordingLog()
  const { config, writes } = countedAt(path, clock, log)
  const settings = { ...defaults, ...changes }
  const topics = new TopicTable({
    config,
    clusterName: 'DefaultCluster',
    brokerName: 'broker-a',
    settings: () => settings,
  })
  return { clock, lines, fields, topics, writes, settings }
}

/** On a disk in memory, where a process that died writes nothing any more. */
function openOn(disk: FileSystem, flushDiskType: FlushMode = 'ASYNC_FLUSH') {
  const clock = new SteppedClock()
  const path = '/config/topics.json'
  const topics = new TopicTable({
    config: keptAt(path, { clock, disk }),
    clusterName: 'DefaultCluster',
    brokerName: 'broker-a',
    settings: () => ({ ...defaults, flushDiskType }),
  })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settle(clock)
  }
  return { topics, pass, clock }
}

function newDisk(): CrashableFileSystem {
  const disk = new CrashableFileSystem()
  disk.makeFolder('/config')
  disk.syncFolder('/')
  return disk
}

function update(topicName: string, changes: Partial<TopicUpdate> = {}): TopicUpdate {
  const { attributes: _, ...config } = newTopicConfig(topicName, { readQueueNums: 4, writeQueueNums: 4 })
  return { ...config, attributeChanges: new Map(), ...changes }
}

function refusal(action: () => unknown): [code: number, remark: string] {
  try {
    action()
  } catch (error) {
    if (error instanceof ProtocolError) return [error.code, error.message]
    throw error
  }
  throw new Error('it was accepted')
}

describe('the topics of a fresh broker', () => {
  test('are those of the official broker, with its permissions and queues', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    const rows = [...topics.list().values()].map((topic) => [
      topic.topicName,
      topic.perm,
      topic.readQueueNums,
      topic.writeQueueNums,
    ])
    // The body of the first REGISTER_BROKER of an official broker 5.5.0.
    expect(rows.sort()).toEqual(
      [
        ['RMQ_SYS_TRANS_HALF_TOPIC', 6, 1, 1],
        ['BenchmarkTest', 6, 1024, 1024],
        ['OFFSET_MOVED_EVENT', 6, 1, 1],
        ['TBW102', 7, 8, 8],
        ['RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC', 6, 1, 1],
        ['rmq_sys_REVIVE_LOG_DefaultCluster', 6, 8, 8],
        ['SELF_TEST_TOPIC', 6, 1, 1],
        ['DefaultCluster', 7, 16, 16],
        ['SCHEDULE_TOPIC_XXXX', 6, 18, 18],
        ['DefaultCluster_REPLY_TOPIC', 6, 1, 1],
        ['rmq_sys_wheel_timer', 6, 1, 1],
        ['rmq_sys_SYNC_BROKER_MEMBER_broker-a', 1, 1, 1],
        ['RMQ_SYS_TRANS_OP_HALF_TOPIC', 6, 1, 1],
        ['RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC', 6, 1, 1],
        ['broker-a', 7, 1, 1],
      ].sort(),
    )
    expect(topics.dataVersion).toMatchObject({ counter: 0, stateVersion: 0 })
  })

  test('have no default topic when topics are not created by messages', () => {
    using folder = temporaryFolder()
    const { topics, settings } = open(`${folder.path}/topics.json`, { autoCreateTopicEnable: false })
    expect(topics.get('TBW102')).toBeUndefined()
    settings.autoCreateTopicEnable = true
    settings.defaultTopicQueueNums = 3
    topics.settingsChanged(['autoCreateTopicEnable'])
    expect(topics.get('TBW102')).toMatchObject({ perm: 7, readQueueNums: 3 })
    settings.autoCreateTopicEnable = false
    topics.settingsChanged(['autoCreateTopicEnable'])
    expect(topics.get('TBW102')).toBeUndefined()
  })
})

describe('an administrator', () => {
  test.each([
    ['', 'The specified topic is blank.'],
    ['a b', 'The specified topic: a b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$'],
    ['TBW102', 'The topic[TBW102] is conflict with system topic.'],
    ['rmq_sys_foo', 'The topic[rmq_sys_foo] is conflict with system topic.'],
    ['DefaultCluster', 'The topic[DefaultCluster] is conflict with system topic.'],
    ['x'.repeat(128), `The specified topic: ${'x'.repeat(128)}, is longer than topic max length: 127`],
  ])('cannot create the topic "%s"', (name, remark) => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    expect(refusal(() => topics.update([update(name)]))).toEqual([29, remark])
  })

  test('creates all of several topics or none', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    expect(refusal(() => topics.update([update('L1'), update('a b')]))[0]).toBe(29)
    expect(
      refusal(() => topics.update([update('L1'), update('L2', { attributeChanges: new Map([['+x', '1']]) })]))[0],
    ).toBe(1)
    expect(topics.get('L1')).toBeUndefined()
    topics.update([update('L1'), update('L2')])
    expect([topics.get('L1')?.readQueueNums, topics.get('L2')?.readQueueNums]).toEqual([4, 4])
  })

  test('cannot make a topic of lite topics without light queues, alone or in a list', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    const attributeChanges = new Map([['+message.type', 'LITE']])
    const refused = [29, 'LITE message type is not supported: set enableLmq of the broker']
    expect(refusal(() => topics.update([update('T1', { attributeChanges })]))).toEqual(refused)
    expect(refusal(() => topics.update([update('T2'), update('T3', { attributeChanges })]))).toEqual(refused)
    expect(['T1', 'T2', 'T3'].map((name) => topics.get(name))).toEqual([undefined, undefined, undefined])
  })

  test('is warned once of all topics of its file and journal that are of such a kind', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/topics.json`
    const kinds = ['TRANSACTION', 'FIFO', 'LITE']
    const topicConfigTable = new Map(
      kinds.map((kind) => [kind, newTopicConfig(kind, { attributes: new Map([['message.type', kind]]) })]),
    )
    fs.writeFileSync(path, topicConfigTableBody.encode({ dataVersion: newDataVersion(0), topicConfigTable }))
    const { lines, fields, topics } = open(path)
    const message = 'topics of the type LITE have no lite topics while the broker has no light queues: set enableLmq'
    expect(lines).toEqual([{ level: 'warn', message }])
    const named = ['LITE']
    expect(fields).toEqual([{ topics: named, count: 1 }])
    topics.update([update('LITE')])
    expect(topics.get('LITE')?.attributes.get('message.type')).toBe('LITE')
  })

  test('raises the version by a change and not by the same again', () => {
    using folder = temporaryFolder()
    const { topics, clock } = open(`${folder.path}/topics.json`)
    topics.update([update('T1')])
    expect(topics.dataVersion).toEqual({ counter: 1, stateVersion: 0, timestamp: clock.now() })
    clock.advance(10)
    topics.update([update('T1')])
    expect(topics.dataVersion.counter).toBe(1)
    topics.update([update('T1', { order: true })])
    expect(topics.dataVersion).toEqual({ counter: 2, stateVersion: 0, timestamp: clock.now() })
  })

  test('cannot give a topic a number of queues that none can have', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    for (const readQueueNums of [-1, 2 ** 31 - 1]) {
      expect(refusal(() => topics.update([update('T1', { readQueueNums })]))[0]).toBe(29)
    }
  })

  test('deletes topics of users and not those of the system', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    topics.update([update('T1')])
    expect(topics.delete('T1')).toBe(true)
    expect(topics.delete('T1')).toBe(false)
    expect(refusal(() => topics.delete('SELF_TEST_TOPIC'))[0]).toBe(29)
    expect(topics.dataVersion.counter).toBe(2)
  })
})

describe('a topic that a message creates', () => {
  test("has as many queues as asked for, at most the default topic's, and does not inherit", () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    expect(topics.autoCreate('a1', 'TBW102', 4)).toMatchObject({ readQueueNums: 4, writeQueueNums: 4, perm: 6 })
    expect(topics.autoCreate('a2', 'TBW102', 100)).toMatchObject({ readQueueNums: 8, writeQueueNums: 8, perm: 6 })
    expect(topics.autoCreate('a3', 'broker-a', 4)).toMatchObject({ readQueueNums: 1, perm: 6 })
    expect(topics.autoCreate('a4', 'a1', 4)).toBeUndefined()
    expect(topics.autoCreate('a5', 'missing', 4)).toBeUndefined()
    expect(topics.get('a4')).toBeUndefined()
  })

  test('is not made while autoCreateTopicEnable is off', () => {
    using folder = temporaryFolder()
    const { topics, settings } = open(`${folder.path}/topics.json`)
    settings.autoCreateTopicEnable = false
    expect(topics.autoCreate('a1', 'TBW102', 4)).toBeUndefined()
  })

  test('is refused where only the system sends, and where the name is malformed', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    expect(refusal(() => topics.checkSendable('SCHEDULE_TOPIC_XXXX'))).toEqual([
      16,
      'Sending message to topic[SCHEDULE_TOPIC_XXXX] is forbidden.',
    ])
    expect(refusal(() => topics.checkSendable('a b'))[0]).toBe(29)
    expect(topics.checkSendable('TBW102')?.config).toBe(topics.get('TBW102'))
    expect(topics.checkSendable(`%RETRY%${'g'.repeat(200)}`)).toBeUndefined()
  })

  test('is the same object for those who send until it changes or goes', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    topics.autoCreate('a', 'TBW102', 4)
    const first = topics.checkSendable('a')
    expect(first).toMatchObject({ topic: 'a', config: topics.get('a') })
    expect(topics.checkSendable('a')).toBe(first)
    topics.update([update('a', { writeQueueNums: 2 })])
    const second = topics.checkSendable('a')
    expect(second?.config.writeQueueNums).toBe(2)
    expect(second).not.toBe(first)
    topics.delete('a')
    expect(topics.checkSendable('a')).toBeUndefined()
  })

  test('for a retry or dead letter has the queues it needs and both permissions', () => {
    using folder = temporaryFolder()
    const { topics } = open(`${folder.path}/topics.json`)
    expect(topics.ensureInternal('%RETRY%g', 2)).toMatchObject({ readQueueNums: 2, writeQueueNums: 2, perm: 6 })
    expect(topics.ensureInternal('%DLQ%g', 0)).toMatchObject({ readQueueNums: 1, perm: 6 })
    expect(topics.ensureInternal('%RETRY%g', 5).readQueueNums).toBe(2)
  })
})

describe('config/topics.json', () => {
  test('holds what an administrator was told is done, a moment later and in the official form', async () => {
    const disk = newDisk()
    const { topics, pass } = openOn(disk)
    topics.update([update('T1', { attributeChanges: new Map([['+message.type', 'FIFO']]) })])
    await pass(1)
    const text = disk.readFile('/config/topics.json')!.toString()
    expect(text).toContain(
      '\n\t\t"T1":{\n\t\t\t"attributes":{\n\t\t\t\t"message.type":"FIFO"\n\t\t\t},\n\t\t\t"order":false,',
    )
    expect(topicConfigTableBody.parse(text).dataVersion).toEqual(topics.dataVersion)
  })

  test('is read by the next start, over what a fresh broker has', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/topics.json`
    const { topics } = open(path)
    topics.update([update('T1')])
    topics.autoCreate('auto', 'TBW102', 2)
    topics.close()
    const again = open(path, { defaultTopicQueueNums: 5 }).topics
    expect(again.get('T1')).toEqual(topics.get('T1'))
    expect(again.get('auto')?.readQueueNums).toBe(2)
    expect(again.get('TBW102')?.readQueueNums).toBe(5)
    expect(again.dataVersion).toEqual(topics.dataVersion)
  })

  test('that is damaged is replaced by the copy before its last change, with a warning', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/topics.json`
    const { topics } = open(path)
    topics.update([update('T1')])
    topics.close()
    const { topics: next } = open(path)
    next.update([update('T2')])
    next.close()
    fs.writeFileSync(path, '{"topicConfigTable":')
    const again = open(path)
    expect([again.topics.get('T1') !== undefined, again.topics.get('T2') !== undefined]).toEqual([true, false])
    expect(again.lines.map(({ level }) => level)).toEqual(['warn'])
  })

  test('is written a few times for 10,000 topics, and holds them all in the end', async () => {
    const disk = newDisk()
    const rename = vi.spyOn(disk, 'rename')
    const { topics, pass } = openOn(disk)
    for (let index = 0; index < 10_000; index++) {
      topics.update([update(`T${index}`)])
      if (index % 10 === 0) await pass(1)
    }
    topics.close()
    const writes = rename.mock.calls.filter(([, to]) => to === '/config/topics.json').length
    expect(writes).toBeGreaterThan(2)
    expect(writes).toBeLessThan(20)
    const table = parseJson(disk.readFile('/config/topics.json')!.toString()) as { topicConfigTable: object }
    expect(Object.keys(table.topicConfigTable)).toHaveLength(10_015)
  })

  test('holds the same topics as the table, whatever was done', () => {
    using folder = temporaryFolder()
    const name = fc.constantFrom('A', 'B', 'C', '%RETRY%g')
    const step = fc.oneof(
      fc.record({ kind: fc.constant('update'), name, queues: fc.nat(5), waitMs: fc.nat(300) }),
      fc.record({ kind: fc.constant('auto'), name, queues: fc.nat(5), waitMs: fc.nat(300) }),
      fc.record({ kind: fc.constant('delete'), name, queues: fc.nat(5), waitMs: fc.nat(300) }),
    )
    let run = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const path = `${folder.path}/topics-${run++}.json`
        const { topics, clock } = open(path)
        let changes = 0
        topics.onChange(() => changes++)
        for (const { kind, name: topic, queues, waitMs } of steps) {
          if (kind === 'update') topics.update([update(topic, { readQueueNums: queues })])
          else if (kind === 'auto') topics.autoCreate(topic, 'TBW102', queues)
          else topics.delete(topic)
          clock.advance(waitMs)
        }
        topics.close()
        expect(topics.dataVersion.counter).toBe(changes)
        const again = open(path).topics
        expect(new Map([...again.list()].sort())).toEqual(new Map([...topics.list()].sort()))
      }),
      { numRuns: 30 },
    )
  })
})

test('listeners are told the topics that changed, and ordered topics are marked', () => {
  using folder = temporaryFolder()
  const { topics } = open(`${folder.path}/topics.json`)
  const told: string[][] = []
  topics.onChange((names) => told.push([...names]))
  topics.update([update('T1'), update('T2', { order: true })])
  topics.autoCreate('T3', 'TBW102', 1)
  topics.setOrdered(new Set(['T1', 'None']))
  topics.setOrdered(new Set(['T1']))
  topics.delete('T3')
  topics.setOrdered(new Set())
  expect(told).toEqual([['T1', 'T2'], ['T3'], ['T1'], ['T3']])
  expect([topics.get('T1')?.order, topics.get('T2')?.order]).toEqual([true, true])
})

describe('a topic that was made or changed', () => {
  test('is there after the process died, also when the file was not written since', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/topics.json`
    const { topics } = open(path)
    topics.update([update('First', { writeQueueNums: 3 })])
    // Closely behind the write of the first: these wait for the next write.
    topics.update([update('Second', { writeQueueNums: 4 })])
    topics.autoCreate('Third', 'TBW102', 5)
    topics.delete('First')
    const { topics: again } = open(path)
    expect(again.get('First')).toBeUndefined()
    expect(again.get('Second')).toEqual(topics.get('Second'))
    expect(again.get('Third')).toEqual(topics.get('Third'))
    expect(again.dataVersion).toEqual(topics.dataVersion)
  })

  test('is there after a power failure once it is confirmed with ASYNC_FLUSH, when it came alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const disk = newDisk()
        const { topics, pass } = openOn(disk)
        topics.update([update('First')])
        await topics.confirmed()
        await pass(200)
        topics.update([update('Later')])
        await topics.confirmed()
        // It comes too soon to be synced at once.
        topics.update([update('Soon_after')])
        await topics.confirmed()
        disk.crash(seed)
        expect(openOn(disk).topics.get('Later')).toBeDefined()
      }),
    )
  })

  test('is there after a power failure once it is confirmed with SYNC_FLUSH, however many come at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 20 }), async (seed, count) => {
        const disk = newDisk()
        const { topics } = openOn(disk, 'SYNC_FLUSH')
        const securing = Array.from({ length: count }, (_, index) => {
          topics.update([update(`T${index}`, { writeQueueNums: 3 })])
          return topics.confirmed()
        })
        await Promise.all(securing)
        expect(topics.isSecured).toBe(true)
        topics.autoCreate('auto', 'TBW102', 5)
        expect(topics.isSecured).toBe(false)
        disk.crash(seed)
        const again = openOn(disk).topics
        for (let index = 0; index < count; index++) expect(again.get(`T${index}`)?.writeQueueNums).toBe(3)
      }),
    )
  })

  test('is secured by its file when its line could not be written, and not when that cannot be written either', async () => {
    const disk = new FaultyFileSystem(newDisk())
    const { topics, pass } = openOn(disk)
    const full = disk.add({ operation: 'write', kind: 'no-space', label: 'full', count: Number.POSITIVE_INFINITY })
    topics.update([update('First')])
    const refused = expect(topics.secured()).rejects.toThrow(/ENOSPC/)
    for (let attempt = 0; attempt < 5; attempt++) await pass(200)
    await refused
    full.remove()
    const securing = topics.secured()
    for (let attempt = 0; attempt < 5; attempt++) await pass(200)
    await securing
    expect(openOn(disk).topics.get('First')).toBeDefined()
  })

  const changeStep = fc.record({
    kind: fc.constantFrom('update', 'auto', 'delete', 'wait', 'die', 'fail'),
    name: fc.constantFrom('A', 'B', 'C'),
    queues: fc.integer({ min: 1, max: 8 }),
    waitMs: fc.constantFrom(1, 50, 1000),
    seed: fc.nat(),
  })

  test('is there after any run of changes, writes, deaths and power failures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changeStep, { maxLength: 40 }), async (steps) => {
        const disk = newDisk()
        let table = openOn(disk)
        // States since everything was written.
        let states = [new Map(table.topics.list())]
        for (const { kind, name, queues, waitMs, seed } of steps) {
          if (kind === 'update') table.topics.update([update(name, { writeQueueNums: queues })])
          else if (kind === 'auto') table.topics.autoCreate(name, 'TBW102', queues)
          else if (kind === 'delete') table.topics.delete(name)
          else if (kind === 'wait') {
            await table.pass(waitMs)
            if (waitMs === 1000) states = []
          } else {
            const before = new Map(table.topics.list())
            // A death makes nothing safer than it was.
            if (kind === 'die') disk.kill()
            else disk.crash(seed)
            table = openOn(disk)
            const after = new Map(table.topics.list())
            expect(kind === 'die' ? [before] : states).toContainEqual(after)
            if (kind === 'fail') states = states.slice(states.findIndex((state) => isDeepStrictEqual(state, after)))
          }
          states.push(new Map(table.topics.list()))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('does not count when someone else wrote the file since', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/topics.json`
    const { topics: before } = open(path)
    before.update([update('First')])
    before.close()
    const { topics } = open(path)
    topics.update([update('Waiting')])
    const written = topicConfigTableBody.parse(fs.readFileSync(path, 'utf8'))
    const dataVersion = { ...written.dataVersion, counter: written.dataVersion.counter + 7 }
    fs.writeFileSync(path, topicConfigTableBody.encode({ ...written, dataVersion }))
    const { topics: again } = open(path)
    expect(again.get('First')).toBeDefined()
    expect(again.get('Waiting')).toBeUndefined()
  })
})
