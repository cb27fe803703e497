import { describe, expect, test } from 'vitest'
import { recordsJson, recordTable, recordText } from '../src/output/print.ts'
import { printable, printableLines } from '../src/output/text-table.ts'
import {
  decimal,
  duration,
  list,
  map,
  maybe,
  record,
  share,
  size,
  text,
  texts,
  time,
  whole,
  yesNo,
} from '../src/table/record.ts'
import { formatBytes, formatDuration, parseBytes, parseDuration, parsePlace, parseTime } from '../src/values.ts'

const inner = record({ name: text('Name') })
const everything = record({
  text: text('Text'),
  whole: whole('Whole'),
  decimal: decimal('Decimal'),
  yesNo: yesNo('Yes'),
  time: time('Time'),
  duration: duration('Duration'),
  size: size('Size'),
  share: share('Share'),
  texts: texts('Texts'),
  map: map('Map'),
  missing: maybe(text('Missing')),
  list: list('List', inner),
})

const row = {
  text: 'a',
  whole: 7,
  decimal: 1.25,
  yesNo: true,
  time: 1_700_000_000_123,
  duration: 90_000,
  size: 1536,
  share: 0.5,
  texts: ['x', 'y'],
  map: { k: 'v' },
  missing: undefined,
  list: [{ name: 'n' }],
}

describe('a record', () => {
  test('is a table with aligned columns for people', () => {
    const columns = record({ name: text('Name'), count: whole('Count') })
    expect(
      recordTable(columns, [
        { name: 'long name', count: 1 },
        { name: 'b', count: 1000 },
      ]),
    ).toBe('NAME       COUNT\nlong name      1\nb           1000\n')
  })

  test('shows each kind of value to people', () => {
    expect(recordText(everything, row)).toBe(
      [
        'Text      a',
        'Whole     7',
        'Decimal   1.3',
        'Yes       yes',
        'Time      2023-11-14 22:13:20.123',
        'Duration  1m30s',
        'Size      1.5 KiB',
        'Share     50.0%',
        'Texts     x, y',
        'Map       k=v',
        'Missing   -',
        '',
        'List',
        '  NAME',
        '  n',
        '',
      ].join('\n'),
    )
  })

  test('has units for programs', () => {
    expect(JSON.parse(recordsJson(everything, [row]))).toEqual([
      { ...row, time: '2023-11-14T22:13:20.123Z', missing: null },
    ])
  })

  test('of a broker that tells an impossible time can be shown all the same', () => {
    const times = record({ time: time('Time') })
    for (const value of [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) {
      expect(recordTable(times, [{ time: value }])).toMatch(/^TIME\n[+-]?\d+/)
    }
  })
})

test('what others chose cannot control the terminal or break a line', () => {
  expect(printable('a\u001b[31mred\u001b[0m\nb\u0007\u2028c')).toBe('ared\\u000ab\\u0007\\u2028c')
  expect(printableLines('a\u001b[2J\n\tb\r\u0000')).toBe('a\n\tb\\u000d\\u0000')
})

describe('values that are typed', () => {
  test.each([
    ['500ms', 500],
    ['1.5s', 1500],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
  ])('the duration %s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['', '5', 'h', '5 s', '-5s', '1h30', '1x', '1e3s'])('"%s" is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow(/is no duration/)
  })

  test.each([
    ['now', 1000],
    ['-1s', 0],
    ['+10m', 601_000],
    ['1700000000123', 1_700_000_000_123],
    ['2020-01-01', 1_577_836_800_000],
    ['2020-01-01T00:00:00Z', 1_577_836_800_000],
  ])('the time %s is %d ms', (text, ms) => {
    expect(parseTime(text)(1000)).toBe(ms)
  })

  test.each(['', 'yesterday', '12', '-5', '2020-13-01', '--1h', '-1h5'])('"%s" is no time', (text) => {
    expect(() => parseTime(text)).toThrow(/is no (time|duration)/)
  })

  test('places are named, counted back, offsets, or times', () => {
    expect(parsePlace('earliest')).toEqual({ kind: 'earliest' })
    expect(parsePlace('-100')).toEqual({ kind: 'last', count: 100 })
    expect(parsePlace('offset:7')).toEqual({ kind: 'offset', offset: 7 })
    expect(parsePlace('-1h')).toMatchObject({ kind: 'time' })
    for (const text of ['', 'offset:-1', 'offset:x', '7', 'first']) expect(() => parsePlace(text)).toThrow(/no place/)
  })

  test('sizes have units', () => {
    expect([parseBytes('10'), parseBytes('16k'), parseBytes('4MB')]).toEqual([10, 16_384, 4_194_304])
    for (const text of ['', '-1', '1.5k', '1g', 'k']) expect(() => parseBytes(text)).toThrow(/is no size/)
    expect([formatBytes(10), formatBytes(1536), formatBytes(3 * 1024 ** 4)]).toEqual(['10 B', '1.5 KiB', '3.0 TiB'])
  })

  test('durations are shown by their two largest units', () => {
    expect([formatDuration(5), formatDuration(60_000), formatDuration(90_061_000), formatDuration(86_400_000)]).toEqual(
      ['5ms', '1m', '1d1h', '1d'],
    )
  })
})
