import type { Log } from '@rocketmq-ts/platform'
import type { TimerProgress } from './timer-checkpoint.ts'
import type { TimerLog } from './timer-log.ts'
import type { TimerUnit } from './timer-unit.ts'
import type { TimerWheel } from './timer-wheel.ts'

export interface WheelParts {
  log: Log
  units: TimerLog
  wheel: TimerWheel
  precisionMs: number
  /** A unit whose slot is so far behind what was read is damaged: no broker adds one. */
  reachMs: number
  /** A unit that waits for longer has to go around. */
  windowMs: number
}

/** What the units say that are not done. */
interface MadeWheel {
  /** False when there are units that have no slot in the wheel as it is now, or have to go around. */
  fitsSlots: boolean
  /** Waiting messages by the hash of their topics. */
  counts: Map<number, number>
}

/** Visits the units that are not done, in the order in which they were added. */
export function scanWaiting(parts: WheelParts, progress: TimerProgress, visit: (unit: TimerUnit) => void): void {
  const { units, reachMs } = parts
  const { readMs, deliveredInSlot, logStart } = progress
  let toPassBy = deliveredInSlot
  units.scan(scanStart(units, reachMs, progress), (unit, position) => {
    if (position < logStart || unit.slotMs < readMs || isTooFar(unit, readMs, reachMs)) return true
    if (unit.slotMs === readMs && toPassBy > 0) toPassBy--
    else visit(unit)
    return true
  })
}

/**
 * Makes the wheel again from the units that are not done. Their chains stay as they are.
 * @param progress gets the last slot in use, and, when units were cut off, how many of those that were delivered are left
 */
export function makeWheel(parts: WheelParts, progress: TimerProgress): MadeWheel {
  const { units, wheel, log, precisionMs, reachMs, windowMs } = parts
  const { readMs, deliveredInSlot, logStart } = progress
  wheel.clear()
  let fitsSlots = true
  const counts = new Map<number, number>()
  let delivered = 0
  units.scan(scanStart(units, reachMs, progress), (unit, position) => {
    const { slotMs, writtenMs, topicHash, isDelete } = unit
    if (position < logStart || slotMs < readMs) return true
    if (isTooFar(unit, readMs, reachMs)) {
      log.error({ slotMs, position }, 'the timer log is damaged: a message whose time it does not tell is lost')
      return true
    }
    if (slotMs % precisionMs !== 0 || slotMs - readMs >= wheel.spanMs || slotMs - writtenMs > windowMs) {
      fitsSlots = false
      return true
    }
    progress.lastSlotMs = Math.max(progress.lastSlotMs, slotMs)
    const slot = wheel.slot(slotMs)
    const change = isDelete ? -1 : 1
    wheel.set(slotMs, {
      firstPosition: slot?.firstPosition ?? position,
      lastPosition: position,
      count: (slot?.count ?? 0) + change,
    })
    const isDelivered = slotMs === readMs && delivered++ < deliveredInSlot
    if (!isDelivered) counts.set(topicHash, (counts.get(topicHash) ?? 0) + change)
    return true
  })
  // Units that do not fit are not counted here, and are moved next.
  if (fitsSlots) progress.deliveredInSlot = Math.min(deliveredInSlot, delivered)
  return { fitsSlots, counts }
}

/** The first file that can have units which are not done. */
function scanStart(units: TimerLog, reachMs: number, { readMs, logStart }: TimerProgress): number {
  const starts = units.fileStarts
  let from = starts[0] ?? 0
  for (const next of starts.slice(1)) {
    const unit = units.firstUnit(next)
    if (unit === undefined || unit.writtenMs + reachMs >= readMs) break
    from = next
  }
  return Math.max(from, startOfFile(starts, logStart))
}

/** Whether a unit is damaged: no broker adds one beyond the reach of its wheel. */
function isTooFar({ slotMs }: TimerUnit, readMs: number, reachMs: number): boolean {
  return slotMs - readMs >= reachMs
}

/** The start of the file that a position is in; of the first one when that file was deleted. */
export function startOfFile(starts: readonly number[], position: number): number {
  return starts.findLast((start) => start <= position) ?? starts[0] ?? 0
}
