import { describeSettings, readSettings, toPropertiesText } from '@rocketmq-ts/settings'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exampleEnvironment, exampleTable } from './example-table.ts'

const options = { source: 'test', environment: exampleEnvironment }

/** Reads what `describeSettings` and `toPropertiesText` write: comments, blank lines, `key=value` with escapes. */
function parse(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const value = line.slice(line.indexOf('=') + 1)
      return [
        line.slice(0, line.indexOf('=')),
        value.replace(/\\(u[0-9A-F]{4}|.)/g, (_, code: string) => {
          const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', f: '\f' }
          return code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (letters[code] ?? code)
        }),
      ]
    }),
  )
}

const lineOfText = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text))

const settable = fc.record({
  listenPort: fc.integer({ min: 0, max: 65_535 }).map(String),
  brokerName: lineOfText.filter((name) => name.trim() !== ''),
  deleteWhen: fc.array(fc.integer({ min: 0, max: 23 }), { minLength: 1 }).map((hours) => hours.join(';')),
  ratio: fc.double({ min: 0, max: 1, noNaN: true }).map(String),
  gap: fc.maxSafeNat().map(String),
  delays: fc
    .array(fc.tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom('s', 'm', 'h', 'd')), { minLength: 1 })
    .map((delays) => {
      return delays.map(([count, unit]) => `${count}${unit}`).join(' ')
    }),
  note: lineOfText,
  traceOn: fc.boolean().map(String),
})

test('both texts, read again, give the same values', () => {
  fc.assert(
    fc.property(settable, (properties) => {
      const { values } = readSettings(exampleTable, properties, options)
      for (const text of [toPropertiesText(exampleTable, values), describeSettings(exampleTable, values)]) {
        expect(readSettings(exampleTable, parse(text), options).values).toEqual(values)
        expect(text).toMatch(/^[\n\x20-\x7e]*$/)
      }
    }),
  )
})

test('a key that belongs to the file that was read is shown as a comment', () => {
  const { values } = readSettings(exampleTable, { storePath: '/a' }, options)
  const text = describeSettings(exampleTable, values, ['storePath'])
  expect(text).toContain('\n# storePath=/a\n')
  expect(readSettings(exampleTable, parse(text), options).values.storePath).toBe('/home/someone/store')
})

test('the description shows each key under its meaning and default, by group', () => {
  const { values } = readSettings(exampleTable, { listenPort: '1' }, options)
  const text = describeSettings(exampleTable, values)
  expect(text).toContain(
    [
      '# ======== Network ========',
      '',
      '# Port that clients connect to. (default: 10911; a change needs a restart)',
      'listenPort=1',
      '',
      '# Name. (default: the host name; a change needs a restart)',
      'brokerName=machine-1',
      '',
      '# Name servers. (default: none)',
      'namesrvAddr=',
    ].join('\n'),
  )
  expect(text).toContain(
    '# Polls per key. (default: 1024)\n# (no effect: POP is not served yet)\npopPollingSize=1024\n',
  )
})
