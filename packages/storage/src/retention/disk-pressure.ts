import type { RetentionRules } from './retention-plan.ts'

/**
 * How full the disk is, named by what is done about it: `cleaning` above `cleanRatio`, `forcing` above `forceRatio`.
 */
export type DiskPressure = 'low' | 'cleaning' | 'forcing'

/** The log line for a change of the pressure. */
export interface PressureNotice {
  level: 'info' | 'warn'
  message: string
}

const order: readonly DiskPressure[] = ['low', 'cleaning', 'forcing']

/** The ratio must fall this far below a limit before the pressure falls: a disk at its limit is reported once. */
const hysteresis = 0.01

/** The new pressure, when it was `before` until now. @param usedRatio used by total space, 0 to 1 */
export function diskPressure(rules: RetentionRules, before: DiskPressure, usedRatio: number): DiskPressure {
  const risen = pressureAt(rules, usedRatio)
  const fallen = pressureAt(rules, usedRatio + hysteresis)
  if (order.indexOf(risen) > order.indexOf(before)) return risen
  return order.indexOf(fallen) < order.indexOf(before) ? fallen : before
}

function pressureAt({ cleanRatio, forceRatio }: RetentionRules, usedRatio: number): DiskPressure {
  if (usedRatio > forceRatio) return 'forcing'
  return usedRatio > cleanRatio ? 'cleaning' : 'low'
}

/** What a change of the pressure means for the user, or undefined when there is none. */
export function pressureNotice(
  rules: RetentionRules,
  before: DiskPressure,
  after: DiskPressure,
  usedRatio: number,
): PressureNotice | undefined {
  if (before === after) return undefined
  const used = `the disk of the store is ${percent(usedRatio)} full`
  if (order.indexOf(after) < order.indexOf(before)) {
    return {
      level: 'info',
      message: `${used}, which is below ${limitOf(rules, before)} again${after === 'low' ? '' : `, but above ${limitOf(rules, after)}`}`,
    }
  }
  return {
    level: 'warn',
    message:
      `${used}, which is above ${limitOf(rules, after)}: ${consequence(rules, after)}. Above ${percent(rules.fullRatio)} ` +
      '(diskSpaceWarningLevelRatio) messages are refused. Free space, lower fileReservedTime, or give the store a larger disk',
  }
}

function limitOf({ cleanRatio, forceRatio }: RetentionRules, pressure: DiskPressure): string {
  return pressure === 'forcing'
    ? `${percent(forceRatio)} (diskSpaceCleanForciblyRatio)`
    : `${percent(cleanRatio)} (diskMaxUsedSpaceRatio)`
}

function consequence({ mayForce }: RetentionRules, pressure: DiskPressure): string {
  if (pressure === 'cleaning') return 'files of the log that are older than fileReservedTime are deleted at any hour'
  return mayForce
    ? 'the oldest files of the log are deleted although fileReservedTime has not passed'
    : 'the oldest files of the log would be deleted now, but cleanFileForciblyEnable is off'
}

/** A ratio as users know it, to a tenth. */
export function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(1))} %`
}
