import { type FileSystem, silentLog } from '@rocketmq-ts/platform'
import { TimerStore, type TimerStoreOptions } from '../../src/timers/timer-store.ts'

export const startMs = 1_700_000_000_000
export const secondMs = 1000

export const windowMs = 400 * secondMs

/** A timer with small files on a disk. */
export function openTimers(fileSystem: FileSystem, options: Partial<TimerStoreOptions> = {}): TimerStore {
  return new TimerStore({
    fileSystem,
    log: silentLog,
    rootPath: '/store',
    precisionMs: secondMs,
    logSegmentBytes: 4096,
    nowMs: startMs,
    commitLogEnd: Number.MAX_SAFE_INTEGER,
    windowMs: () => windowMs,
    onFailure: () => {},
    slotCount: 1280,
    ...options,
  })
}

/** A message at a place of its own. */
export function waiting(number: number, isDelete = false) {
  return { physicalOffset: number * 100, totalSize: 100, topicHash: number % 3, isDelete }
}

/** The numbers of the messages that are due before a time, in the order in which they are delivered. */
export async function deliver(timers: TimerStore, beforeMs: number): Promise<number[]> {
  const numbers: number[] = []
  for (let slotMs = timers.nextSlot(beforeMs); slotMs !== undefined; slotMs = timers.nextSlot(beforeMs)) {
    timers.passTo(slotMs)
    const units = await timers.unitsOf(slotMs)
    for (let count = timers.deliveredInSlot; count < units.count; count++) {
      numbers.push(units.at(count).physicalOffset / 100)
      timers.noteDelivered(slotMs, count + 1)
    }
    timers.passTo(slotMs + timers.precisionMs)
  }
  timers.passTo(beforeMs)
  timers.noteStep()
  return numbers
}
