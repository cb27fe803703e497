import {
  exportedDecoders,
  fuzzOptions,
  fuzzRow,
  fuzzTimeoutMs,
  looseText,
  runFuzzRow,
} from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { parseAddress } from '../../src/index.ts'

const rows = [
  fuzzRow({
    name: 'address',
    covers: ['parseAddress'],
    words: [':', '[', ']', '0', '65535', '65536', ' ', '1e3', '0x10', '-1'],
    refusals: [Error],
    seeds: () => ['127.0.0.1:9876', '[::1]:1', 'host:65535'].map((text) => Buffer.from(text)),
    decode: (input) => parseAddress(looseText(input)),
    check({ host, port }) {
      if (host === '' || !Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${host} and ${port}`)
    },
  }),
]
const options = fuzzOptions('packages/remoting/test/fuzz')

describe('whatever someone calls an address is one or is refused', () => {
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
