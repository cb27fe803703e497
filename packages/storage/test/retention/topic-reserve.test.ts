import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstStoredSince } from '../../src/retention/topic-reserve.ts'

function queue(minOffset: number, times: (number | undefined)[]) {
  let reads = 0
  return {
    minOffset,
    maxOffset: minOffset + times.length,
    storeTimestampOf(offset: number) {
      reads++
      if (offset < minOffset || offset >= minOffset + times.length) throw new Error(`read outside: ${offset}`)
      return times[offset - minOffset]
    },
    get reads() {
      return reads
    },
  }
}

describe('the first message that is young enough', () => {
  test('is the first stored at or after the time, for every queue', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { maxLength: 200 }).map((times) => times.sort((one, other) => one - other)),
        fc.nat(1000),
        fc.integer({ min: -5, max: 60 }),
        (times, minOffset, since) => {
          const index = times.findIndex((time) => time >= since)
          const expected = minOffset + (index < 0 ? times.length : index)
          expect(firstStoredSince(queue(minOffset, times), since)).toBe(expected)
        },
      ),
    )
  })

  test('never hides a message that is young enough, whatever cannot be read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { maxLength: 300 }).map((times) => times.sort((one, other) => one - other)),
        fc.array(fc.nat(299), { maxLength: 300 }),
        fc.nat(60),
        (times, holes, since) => {
          const withHoles: (number | undefined)[] = [...times]
          for (const hole of holes) if (hole < withHoles.length) withHoles[hole] = undefined
          const found = firstStoredSince(queue(0, withHoles), since)
          for (const time of withHoles.slice(0, found)) expect(time ?? -1).toBeLessThan(since)
        },
      ),
    )
  })

  test('costs one look while nothing has become too old, and few when little has', () => {
    const times = Array.from({ length: 1_000_000 }, (_, index) => index)
    const unchanged = queue(5, times)
    expect(firstStoredSince(unchanged, 0)).toBe(5)
    expect(unchanged.reads).toBe(1)
    const little = queue(5, times)
    expect(firstStoredSince(little, 10)).toBe(15)
    expect(little.reads).toBeLessThan(12)
  })
})
