import { describe, expect, test } from 'vitest'
import { compareCosts, lowestCost } from '../../src/check/baseline.ts'
import { calibrateComputing } from '../../src/check/computing-calibration.ts'
import { WakingCalibration } from '../../src/check/waking-calibration.ts'

const stored = { send: { cpuRatio: 2, allocatedBytes: 1000 } }
const failures = (cpuRatio: number, allocatedBytes: number) =>
  compareCosts({ send: { cpuRatio, allocatedBytes } }, stored)
    .filter(({ failed }) => failed)
    .map(({ figure }) => figure)

describe('the check', () => {
  test('lets up to 20 % more pass, and less', () => {
    expect(failures(2.4, 1200)).toEqual([])
    expect(failures(0.5, 10)).toEqual([])
  })

  test('fails a figure that is more than 20 % worse', () => {
    expect(failures(2.41, 1000)).toEqual(['CPU'])
    expect(failures(2, 1300)).toEqual(['allocated'])
  })

  test('does not take a few bytes for a loss where next to nothing is allocated', () => {
    const lines = compareCosts(
      { send: { cpuRatio: 1, allocatedBytes: 40 } },
      { send: { cpuRatio: 1, allocatedBytes: 0 } },
    )
    expect(lines.some(({ failed }) => failed)).toBe(false)
  })

  test('does not fail a row that is not stored, and says that nothing is', () => {
    const lines = compareCosts({ pull: { cpuRatio: 9, allocatedBytes: 9 } }, stored)
    expect(lines.map(({ row, stored, failed }) => [row, stored, failed])).toEqual([
      ['pull', undefined, false],
      ['pull', undefined, false],
    ])
  })

  test('takes the lowest of several runs, figure by figure', () => {
    expect(
      lowestCost([
        { cpuRatio: 3, allocatedBytes: 5 },
        { cpuRatio: 2, allocatedBytes: 7 },
      ]),
    ).toEqual({ cpuRatio: 2, allocatedBytes: 5 })
  })
})

test('a round of the calibration loop takes processor time', () => {
  expect(calibrateComputing(1000)).toBeGreaterThan(0)
})

test('sending a message back takes processor time of the peer', async () => {
  const calibration = await WakingCalibration.start()
  try {
    expect(await calibration.calibrate(500)).toBeGreaterThan(0)
  } finally {
    calibration.stop()
  }
})
