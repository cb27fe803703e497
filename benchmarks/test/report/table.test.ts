import { describe, expect, test } from 'vitest'
import { ratioText, short } from '../../src/report/format.ts'
import { formatMarkdown, formatProfiles, replacePart } from '../../src/report/markdown.ts'
import { mergeRows } from '../../src/report/results-files.ts'
import { alignColumns, formatTable, remarksOf } from '../../src/report/table.ts'
import type { RowResult } from '../../src/run-rows.ts'

const row = (id: string, more: Partial<RowResult>): RowResult => ({
  id,
  title: `title of ${id}`,
  unit: 'messages',
  figures: {},
  failures: {},
  measuredAt: '2026-01-01T00:00:00.000Z',
  seconds: 5,
  rounds: 3,
  otherLoad: 0.1,
  ...more,
})

const sent = row('send', {
  figures: { ours: { rate: 100_000, cpuMicros: 8 }, official: { rate: 40_000, cpuMicros: 26 } },
})
const goals = [{ metric: 'rate' as const, ratioAtLeast: 2 }]
const goalsOf = (id: string) => (id === 'send' ? goals : [])
const machine = { processor: 'P', cores: 2, memoryGb: 8, system: 'S', node: 'v24', java: 'java 17', heapMb: 4096 }

test.each([
  [104_321, '104k'],
  [44_500, '44.5k'],
  [5_210_000, '5.21M'],
  [9994, '9994'],
  [123.4, '123'],
  [26.04, '26.0'],
  [5.214, '5.21'],
  [0.134, '0.13'],
  [0.0534, '0.053'],
  [0, '0'],
])('%d is written as %s', (value, text) => {
  expect(short(value)).toBe(text)
})

test('a ratio is written with an x', () => {
  expect(ratioText(2.5)).toBe('2.50x')
})

describe('the table', () => {
  test('shows ours, the ratio and the verdict, in columns that have figures', () => {
    expect(formatTable([sent], goalsOf).split('\n')).toEqual([
      'row        rate /s        CPU us  goal',
      'send  100k (2.50x)  8.00 (0.31x)   met',
    ])
  })

  test('shows what is there when one broker has no figures, or none has', () => {
    const lines = formatTable(
      [row('a', { figures: { official: { rate: 40_000 } } }), row('b', { missing: 'no such feature' })],
      goalsOf,
    ).split('\n')
    expect(lines[1]).toMatch(/^a +\? \/ 40.0k +-$/)
    expect(lines[2]).toMatch(/^b +not measured$/)
  })

  test('pads the first column to the right and the others to the left', () => {
    expect(
      alignColumns([
        ['a', '1'],
        ['bcd', '234'],
      ]),
    ).toBe('a      1\nbcd  234')
  })
})

test('remarks name refusals, failures, missing rows, and a generator at its limit', () => {
  const remarks = remarksOf(
    [
      row('a', { figures: { official: { errorShare: 0.015, firstError: 'busy' } }, failures: { ours: 'it died' } }),
      row('b', { missing: 'no such feature' }),
      row('c', { figures: { ours: { generatorCores: 1.5 } }, otherLoad: 3.21 }),
      sent,
    ],
    2,
  )
  expect(remarks).toEqual([
    'a, ours: it died',
    'a, official: 1.5 % refused, such as: busy',
    'b: not measured: no such feature',
    'c, ours: the load generator used 1.50 of 2 cores',
    'the machine had other work when the run began (load average up to 3.2): c',
  ])
})

describe('markdown', () => {
  test('has a line a figure with the goal that is about it', () => {
    const text = formatMarkdown({ machine, rows: [sent] }, goalsOf)
    expect(text).toContain('Machine: 2 cores of P, 8 GB, S, Node v24, java 17 (heap 4096 MB).')
    expect(text).toContain('| **send**: title of send | rate /s | 100k | 40.0k | 2.50x | rate >= 2x: met |')
    expect(text).toContain('|  | CPU us | 8.00 | 26.0 | 0.31x |  |')
  })

  test('takes the place of what stood between its marks', () => {
    const document = 'a\n<!-- figures: written by npm run bench -->\nold\n<!-- end of figures -->\nb\n'
    const replaced = replacePart(document, 'figures', 'new\n')
    expect(replaced).toBe('a\n<!-- figures: written by npm run bench -->\n\nnew\n\n<!-- end of figures -->\nb\n')
    expect(replacePart(replaced, 'figures', 'new\n')).toBe(replaced)
    expect(() => replacePart('no marks', 'figures', 'new')).toThrow('no lines')
  })
})

test('of a profile the three costliest functions are shown, with their places', () => {
  const cost = (name: string, place: string, share: number) => ({ name, place, share, selfMs: 1 })
  const functions = [
    cost('get', 'a.ts:2', 0.26),
    cost('write', '', 0.14),
    cost('c', 'c.ts:1', 0.1),
    cost('d', '', 0.05),
  ]
  expect(formatProfiles({ pull: functions }).split('\n')[2]).toBe(
    '| pull | `get` (a.ts:2) 26 %, `write` 14 %, `c` (c.ts:1) 10 % |',
  )
})

test('newly measured rows take the place of kept ones, in the order of all rows', () => {
  const kept = [row('b', { seconds: 1 }), row('a', { seconds: 1 }), row('gone', {})]
  const merged = mergeRows(kept, [row('b', { seconds: 2 })], ['a', 'b', 'c'])
  expect(merged.map(({ id, seconds }) => [id, seconds])).toEqual([
    ['a', 1],
    ['b', 2],
  ])
})
