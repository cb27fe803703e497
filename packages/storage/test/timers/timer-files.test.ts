import { nodeFileSystem } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StoreFiles } from '../../src/store-files.ts'
import { TimerLog } from '../../src/timers/timer-log.ts'
import { putTimerUnit, readTimerUnit, type TimerUnit, timerUnitBytes } from '../../src/timers/timer-unit.ts'
import { TimerWheel } from '../../src/timers/timer-wheel.ts'
import { secondMs, startMs } from './timer-kit.ts'

const unit: TimerUnit = {
  previous: -1,
  slotMs: startMs + 5000,
  writtenMs: startMs,
  isRoll: false,
  isDelete: false,
  physicalOffset: 300,
  totalSize: 200,
  topicHash: -7,
}

describe('a unit of the timer log', () => {
  test('has the layout of RocketMQ', () => {
    const bytes = Buffer.alloc(timerUnitBytes)
    putTimerUnit(bytes, 0, { ...unit, isRoll: true, isDelete: true })
    const hex = '00000034 ffffffffffffffff 00000007 0000018bcfe56800 00001388 000000000000012c 000000c8 fffffff9'
    expect(bytes.toString('hex')).toBe(`${hex.replaceAll(' ', '')}0000000000000000`)
  })

  test('comes back as it was written', () => {
    const units = fc.record({
      previous: fc.integer({ min: -1, max: 1000 }),
      writtenMs: fc.nat(2 ** 40),
      delayMs: fc.nat(2 ** 31 - 1),
      isRoll: fc.boolean(),
      isDelete: fc.boolean(),
      physicalOffset: fc.nat(2 ** 48),
      totalSize: fc.integer({ min: 91, max: 2 ** 22 }),
      topicHash: fc.integer(),
    })
    fc.assert(
      fc.property(units, ({ delayMs, ...fields }) => {
        const bytes = Buffer.alloc(timerUnitBytes + 3)
        const written = { ...fields, slotMs: fields.writtenMs + delayMs }
        putTimerUnit(bytes, 3, written)
        expect(readTimerUnit(bytes, 3, 1001)).toEqual(written)
      }),
    )
  })

  test('is taken for none when it leads anywhere but back', () => {
    const bytes = Buffer.alloc(timerUnitBytes)
    putTimerUnit(bytes, 0, { ...unit, previous: 520 })
    expect(readTimerUnit(bytes, 0, 520)).toBeUndefined()
    expect(readTimerUnit(bytes, 0, 572)).toBeDefined()
  })
})

describe('the timer log', () => {
  const segmentBytes = 1024
  const inFile = Math.floor((segmentBytes - 16) / timerUnitBytes)

  function opened(path: string): TimerLog {
    const files = new StoreFiles(nodeFileSystem, 8)
    files.makeFolder(`${path}/timerlog`)
    return new TimerLog(files, `${path}/timerlog`, segmentBytes)
  }

  test('goes on in the next file where one has no room for a unit and the blank behind it', () => {
    using folder = temporaryFolder()
    const log = opened(folder.path)
    const positions = Array.from({ length: inFile + 2 }, () => log.append(unit))
    log.write()
    expect(positions.slice(inFile)).toEqual([segmentBytes, segmentBytes + timerUnitBytes])
    const seen: number[] = []
    const end = opened(folder.path).scan(0, (_, position) => seen.push(position) > 0)
    expect(seen).toEqual(positions)
    expect(end).toBe(log.end)
  })

  test.each([0, 1, inFile - 1, inFile, inFile + 1])(
    'ends where it is cut after %i units, and goes on there',
    (kept) => {
      using folder = temporaryFolder()
      const log = opened(folder.path)
      const positions = Array.from({ length: inFile + 3 }, (_, index) =>
        log.append({ ...unit, totalSize: 100 + index }),
      )
      log.write()
      const again = opened(folder.path)
      again.continueAt(positions[kept]!)
      again.append({ ...unit, totalSize: 999 })
      again.write()
      const sizes: number[] = []
      opened(folder.path).scan(0, ({ totalSize }) => sizes.push(totalSize) > 0)
      expect(sizes).toEqual([...Array.from({ length: kept }, (_, index) => 100 + index), 999])
    },
  )

  test('gives every unit, from memory and from files', async () => {
    using folder = temporaryFolder()
    const log = opened(folder.path)
    const positions = Array.from({ length: 5 * inFile }, (_, index) => log.append({ ...unit, totalSize: 100 + index }))
    log.write()
    const again = opened(folder.path)
    again.continueAt(log.end)
    for (const timerLog of [log, again]) {
      for (const [index, position] of positions.entries()) {
        await timerLog.load(position)
        expect(timerLog.unitInMemory(position)?.totalSize).toBe(100 + index)
      }
    }
  })

  test('deletes files whose last unit is done, and keeps the last file', () => {
    using folder = temporaryFolder()
    const log = opened(folder.path)
    for (let index = 0; index < 3 * inFile; index++) log.append({ ...unit, physicalOffset: index })
    log.write()
    log.trim(({ physicalOffset }) => physicalOffset < 2 * inFile - 1)
    expect(log.start).toBe(segmentBytes)
    log.trim(() => true)
    expect(log.start).toBe(2 * segmentBytes)
  })
})

describe('the timer wheel', () => {
  const slotCount = 256
  const open = (path: string, slots = slotCount, pagesMax = 2): TimerWheel =>
    new TimerWheel(new StoreFiles(nodeFileSystem, 8), `${path}/timerwheel`, secondMs, slots, pagesMax)

  test('has the layout of RocketMQ', () => {
    using folder = temporaryFolder()
    const wheel = open(folder.path)
    wheel.set(startMs, { firstPosition: 1, lastPosition: 2, count: 3 })
    wheel.write()
    const bytes = nodeFileSystem.readFile(`${folder.path}/timerwheel`)!
    expect(bytes.length).toBe(slotCount * 32)
    const at = ((startMs / secondMs) % slotCount) * 32
    const hex = '000000006553f100 0000000000000001 0000000000000002 00000003 00000000'
    expect(bytes.subarray(at, at + 32).toString('hex')).toBe(hex.replaceAll(' ', ''))
  })

  test('knows of a time what was set for it, until another time takes the slot', () => {
    using folder = temporaryFolder()
    const wheel = open(folder.path)
    const slot = { firstPosition: 0, lastPosition: 52, count: 2 }
    wheel.set(startMs, slot)
    wheel.write()
    expect(open(folder.path).slot(startMs)).toEqual(slot)
    wheel.set(startMs + wheel.spanMs, { ...slot, count: 9 })
    expect(wheel.slot(startMs)).toBeUndefined()
    expect(wheel.slot(startMs + wheel.spanMs)?.count).toBe(9)
  })

  test('keeps a bounded number of pages in memory, and gives what was set in all of them', () => {
    using folder = temporaryFolder()
    const wheel = open(folder.path, 40 * 128, 3)
    for (let time = 0; time < 5120; time += 11) {
      wheel.set(startMs + time * secondMs, { firstPosition: time, lastPosition: time, count: 1 })
    }
    expect(wheel.memoryBytes).toBeLessThanOrEqual(3 * 4096)
    for (let time = 0; time < 5120; time += 11) expect(wheel.slot(startMs + time * secondMs)?.lastPosition).toBe(time)
    expect(wheel.countBetween(startMs, startMs + 5120 * secondMs)).toBe(466)
    expect(wheel.memoryBytes).toBeLessThanOrEqual(3 * 4096)
  })

  test('keeps no page that a search passed by', () => {
    using folder = temporaryFolder()
    const slots = 400 * 128
    const slot = { firstPosition: 0, lastPosition: 0, count: 1 }
    const filled = open(folder.path, slots)
    filled.set(startMs, slot)
    filled.write()
    const wheel = open(folder.path, slots, 400)
    expect(wheel.nextUsed(startMs + secondMs, startMs + wheel.spanMs)).toBeUndefined()
    expect(wheel.memoryBytes).toBeLessThanOrEqual(4096)
  })

  test('finds the next time that is used, and no other', () => {
    const times = fc.uniqueArray(fc.nat(slotCount - 1), { maxLength: 12 })
    fc.assert(
      fc.property(times, fc.nat(slotCount), fc.nat(2 * slotCount), (used, from, length) => {
        using folder = temporaryFolder()
        const wheel = open(folder.path)
        const slot = { firstPosition: 0, lastPosition: 0, count: 1 }
        for (const time of used) wheel.set(startMs + time * secondMs, slot)
        const found = wheel.nextUsed(startMs + from * secondMs, startMs + (from + length) * secondMs)
        const expected = used.filter((time) => time >= from && time < from + length).sort((a, b) => a - b)[0]
        expect(found).toBe(expected === undefined ? undefined : startMs + expected * secondMs)
      }),
      { numRuns: 60 },
    )
  })
})
