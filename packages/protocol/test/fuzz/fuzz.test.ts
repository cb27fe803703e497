import { exportedDecoders, fuzzOptions, fuzzTimeoutMs, runFuzzRow } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import * as bodies from '../../src/bodies/index.ts'
import { commands } from '../../src/index.ts'
import { bodyRows } from './body-rows.ts'
import { commandRows } from './command-rows.ts'
import { frameRows } from './frame-rows.ts'
import { messageRows } from './message-rows.ts'
import { textRows } from './text-rows.ts'

const rows = [...frameRows, ...messageRows, ...textRows, ...bodyRows, ...commandRows]
const options = fuzzOptions('packages/protocol/test/fuzz')

describe('every decoder reads or refuses whatever it gets', () => {
  for (const row of rows) {
    test(row.name, { timeout: fuzzTimeoutMs(row, options) }, async () => {
      const report = await runFuzzRow(row, options)
      expect(report.taken + report.refused).toBe(report.inputs)
    })
  }
})

describe('no decoder is forgotten', () => {
  const names = new Set(rows.map(({ name }) => name))

  test('every row has a name of its own', () => {
    expect(names.size).toBe(rows.length)
  })

  test('every command has a row', () => {
    for (const { name } of Object.values(commands)) expect(names).toContain(`${name} header`)
  })

  test('every body has a row', () => {
    for (const body of Object.values(bodies)) {
      if (typeof body === 'object' && 'decode' in body) expect(names).toContain(`body ${body.name}`)
    }
  })

  test('every function that reads something is covered by a row', () => {
    const covered = new Set(rows.flatMap(({ covers }) => covers ?? []))
    expect(exportedDecoders(`${import.meta.dirname}/../../src`).filter((name) => !covered.has(name))).toEqual([])
  })
})
