import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordFileSizes } from '../../src/compaction/pair-files.ts'
import {
  type CompactionUnit,
  compactionUnitBytes,
  endUnit,
  putCompactionUnit,
  readCompactionUnit,
} from '../../src/compaction/unit.ts'

const unit: fc.Arbitrary<CompactionUnit> = fc.record({
  position: fc.maxSafeNat(),
  totalSize: fc.integer({ min: 1, max: 0x7fffffff }),
  tagsCode: fc.integer(),
  storeTimestamp: fc.maxSafeNat(),
  queueOffset: fc.maxSafeNat(),
})

describe('a unit of a compacted log', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(unit, fc.nat({ max: 100 }), (written, at) => {
        const bytes = Buffer.alloc(at + compactionUnitBytes)
        putCompactionUnit(bytes, at, written)
        expect(readCompactionUnit(bytes, at)).toEqual(written)
      }),
    )
  })

  test('is none where other bytes stand', () => {
    expect(readCompactionUnit(endUnit(), 0)).toBeUndefined()
    expect(readCompactionUnit(Buffer.alloc(compactionUnitBytes), 0)).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ minLength: compactionUnitBytes, maxLength: compactionUnitBytes }), (bytes) => {
        const read = readCompactionUnit(Buffer.from(bytes), 0)
        if (read !== undefined) expect(read.totalSize).toBeGreaterThan(0)
      }),
    )
  })

  test('ends a file as the official broker ends it', () => {
    expect(endUnit().toString('hex')).toBe(`${'ff'.repeat(8)}${'00'.repeat(30)}ffffffff00000000`)
  })
})

test('the files have the sizes that the official broker makes of the settings', () => {
  expect(recordFileSizes(104_857_600, 10_485_760)).toEqual({ records: 104_857_460, units: 10_485_746 })
  expect(recordFileSizes(1_048_576, 1_048_576)).toEqual({ records: 5 * 1_048_570, units: 1_048_570 })
  expect(recordFileSizes(1000 * 46 + 600 * 46, 100 * 46)).toEqual({ records: 1700 * 46, units: 4600 })
})
