import { exportedDecoders, fuzzOptions, fuzzTimeoutMs, runFuzzRow } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { fileRows } from './file-rows.ts'
import { popRows } from './pop-rows.ts'
import { requestRows } from './request-rows.ts'

const rows = [...fileRows, ...popRows, ...requestRows]
const options = fuzzOptions('packages/broker/test/fuzz')

describe('whatever a client, an administrator or a disk gives is read or refused', () => {
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
