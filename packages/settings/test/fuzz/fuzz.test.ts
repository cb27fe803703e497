import {
  exportedDecoders,
  fuzzOptions,
  fuzzRow,
  fuzzTimeoutMs,
  looseText,
  runFuzzRow,
  sameValue,
} from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import {
  addresses,
  boolean,
  checkChange,
  double,
  durations,
  falseOnly,
  hours,
  int,
  long,
  names,
  nonEmptyText,
  oneOf,
  readSettings,
  SettingsError,
  type SettingType,
  text,
} from '../../src/index.ts'
import { exampleEnvironment as environment, exampleRules, exampleTable } from '../example-table.ts'

/** A text that a type of setting does not take. */
class NotTaken extends Error {}

const words = [
  'true',
  'false',
  'constructor',
  '__proto__',
  'tostring',
  ';',
  ':',
  '127.0.0.1:9876',
  '[::1]:1',
  '04',
  '1s',
  ' ',
  '-',
  '+',
  '.',
  'e',
  '99999999999',
  '1e999',
]

/** Each type of setting, with texts that it takes. */
const types: readonly (readonly [name: string, type: SettingType<never>, taken: readonly string[]])[] = [
  ['boolean', boolean, ['true', 'FALSE']],
  ['switch that can only be off', falseOnly('it is not there'), ['false']],
  ['whole number of 32 bits', int({ min: -5 }), ['0', '-5', '+2147483647']],
  ['whole number with limits that are taken instead', int({ max: 9, clamp: true }), ['1', '10']],
  ['whole number of 64 bits', long(), ['9007199254740991']],
  ['number', double(), ['0.75', '1e3', '.5']],
  ['text', text, ['', 'any']],
  ['text that is not empty', nonEmptyText('a name'), ['a']],
  ['word', oneOf(['ASYNC_FLUSH', 'SYNC_FLUSH'], { NONE: 'it is not served' }), ['ASYNC_FLUSH']],
  ['names', names, ['a;b', '']],
  ['addresses', addresses, ['127.0.0.1:9876;[::1]:1', '']],
  ['hours', hours, ['04;5']],
  ['lengths of time', durations, ['1s 5m 2h 1d']],
] as unknown as readonly (readonly [string, SettingType<never>, readonly string[]])[]

const typeRows = types.map(([name, type, taken]) =>
  fuzzRow({
    name: `setting: ${name}`,
    words,
    refusals: [NotTaken],
    seeds: () => taken.map((one) => Buffer.from(one)),
    decode(input) {
      const parsed = type.parse(looseText(input).trim())
      if (!parsed.ok) throw new NotTaken(parsed.reason)
      return parsed.value
    },
    check(value) {
      const again = type.parse(type.format(value))
      if (!again.ok || !sameValue(again.value, value)) throw new Error(`${type.format(value)} does not come back`)
    },
  }),
)

/** `key=value` lines as properties. */
function propertiesOf(input: Buffer): Map<string, string> {
  const lines = looseText(input).split('\n')
  return new Map(lines.map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]))
}

const exampleText = 'listenPort=10911\nbrokerName=a\nrole=SYNC_MASTER\ndelays=1s 2m\n'

const tableRows = [
  fuzzRow({
    name: 'settings of a table',
    covers: ['readSettings'],
    words: [...words, ...Object.keys(exampleTable), '=', '\n'],
    refusals: [SettingsError],
    seeds: () => [Buffer.from('')],
    decode: (input) => readSettings(exampleTable, propertiesOf(input), { source: 'a.conf', environment }),
  }),
  fuzzRow({
    name: 'changes of settings',
    words: [...words, ...Object.keys(exampleTable), '=', '\n'],
    seeds: () => [Buffer.from(''), Buffer.from(exampleText)],
    decode(input) {
      const { values } = readSettings(exampleTable, {}, { source: 'a.conf', environment })
      return checkChange(exampleRules, { current: values, next: values }, input)
    },
  }),
]

const rows = [...typeRows, ...tableRows]
const options = fuzzOptions('packages/settings/test/fuzz')

describe('settings are read or refused, whatever they are', () => {
  for (const row of rows) {
    test(row.name, { timeout: fuzzTimeoutMs(row, options) }, async () => {
      const report = await runFuzzRow(row, options)
      expect(report.taken + report.refused).toBe(report.inputs)
    })
  }

  test('every function that reads something is covered by a row', () => {
    const covered = new Set(rows.flatMap(({ covers }) => covers ?? []))
    expect(exportedDecoders(`${import.meta.dirname}/../../src`).filter((name) => !covered.has(name))).toEqual([])
  })
})
