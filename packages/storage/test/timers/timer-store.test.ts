import { CrashableFileSystem, SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { TimerCheckpoint } from '../../src/timers/timer-checkpoint.ts'
import type { TimerStore } from '../../src/timers/timer-store.ts'
import { deliver, openTimers, secondMs, startMs, waiting, windowMs } from './timer-kit.ts'

const sharedBytes = 56

function disk(onChange?: () => void): CrashableFileSystem {
  const made = new CrashableFileSystem(undefined, onChange && { onChange })
  made.makeFolder('/store')
  made.syncFolder('/')
  return made
}

function add(timers: TimerStore, number: number, delayMs: number, nowMs = startMs): boolean {
  timers.queueOffset++
  return timers.add(waiting(number), startMs + delayMs, nowMs)
}

describe('the timer', () => {
  test('gives messages in the order of their times, and those of one time in the order in which they came', async () => {
    const timers = openTimers(disk())
    for (const [number, delayMs] of [5000, 1000, 5000, 3000, 1000, 5999].entries()) add(timers, number, delayMs)
    expect(await deliver(timers, startMs + 6 * secondMs)).toEqual([1, 4, 3, 0, 2, 5])
  })

  test('gives none before all of its time has passed', async () => {
    const timers = openTimers(disk())
    add(timers, 1, 5000)
    expect(await deliver(timers, startMs + 5000)).toEqual([])
    expect(await deliver(timers, startMs + 6000)).toEqual([1])
  })

  test('puts a message whose slot is done into the first one that is not', async () => {
    const timers = openTimers(disk())
    await deliver(timers, startMs + 10_000)
    add(timers, 1, 5000, startMs + 10_000)
    expect(await deliver(timers, startMs + 10_000)).toEqual([])
    expect(await deliver(timers, startMs + 11_000)).toEqual([1])
  })

  test('puts a message into the slot of its time, however long that has passed', async () => {
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    const monthLater = startMs + 30 * 86_400 * secondMs
    add(timers, 1, 5000)
    add(timers, 2, 3000, monthLater)
    timers.noteStep()
    fileSystem.kill()
    expect(await deliver(openTimers(fileSystem, { nowMs: monthLater }), startMs + 6000)).toEqual([2, 1])
  })

  test('takes none that its wheel has no slot for', async () => {
    const farMs = 1280 * secondMs
    const timers = openTimers(disk(), { windowMs: () => 10 * farMs })
    expect(timers.add(waiting(1), startMs + farMs, startMs)).toBe(false)
    await deliver(timers, startMs + secondMs)
    expect(timers.add(waiting(1), startMs + farMs, startMs)).toBe(true)
  })

  test.each([
    ['far beyond the window by the window', 3 * windowMs, windowMs],
    ['a little beyond the window by half of it', windowMs + secondMs, windowMs / 2],
  ])('lets a message that is due %s go around', async (_, delayMs, slotMs) => {
    const timers = openTimers(disk())
    add(timers, 1, delayMs)
    const found = timers.nextSlot(startMs + delayMs)!
    expect(found - startMs).toBe(slotMs)
    expect((await timers.unitsOf(found)).at(0).isRoll).toBe(true)
  })

  test('counts what is due at a time, less what takes back', () => {
    const timers = openTimers(disk())
    for (const number of [1, 2, 3]) add(timers, number, 5000)
    timers.add(waiting(4, true), startMs + 5000, startMs)
    expect(timers.countAt(startMs + 5999)).toBe(2)
    expect(timers.countAt(startMs + 6000)).toBe(0)
    expect(timers.countBetween(startMs, startMs + 10_000)).toBe(2)
  })

  test('gives units that come while their slot is read', async () => {
    const timers = openTimers(disk())
    add(timers, 1, 5000)
    const units = await timers.unitsOf(startMs + 5000)
    expect(timers.hasNewUnits(units)).toBe(false)
    add(timers, 2, 5000)
    expect(timers.hasNewUnits(units)).toBe(true)
    await timers.addNewUnits(units)
    expect(units.count).toBe(2)
  })
})

describe('what waits is there', () => {
  const delays = Array.from({ length: 300 }, (_, number) => (number * 7919) % 300_000)
  const expected = [...delays.keys()].sort(
    (one, other) => Math.floor(delays[one]! / secondMs) - Math.floor(delays[other]! / secondMs) || one - other,
  )

  function filled(fileSystem: CrashableFileSystem): TimerStore {
    const timers = openTimers(fileSystem)
    for (const [number, delayMs] of delays.entries()) add(timers, number, delayMs)
    timers.noteStep()
    return timers
  }

  test('after it was closed', async () => {
    const fileSystem = disk()
    filled(fileSystem).finish(startMs)
    const timers = openTimers(fileSystem)
    expect(timers.pendingByTopic).toBeUndefined()
    expect(timers.queueOffset).toBe(300)
    expect(await deliver(timers, startMs + 300_000)).toEqual(expected)
  })

  test('after its process died, with its place in a slot', async () => {
    const fileSystem = disk()
    const timers = filled(fileSystem)
    const before = await deliver(timers, startMs + 100_000)
    const slotMs = timers.nextSlot(startMs + 300_000)!
    before.push((await timers.unitsOf(slotMs)).at(0).physicalOffset / 100)
    timers.noteDelivered(slotMs, 1)
    fileSystem.kill()
    const after = await deliver(openTimers(fileSystem), startMs + 300_000)
    expect([...before, ...after]).toEqual(expected)
  })

  test('after a failure of the power, as far as it was synced', async () => {
    const fileSystem = disk()
    const timers = filled(fileSystem)
    const mark = timers.mark()!
    add(timers, 300, 5000)
    timers.noteStep()
    await timers.sync(mark, startMs)
    fileSystem.crash(7)
    const again = openTimers(fileSystem)
    expect(again.queueOffset).toBe(300)
    expect(await deliver(again, startMs + 300_000)).toEqual(expected)
  })

  test('when the wheel is gone', async () => {
    const fileSystem = disk()
    filled(fileSystem).finish(startMs)
    fileSystem.remove('/store/timerwheel')
    const timers = openTimers(fileSystem)
    expect([...timers.pendingByTopic!.values()].reduce((sum, count) => sum + count)).toBe(300)
    expect(await deliver(timers, startMs + 300_000)).toEqual(expected)
  })

  test('when the files of the timer log are of another size, which are not opened', async () => {
    const fileSystem = disk()
    filled(fileSystem).finish(startMs)
    expect(() => openTimers(fileSystem, { logSegmentBytes: 2048 })).toThrow(/mappedFileSizeTimerLog/)
    expect(await deliver(openTimers(fileSystem), startMs + 300_000)).toEqual(expected)
  })

  test('with another precision, none earlier than before', async () => {
    const fileSystem = disk()
    filled(fileSystem).finish(startMs)
    const timers = openTimers(fileSystem, { precisionMs: 300 })
    const seen = new Map<number, number>()
    for (let nowMs = startMs; nowMs <= startMs + 301_000; nowMs += 300) {
      const dueBefore = nowMs - (nowMs % 300)
      for (const number of await deliver(timers, dueBefore)) seen.set(number, dueBefore)
    }
    expect(seen.size).toBe(300)
    for (const [number, atMs] of seen) {
      const dueMs = startMs + Math.floor(delays[number]! / secondMs) * secondMs + secondMs
      expect(atMs - dueMs).toBeGreaterThanOrEqual(0)
      expect(atMs - dueMs).toBeLessThan(300)
    }
  })

  test.each([
    ['closed', (timers: TimerStore, _: CrashableFileSystem) => timers.finish(startMs)],
    ['killed', (_: TimerStore, fileSystem: CrashableFileSystem) => fileSystem.kill()],
  ])('with a precision whose wheel spans less, when it was %s: what lies beyond goes around', async (_, end) => {
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    for (const [number, delayMs] of [350_000, 5000, 300_000].entries()) add(timers, number, delayMs)
    timers.noteStep()
    end(timers, fileSystem)
    // Of 128 seconds, with a window of 40.
    const again = openTimers(fileSystem, { precisionMs: 100, windowMs: () => 40 * secondMs })
    const units = await again.unitsOf(startMs)
    expect([units.at(0), units.at(1)]).toMatchObject([
      { physicalOffset: 0, isRoll: true },
      { physicalOffset: 200, isRoll: true },
    ])
    expect(await deliver(again, startMs + 6000)).toEqual([0, 2, 1])
  })

  test.each(['live', 'closed', 'killed'])(
    'with a narrower window (%s): what waits for longer goes around',
    async (how) => {
      const fileSystem = disk()
      let window = windowMs
      const options = { windowMs: () => window }
      let timers = openTimers(fileSystem, options)
      for (const [number, delayMs] of [350_000, 5000, 150_000].entries()) add(timers, number, delayMs)
      timers.noteStep()
      const nowMs = startMs + 100 * secondMs
      expect(await deliver(timers, nowMs)).toEqual([1])
      window = 200 * secondMs
      if (how === 'live') timers.followClock(nowMs)
      else {
        if (how === 'closed') timers.finish(nowMs)
        else fileSystem.kill()
        timers = openTimers(fileSystem, { ...options, nowMs })
      }
      const [around] = [await timers.unitsOf(timers.nextSlot(nowMs + secondMs)!)]
      expect([around.count, around.at(0)]).toMatchObject([1, { physicalOffset: 0, isRoll: true }])
      expect(await deliver(timers, startMs + 160 * secondMs)).toEqual([0, 2])
    },
  )

  test('when the clock was set back by a year: what is due in a year goes around', async () => {
    const fileSystem = disk()
    const timers = filled(fileSystem)
    const nowMs = startMs - 365 * 86_400 * secondMs
    timers.followClock(nowMs)
    timers.noteStep()
    fileSystem.kill()
    const again = openTimers(fileSystem, { nowMs })
    const units = await again.unitsOf(nowMs)
    expect(units.count).toBe(300)
    expect(Array.from(delays, (_, index) => units.at(index))).toEqual(
      Array.from(delays, (_, number) => expect.objectContaining({ physicalOffset: number * 100, isRoll: true })),
    )
  })

  test('with another precision, without what its slot had delivered already', async () => {
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    for (const number of [1, 2, 3]) add(timers, number, 5000)
    const slotMs = startMs + 5000
    timers.passTo(slotMs)
    timers.noteDelivered(slotMs, 2)
    fileSystem.kill()
    const again = openTimers(fileSystem, { precisionMs: 300 })
    expect(await deliver(again, startMs + 9000)).toEqual([3])
  })

  test('without those whose place in the log is gone, in the middle of a slot', async () => {
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    for (const number of [1, 2, 3, 4]) add(timers, number, 5000)
    add(timers, 5, 6000)
    timers.passTo(startMs + 5000)
    timers.noteDelivered(startMs + 5000, 3)
    const units = await timers.unitsOf(startMs + 5000)
    timers.cutBackTo(200)
    expect(timers.isOutdated(units)).toBe(true)
    timers.goBack(1)
    expect([timers.deliveredInSlot, timers.queueOffset, timers.countAt(startMs + 6000)]).toEqual([1, 1, 0])
    add(timers, 2, 5000)
    timers.noteStep()
    fileSystem.kill()
    expect(await deliver(openTimers(fileSystem), startMs + 9000)).toEqual([2])
    // A cut that the process did not live to see is made by the next one.
    const later = openTimers(fileSystem, { commitLogEnd: 150 })
    expect(await deliver(later, startMs + 9000)).toEqual([])
  })

  test('when the clock was set back, with new messages at their times', async () => {
    const fileSystem = disk()
    const timers = filled(fileSystem)
    const before = await deliver(timers, startMs + 100_000)
    const nowMs = startMs + 50_000
    timers.followClock(nowMs)
    add(timers, 300, 55_000, nowMs)
    const after = await deliver(timers, startMs + 56_000)
    expect(after).toEqual([300])
    fileSystem.kill()
    const rest = await deliver(openTimers(fileSystem), startMs + 300_000)
    expect([...before, ...rest]).toEqual(expected)
  })
})

describe('when the log was cut back', () => {
  /** A timer with messages of two files. */
  function filled(fileSystem: CrashableFileSystem): TimerStore {
    const timers = openTimers(fileSystem)
    for (let number = 0; number < 100; number++) add(timers, number, 5000 + number * 100)
    timers.noteStep()
    return timers
  }

  /** What comes in the place of messages that are gone is there after the next death of the process, too. */
  async function expectGoesOn(fileSystem: CrashableFileSystem, end: number): Promise<void> {
    const timers = openTimers(fileSystem, { commitLogEnd: end * 100 })
    timers.goBack(end)
    const comes = [end, end + 1, end + 2]
    for (const number of comes) add(timers, number, 30_000)
    timers.noteStep()
    fileSystem.kill()
    const again = openTimers(fileSystem)
    expect(again.queueOffset).toBe(end + 3)
    const kept = Array.from({ length: end }, (_, number) => number)
    expect(await deliver(again, startMs + 60_000)).toEqual([...kept, ...comes])
  }

  /** Cuts again and again, and has the process die one step later each time. */
  async function dieAtEachStep(end: number, cut: (fileSystem: CrashableFileSystem, timers: TimerStore) => void) {
    for (let step = 1, isDone = false; !isDone; step++) {
      let left = Number.POSITIVE_INFINITY
      const fileSystem = disk(() => {
        if (left-- <= 0) throw new Error('the process dies')
      })
      const timers = filled(fileSystem)
      left = step
      try {
        cut(fileSystem, timers)
        isDone = true
      } catch {
        // It died.
      }
      left = Number.POSITIVE_INFINITY
      fileSystem.kill()
      await expectGoesOn(fileSystem, end)
    }
  }

  test.each([
    ['in the last file', 90],
    ['in a file before', 40],
  ])('%s, a process that dies at any step leaves nothing that hides what comes later', async (_, end) => {
    await dieAtEachStep(end, (_disk, timers) => timers.cutBackTo(end * 100))
  })

  test('and the start that cuts anew dies at any step, nothing hides what comes later', async () => {
    await dieAtEachStep(40, (fileSystem) => openTimers(fileSystem, { commitLogEnd: 4000 }))
  })

  test('and the power fails at any step, nothing hides what comes later', async () => {
    for (let step = 1, isDone = false; !isDone; step++) {
      const fileSystem = disk()
      const timers = filled(fileSystem)
      await timers.sync(timers.mark()!, startMs)
      fileSystem.failPowerAt(step)
      try {
        timers.cutBackTo(4000)
        isDone = true
      } catch {
        // The power failed.
      }
      fileSystem.crash(step)
      await expectGoesOn(fileSystem, 40)
    }
  })

  test('what stands behind files that were deleted stays', async () => {
    const timers = filled(disk())
    await deliver(timers, startMs + 14_000)
    timers.trim(85 * 100)
    timers.cutBackTo(95 * 100)
    expect(await deliver(timers, startMs + 60_000)).toEqual([90, 91, 92, 93, 94])
  })

  test('what was added and not written yet stays', async () => {
    const timers = openTimers(disk())
    for (const number of [1, 2, 3]) add(timers, number, 5000)
    timers.cutBackTo(300)
    expect(await deliver(timers, startMs + 9000)).toEqual([1, 2])
  })
})

test.each(Array.from({ length: 60 }, (_, index) => index + 1))(
  'files with wrong bytes are read, made again or passed by (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    for (let number = 0; number < 200; number++) add(timers, number, (number * 7919) % 300_000)
    if (random.oneIn(2)) timers.finish(startMs)
    else timers.noteStep()
    fileSystem.kill()
    const paths = ['/store/timerwheel', '/store/config/timercheck', '/store/timerlog/00000000000000000000']
    for (let count = 1 + random.below(20); count > 0; count--) {
      const file = fileSystem.open(paths[random.below(paths.length)]!, 'update')
      file.write(Buffer.from([random.below(256)]), random.below(random.oneIn(2) ? 64 : 2200))
    }
    const again = openTimers(fileSystem)
    const delivered = await deliver(again, startMs + 301_000)
    expect(delivered.length).toBeLessThanOrEqual(200)
    add(again, 999, 400_000, startMs + 301_000)
    expect(await deliver(again, startMs + 401_000)).toContain(999)
  },
)

describe('an official broker', () => {
  test('goes on from the first 56 bytes of the checkpoint, and what it noted there counts', async () => {
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    for (let number = 0; number < 20; number++) add(timers, number, 5000 + number * secondMs)
    timers.finish(startMs)
    // As one does that delivered up to a time, and wrote nothing else.
    const checkpoint = fileSystem.open('/store/config/timercheck', 'update')
    const shared = Buffer.alloc(sharedBytes)
    checkpoint.read(shared, 0)
    shared.writeBigInt64BE(BigInt(startMs + 15_000), 0)
    shared.writeBigInt64BE(52n * 10n, 8)
    checkpoint.write(shared, 0)
    const again = openTimers(fileSystem)
    expect(again.lastOfOfficial?.physicalOffset).toBe(1900)
    expect(await deliver(again, startMs + 100_000)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  })

  test('finds no more in the checkpoint than survives a failure of the power', async () => {
    const fileSystem = disk()
    const timers = openTimers(fileSystem)
    add(timers, 1, 5000)
    const mark = timers.mark()!
    const shared = () => [0, 8, 16, 24].map((at) => Number(timers.checkpointBytes.readBigInt64BE(at)))
    expect(shared()).toEqual([startMs, 0, 0, 0])
    await timers.sync(mark, startMs)
    expect(shared()).toEqual([startMs, 52, 1, 1])
  })
})

test('a checkpoint that power failures cut short stays ours, and names a progress that was synced', async () => {
  for (let first = 1; first <= 10; first++) {
    for (let second = 1; second <= 10; second++) {
      const fileSystem = disk()
      fileSystem.makeFolder('/store/config')
      fileSystem.syncFolder('/store')
      const progress = { readMs: startMs, deliveredInSlot: 0, logEnd: 0, queueOffset: 0, logStart: 0, lastSlotMs: 0 }
      const version = { counter: 0, stateVersion: 0, timestamp: 0 }
      let synced = -1
      let number = 0
      for (const change of [first, second, 100]) {
        const checkpoint = new TimerCheckpoint(fileSystem, '/store/config/timercheck')
        fileSystem.syncFolder('/store/config')
        if (synced >= 0) expect(checkpoint.own?.progress.queueOffset).toBeGreaterThanOrEqual(synced)
        fileSystem.failPowerAt(change)
        try {
          for (let count = 0; count < 5; count++) {
            number++
            const own = { progress: { ...progress, queueOffset: number }, precisionMs: 1, isClosed: false }
            checkpoint.writeSyncedNow(own, version)
            synced = number
          }
        } catch {
          // The power failed.
        }
        fileSystem.crash(first * 100 + second)
      }
    }
  }
})
