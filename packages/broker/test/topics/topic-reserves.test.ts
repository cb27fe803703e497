import { newTopicConfig, type TopicConfig } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { TopicReserves } from '../../src/topics/index.ts'
import { recordingLog } from '../kept/config-kit.ts'

const hourMs = 3_600_000

function open(initial: Record<string, string | undefined> = {}) {
  const { log, lines } = recordingLog()
  const table = new Map<string, TopicConfig>()
  const listeners: ((names: readonly string[]) => void)[] = []
  const put = (name: string, value?: string): void => {
    const attributes = new Map(value === undefined ? [] : [['reserve.time', value]])
    table.set(name, { ...newTopicConfig(name), attributes })
  }
  for (const [name, value] of Object.entries(initial)) put(name, value)
  const reserves = new TopicReserves({
    log,
    topics: {
      list: () => table,
      get: (name) => table.get(name),
      isSystem: (name) => name.startsWith('SYS'),
      onChange: (listener) => void listeners.push(listener),
    },
    logReservedMs: () => 72 * hourMs,
  })
  const changed = (...names: string[]): void => {
    for (const listener of listeners) listener(names)
  }
  const shown = (): Record<string, number> =>
    Object.fromEntries([...reserves.list()].map(({ topic, reservedMs }) => [topic, reservedMs]))
  return { table, put, changed, shown, lines }
}

describe('the times that topics have of their own', () => {
  test('are those of the attribute reserve.time, from the start and as it changes', () => {
    const { table, put, changed, shown } = open({ a: '60000', b: undefined })
    expect(shown()).toEqual({ a: 60_000 })
    put('a', '+5')
    put('b', '0')
    changed('a', 'b')
    expect(shown()).toEqual({ a: 5, b: 0 })
    put('a')
    table.delete('b')
    changed('a', 'b')
    expect(shown()).toEqual({})
  })

  test.each(['-1', '', ' ', 'soon', '1.5', '-0'])('are none for the value "%s"', (value) => {
    expect(open({ a: value }).shown()).toEqual({})
  })

  test('are not taken from topics of the system, whose messages the broker needs', () => {
    expect(open({ SYS_DELAY: '1' }).shown()).toEqual({})
  })

  test('are said once to have no effect when the log goes earlier', () => {
    const { put, changed, lines } = open({ a: String(72 * hourMs) })
    expect(lines).toEqual([])
    put('a', String(73 * hourMs))
    changed('a')
    changed('a')
    expect(lines).toEqual([{ level: 'warn', message: expect.stringMatching(/longer than fileReservedTime/) }])
  })
})
