import { describe, expect, test } from 'vitest'
import { type DiskPressure, diskPressure, pressureNotice } from '../../src/retention/disk-pressure.ts'
import type { RetentionRules } from '../../src/retention/retention-plan.ts'

const rules: RetentionRules = {
  reservedMs: 1,
  deleteHours: [],
  cleanRatio: 0.75,
  forceRatio: 0.85,
  fullRatio: 0.9,
  mayForce: true,
}

/** What is told while the disk fills up and empties: one entry a ratio. */
function told(ratios: number[], changes: Partial<RetentionRules> = {}): (string | undefined)[] {
  let pressure: DiskPressure = 'low'
  return ratios.map((usedRatio) => {
    const before = pressure
    pressure = diskPressure({ ...rules, ...changes }, before, usedRatio)
    const notice = pressureNotice({ ...rules, ...changes }, before, pressure, usedRatio)
    return notice === undefined ? undefined : `${notice.level} ${notice.message}`
  })
}

describe('a disk that fills up', () => {
  test('is told of when files go at any hour, with the ratio now, the one that refuses, and what to do', () => {
    const [below, above] = told([0.75, 0.7612])
    expect(below).toBeUndefined()
    expect(above).toBe(
      'warn the disk of the store is 76.1 % full, which is above 75 % (diskMaxUsedSpaceRatio): files of the log that ' +
        'are older than fileReservedTime are deleted at any hour. Above 90 % (diskSpaceWarningLevelRatio) messages are ' +
        'refused. Free space, lower fileReservedTime, or give the store a larger disk',
    )
  })

  test('is told of once more when files go before their time', () => {
    expect(told([0.8, 0.86])[1]).toMatch(
      /^warn .* 86 % full, .* above 85 % \(diskSpaceCleanForciblyRatio\): .* fileReservedTime has not passed\. Above 90 % /,
    )
    expect(told([0.86], { mayForce: false })[0]).toMatch(/but cleanFileForciblyEnable is off\. Above 90 % /)
  })

  test('is told of once when it passes both limits between two looks', () => {
    expect(told([0.1, 0.99]).filter((line) => line !== undefined)).toEqual([
      expect.stringContaining('diskSpaceCleanForciblyRatio'),
    ])
  })

  test('is told of once while it stays at a limit or moves around it', () => {
    const lines = told([0.751, 0.9, 0.849, 0.851, 0.749, 0.751, 0.742, 0.751])
    expect(lines.filter((line) => line?.startsWith('warn'))).toHaveLength(2)
  })
})

describe('a disk that empties', () => {
  test('is told of when it is below a limit again', () => {
    expect(told([0.86, 0.83, 0.5]).slice(1)).toEqual([
      'info the disk of the store is 83 % full, which is below 85 % (diskSpaceCleanForciblyRatio) again, but above ' +
        '75 % (diskMaxUsedSpaceRatio)',
      'info the disk of the store is 50 % full, which is below 75 % (diskMaxUsedSpaceRatio) again',
    ])
  })

  test('is warned of anew when it fills up again', () => {
    expect(told([0.8, 0.5, 0.8]).filter((line) => line?.startsWith('warn'))).toHaveLength(2)
  })
})
