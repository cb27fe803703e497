import fs from 'node:fs'
import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { consumerOffsetsBody, formatConfigJson } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { ConsumerOffsetTable } from '../../src/offsets/index.ts'
import { countedAt, recordingLog } from '../kept/config-kit.ts'

function open(path: string) {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  const { config, ...counts } = countedAt(path, clock, log)
  return {
    clock,
    lines,
    ...counts,
    offsets: new ConsumerOffsetTable({
      config,
      flushIntervalMs: 5000,
      hasLightQueues: false,
      lightOffsetsMax: () => 100,
      positions: () => ({ min: 0, max: 0 }),
    }),
  }
}

test('what comes where the log has lost its end counts for a group that was deleted or reset before', () => {
  using folder = temporaryFolder()
  const { config } = countedAt(`${folder.path}/o.json`, new SteppedClock(), recordingLog().log)
  let max = 500
  const newTable = () =>
    new ConsumerOffsetTable({
      config,
      flushIntervalMs: 5000,
      hasLightQueues: false,
      lightOffsetsMax: () => 100,
      positions: () => ({ min: 0, max }),
    })
  const offsets = newTable()
  offsets.commit('g', 'T', 0, 8)
  offsets.removeGroup('g')
  offsets.reset('h', 'T', 0, 3)
  offsets.close()
  const ends = (table: ConsumerOffsetTable) => [table.beginOf('g'), table.wentElsewhereAt('h', 'T', 0)]
  const again = newTable()
  expect(ends(again)).toEqual([500, 500])
  max = 400
  again.logWasCut()
  expect(ends(again)).toEqual([400, 400])
  max = 300
  expect(ends(newTable())).toEqual([300, 300])
})

test('of where groups were to go on in a light queue that was made anew, what was said of the one before does not count', async () => {
  using folder = temporaryFolder()
  const clock = new SteppedClock()
  const { config } = countedAt(`${folder.path}/o.json`, clock, recordingLog().log)
  const newTable = () =>
    new ConsumerOffsetTable({
      config,
      flushIntervalMs: 5000,
      hasLightQueues: true,
      lightOffsetsMax: () => 100,
      positions: () => ({ min: 0, max: 500 }),
    })
  const offsets = newTable()
  const queue = '%LMQ%q'
  for (const group of ['kept', 'early', 'late']) offsets.commit(group, queue, 0, 7)
  expect(offsets.mayLeave(queue)).toBe(false)
  const noted = offsets.leavingNoted(true)
  clock.finishTurn()
  clock.advance(10)
  await noted
  expect(offsets.mayLeave(queue)).toBe(true)
  offsets.reset('early', queue, 0, 3)
  offsets.removeLightQueues([queue])
  offsets.reset('late', queue, 0, 2)
  // The process dies.
  const again = newTable()
  expect([...again.leavingQueues()]).toEqual([[queue, 500]])
  again.beginLightQueuesAnew(new Set([queue]))
  expect([...again.lightEntries()]).toEqual([{ topic: queue, group: 'late', offset: 2 }])
})

describe('consumer offsets', () => {
  test('are what was committed last, also when that is less', () => {
    using folder = temporaryFolder()
    const { offsets } = open(`${folder.path}/o.json`)
    expect(offsets.offset('g', 'T', 0)).toBeUndefined()
    offsets.commit('g', 'T', 0, 8)
    offsets.commit('g', 'T', 0, 2)
    expect(offsets.offset('g', 'T', 0)).toBe(2)
    expect(offsets.offset('g', 'T', 1)).toBeUndefined()
  })

  test('are listed by group and by topic', () => {
    using folder = temporaryFolder()
    const { offsets } = open(`${folder.path}/o.json`)
    offsets.commit('g', 'T', 0, 1)
    offsets.commit('g', 'U', 0, 2)
    offsets.commit('h', 'T', 3, 3)
    expect([...offsets.topicsOf('g')]).toEqual(['T', 'U'])
    expect(offsets.groupsOf('T')).toEqual(['g', 'h'])
    expect(offsets.queuesOf('h', 'T')).toEqual(new Map([[3, 3]]))
    offsets.copy('h', 'i', 'T')
    expect(offsets.offset('i', 'T', 3)).toBe(3)
    offsets.removeTopic('T')
    expect([[...offsets.topicsOf('g')], [...offsets.topicsOf('h')], offsets.groupsOf('T')]).toEqual([['U'], [], []])
    offsets.removeGroup('g')
    expect(offsets.offset('g', 'U', 0)).toBeUndefined()
  })

  test('that an administrator set are handed out once, and hold until then', () => {
    using folder = temporaryFolder()
    const { offsets } = open(`${folder.path}/o.json`)
    offsets.commit('g', 'T', 0, 8)
    offsets.reset('g', 'T', 0, 4)
    expect([offsets.isResetPending('g', 'T', 0), offsets.isResetPending('g', 'T', 1)]).toEqual([true, false])
    expect(offsets.offset('g', 'T', 0)).toBe(4)
    expect([offsets.takeReset('g', 'T', 0), offsets.takeReset('g', 'T', 0)]).toEqual([4, undefined])
    expect(offsets.offset('g', 'T', 0)).toBe(4)
    offsets.commit('g', 'T', 0, 5)
    expect(offsets.offset('g', 'T', 0)).toBe(5)
  })

  test('are written at the interval when something changed, and on closing', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/o.json`
    const { offsets, clock, writes, endedSaves } = open(path)
    clock.advance(60_000)
    expect(writes()).toBe(0)
    for (let index = 0; index < 100; index++) offsets.commit('g', 'T', 0, index)
    clock.advance(5010)
    await vi.waitFor(() => expect(endedSaves()).toBe(1), 120_000)
    expect(writes()).toBe(1)
    clock.advance(60_000)
    offsets.commit('g', 'T', 0, 99)
    clock.advance(60_000)
    offsets.close()
    expect(writes()).toBe(1)
  })

  test('are written on closing, also when they are just being written', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/o.json`
    const { offsets, clock } = open(path)
    offsets.commit('g', 'T', 0, 99)
    clock.advance(5010)
    offsets.pulled('g', 'T', 1, 7)
    offsets.close()
    const again = open(path).offsets
    expect([again.offset('g', 'T', 0), again.pullOffset('g', 'T', 1)]).toEqual([99, 7])
  })

  test('count a version up every 500 commits', () => {
    using folder = temporaryFolder()
    const { offsets } = open(`${folder.path}/o.json`)
    for (let index = 0; index < 1001; index++) offsets.commit('g', 'T', 0, index)
    expect(offsets.dataVersion.counter).toBe(2)
  })

  test('are read from the file of an official broker', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/o.json`
    fs.writeFileSync(
      path,
      '{\n\t"dataVersion":{\n\t\t"counter":0,\n\t\t"stateVersion":0,\n\t\t"timestamp":1795465443490\n\t},\n\t"groupTopicMap":{\n\t\t"G1":[\n\t\t\t"T1"\n\t\t]\n\t},\n\t"offsetTable":{\n\t\t"T1@G1":{\n\t\t\t0:0,\n\t\t\t9:5\n\t\t},\n\t\t"strange":{0:1}\n\t},\n\t"pullOffsetTable":{}\n}',
    )
    const { offsets, lines } = open(path)
    expect(offsets.queuesOf('G1', 'T1')).toEqual(
      new Map([
        [0, 0],
        [9, 5],
      ]),
    )
    expect(offsets.dataVersion.timestamp).toBe(1_795_465_443_490)
    expect(lines.map(({ level }) => level)).toEqual(['warn'])
  })

  test('are written as the writer of configuration files would, key by key', () => {
    using folder = temporaryFolder()
    const name = fc.stringMatching(/^[%|a-zA-Z0-9_-]{1,8}$/)
    const entries = fc.array(fc.tuple(name, name, fc.nat(20), fc.nat()), { maxLength: 20 })
    let run = 0
    fc.assert(
      fc.property(entries, entries, (commits, pulls) => {
        const path = `${folder.path}/o-${run++}.json`
        const { offsets } = open(path)
        for (const [group, topic, queueId, offset] of commits) offsets.commit(group, topic, queueId, offset)
        for (const [group, topic, queueId, offset] of pulls) offsets.pulled(group, topic, queueId, offset)
        offsets.flush()
        if (commits.length + pulls.length === 0) return
        const text = fs.readFileSync(path, 'utf8')
        const table = consumerOffsetsBody.parse(text)
        expect(table).toEqual(offsets.snapshot())
        const lines = (content: string): string[] => content.replaceAll(',', '').split('\n').sort()
        expect(lines(text)).toEqual(lines(formatConfigJson(consumerOffsetsBody.toWritable(table))))
      }),
      { numRuns: 50 },
    )
  })

  test('of 100,000 queues are all there after the next start', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/o.json`
    const { offsets, clock, writes } = open(path)
    for (let topic = 0; topic < 1000; topic++) {
      for (let queueId = 0; queueId < 100; queueId++) offsets.commit('group', `topic-${topic}`, queueId, queueId * 1000)
    }
    clock.advance(5010)
    offsets.commit('group', 'topic-7', 7, 1)
    await vi.waitFor(() => expect(writes()).toBe(1), 120_000)
    // The next one may be under way already when time goes on.
    await vi.waitFor(() => {
      clock.advance(10_000)
      expect(writes()).toBe(2)
    }, 120_000)
    const again = open(path).offsets
    expect([...again.topicsOf('group')]).toHaveLength(1000)
    expect([again.offset('group', 'topic-7', 7), again.offset('group', 'topic-999', 99)]).toEqual([1, 99_000])
  })
})
