import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { queueShare } from '../../src/consumer/queue-share.ts'

describe('the shares of a group', () => {
  test('hold each queue once, and differ by one at most', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 20 }), (queueCount, memberCount) => {
        const queues = Array.from({ length: queueCount }, (_, index) => index)
        const members = Array.from({ length: memberCount }, (_, index) => `member ${String(index).padStart(2, '0')}`)
        const shares = members.map((member) => queueShare(queues, members, member)!)
        expect(shares.flat()).toEqual(queues)
        const sizes = shares.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('are those of the Java client: the first members get one more', () => {
    const members = ['a', 'b', 'c']
    expect(members.map((member) => queueShare([0, 1, 2, 3, 4, 5, 6, 7], members, member))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ])
    expect(members.map((member) => queueShare([0], members, member))).toEqual([[0], [], []])
  })

  test('are nobody’s who is no member', () => {
    expect(queueShare([0], ['a'], 'b')).toBeUndefined()
  })
})
