import { exportedDecoders, fuzzOptions, fuzzTimeoutMs, runFuzzRow } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { fileRows } from './file-rows.ts'
import { fileKinds, storedPaths, storeRows } from './store-rows.ts'

const rows = [...fileRows, ...storeRows]
const options = fuzzOptions('packages/storage/test/fuzz')

describe('whatever the files of a store hold, it is read, passed by or refused', () => {
  for (const row of rows) {
    test(row.name, { timeout: fuzzTimeoutMs(row, options) }, async () => {
      const report = await runFuzzRow(row, options)
      expect(report.taken + report.refused).toBe(report.inputs)
    })
  }

  test('every kind of file that a store has is damaged', () => {
    const kinds = storedPaths.map((path) => [...fileKinds].find(([, pattern]) => pattern.test(path))?.[0] ?? path)
    expect(new Set(kinds)).toEqual(new Set(fileKinds.keys()))
  })

  test('every function that reads something is covered by a row', () => {
    const covered = new Set(rows.flatMap(({ covers }) => covers ?? []))
    expect(exportedDecoders(`${import.meta.dirname}/../../src`).filter((name) => !covered.has(name))).toEqual([])
  })
})
