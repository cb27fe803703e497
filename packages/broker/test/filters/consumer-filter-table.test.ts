import { readFileSync, writeFileSync } from 'node:fs'
import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { consumerFiltersBody, newTagSubscription, type SubscriptionData } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { bloomSizes } from '../../src/filters/bloom-bits.ts'
import { ConsumerFilterTable } from '../../src/filters/consumer-filter-table.ts'
import { ExpressionCompiler } from '../../src/filters/expression-compiler.ts'
import { keptAt, recordingLog } from '../kept/config-kit.ts'

const startMs = 1_795_462_296_773

function sql(topic: string, subString: string, subVersion = 1): SubscriptionData {
  return { ...newTagSubscription(topic, '*', subVersion), subString, expressionType: 'SQL92' }
}

function setUp(path: string) {
  const clock = new SteppedClock(startMs)
  const { log, lines } = recordingLog()
  const file = `${path}/consumerFilter.json`
  const open = (keptMs = 86_400_000) =>
    new ConsumerFilterTable({
      config: keptAt(file, { clock, log }),
      compiler: new ExpressionCompiler(() => true),
      bloomSizes: bloomSizes(32, 20),
      keptMs: () => keptMs,
    })
  const text = () => readFileSync(file, 'utf8')
  return { clock, lines, open, file, text }
}

describe('the expression of a group for a topic', () => {
  test('is the one that its members told last', () => {
    using folder = temporaryFolder()
    const table = setUp(folder.path).open()
    table.register('g', [sql('T', 'a = 1', 5), newTagSubscription('U', 'x', 5)])
    expect(table.get('T', 'g')).toMatchObject({ expression: 'a = 1', clientVersion: 5, bornMs: startMs, deadMs: 0 })
    expect([table.get('U', 'g'), table.get('T', 'h')]).toEqual([undefined, undefined])
    table.register('g', [sql('T', 'a = 2', 4)])
    expect(table.get('T', 'g')?.expression).toBe('a = 1')
    table.register('g', [sql('T', 'a = 2', 6)])
    expect(table.get('T', 'g')).toMatchObject({ expression: 'a = 2', clientVersion: 6 })
    // Versions of some clients are beyond what numbers here tell apart: then the later one counts.
    table.register('g', [sql('T', 'a = 3', 6)])
    expect(table.get('T', 'g')?.expression).toBe('a = 3')
  })

  test('is that of members that come later, whatever their clock says, once those who told a newer one are gone', () => {
    using folder = temporaryFolder()
    const table = setUp(folder.path).open()
    table.register('g', [sql('T', 'a = 1', 9)])
    table.unregister('g')
    table.register('g', [sql('T', 'a = 2', 5)])
    expect(table.get('T', 'g')).toMatchObject({ expression: 'a = 2', clientVersion: 5, deadMs: 0 })
  })

  test('that is wrong is none, and says so once in the log', () => {
    using folder = temporaryFolder()
    const { open, lines } = setUp(folder.path)
    const table = open()
    table.register('g', [sql('T', 'a = 1', 1)])
    table.register('g', [sql('T', 'a = = 1', 2)])
    table.register('g', [sql('T', 'a = = 1', 3)])
    expect(table.get('T', 'g')).toBeUndefined()
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('that nobody asks by is kept as long as there is room: of very many those of who left first are forgotten', () => {
    using folder = temporaryFolder()
    const table = setUp(folder.path).open()
    const long = `a = '${'x'.repeat(15_000)}'`
    table.register('stays', [sql('T', long)])
    for (let group = 0; group < 2000; group++) {
      table.register(`g${group}`, [sql('T', long)])
      table.unregister(`g${group}`)
    }
    const { expressions } = table.counts()
    expect(expressions).toBeGreaterThan(500)
    expect(expressions * long.length).toBeLessThan(17 * 1024 * 1024)
    expect([table.get('T', 'stays'), table.get('T', 'g1999'), table.get('T', 'g0')]).toEqual([
      expect.objectContaining({ deadMs: 0 }),
      expect.objectContaining({ group: 'g1999' }),
      undefined,
    ])
    // One that is asked by again is not forgotten.
    table.register('g1999', [sql('T', long, 2)])
    for (let group = 0; group < 2000; group++) {
      table.register(`h${group}`, [sql('T', long)])
      table.unregister(`h${group}`)
    }
    expect(table.get('T', 'g1999')?.deadMs).toBe(0)
  })

  test('stays for a day after its group, or its topic in the group, is gone, and comes to life again', () => {
    using folder = temporaryFolder()
    const { clock, open } = setUp(folder.path)
    const table = open()
    table.register('g', [sql('T', 'a = 1'), sql('U', 'b = 1')])
    clock.advance(1000)
    table.register('g', [sql('T', 'a = 1', 2)])
    expect(table.get('U', 'g')?.deadMs).toBe(startMs + 1000)
    table.unregister('g')
    expect(table.get('T', 'g')?.deadMs).toBe(startMs + 1000)
    table.register('g', [sql('T', 'a = 1', 2)])
    expect(table.get('T', 'g')).toMatchObject({ bornMs: startMs, deadMs: 0 })
    clock.advance(86_400_000)
    table.close()
    const reopened = open()
    expect([reopened.get('T', 'g')?.expression, reopened.get('U', 'g')]).toEqual(['a = 1', undefined])
  })

  test('of many topics is looked at a few times in each heartbeat, however many there are', () => {
    using folder = temporaryFolder()
    const table = setUp(folder.path).open()
    let looks = 0
    const counted = Array.from({ length: 300 }, (_, number) => {
      const subscription = sql(`T${number}`, 'a = 1')
      const get = () => {
        looks++
        return subscription.topic
      }
      return Object.defineProperty({ ...subscription }, 'topic', { get })
    })
    for (let heartbeat = 0; heartbeat < 2; heartbeat++) table.register('g', counted)
    expect(table.counts()).toEqual({ groups: 1, expressions: 300 })
    expect(looks).toBeLessThan(10 * counted.length)
  })

  test('goes with its group, and with its topic, unless members ask by it', () => {
    using folder = temporaryFolder()
    const table = setUp(folder.path).open()
    table.register('g', [sql('T', 'a = 1'), sql('U', 'b = 1')])
    table.register('h', [sql('T', 'a = 1')])
    table.removeTopic('T')
    table.removeGroup('g')
    expect(table.counts()).toEqual({ groups: 2, expressions: 3 })
    table.unregister('g')
    table.unregister('h')
    table.removeTopic('T')
    expect(table.counts()).toEqual({ groups: 1, expressions: 1 })
    table.removeGroup('g')
    expect(table.counts()).toEqual({ groups: 0, expressions: 0 })
  })
})

describe('consumerFilter.json', () => {
  test('is read as it was written, and all groups in it are taken to be absent', () => {
    using folder = temporaryFolder()
    const { clock, open, text } = setUp(folder.path)
    const table = open()
    table.register('g', [sql('T', "a = 'it''s' AND b > 1", Number.MAX_SAFE_INTEGER), sql('订单', 'c IS NULL', 3)])
    table.register('h', [sql('T', 'a = 1')])
    clock.advance(60_000)
    table.close()
    const { filterDataByTopic } = consumerFiltersBody.parse(text())
    expect([...filterDataByTopic.keys()].sort()).toEqual(['T', '订单'])
    expect(filterDataByTopic.get('T')!.groupFilterData.get('g')).toEqual({
      bloomFilterData: { bitNum: 112, bitPos: expect.any(Array) },
      bornTime: startMs,
      clientVersion: Number.MAX_SAFE_INTEGER,
      consumerGroup: 'g',
      dead: false,
      deadTime: 0,
      expression: "a = 'it''s' AND b > 1",
      expressionType: 'SQL92',
      topic: 'T',
    })
    const reopened = open()
    expect(reopened.get('T', 'g')).toMatchObject({ bornMs: startMs, deadMs: startMs + 30_000 })
    expect(reopened.counts()).toEqual({ groups: 2, expressions: 3 })
    reopened.close()
  })

  test('keeps what an official broker wrote, but for expressions that cannot be used', () => {
    using folder = temporaryFolder()
    const { open, file } = setUp(folder.path)
    const data = (group: string, expression: string) =>
      `"${group}":{"bloomFilterData":{"bitNum":112,"bitPos":[46,34,22]},"bornTime":17,"clientVersion":9223372036854775807,` +
      `"consumerGroup":"${group}","dead":false,"deadTime":0,"expression":"${expression}","expressionType":"SQL92","topic":"T"}`
    const official = `{"filterDataByTopic":{"T":{"groupFilterData":{${data('g', 'a = 1')},${data('h', 'a =')}},"topic":"T"}}}`
    writeFileSync(file, official)
    const table = open()
    expect(table.get('T', 'g')).toMatchObject({ expression: 'a = 1', bornMs: 17, deadMs: startMs - 30_000 })
    expect(table.get('T', 'h')).toBeUndefined()
  })
})
