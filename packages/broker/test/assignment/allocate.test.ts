import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocations } from '../../src/assignment/allocate.ts'

const queuesOf = (count: number) =>
  Array.from({ length: count }, (_, queueId) => ({ topic: 'T', brokerName: 'broker-a', queueId }))

function idsOf(strategy: string, queueCount: number, memberCount: number): number[][] {
  const allocate = allocations.get(strategy)!
  return Array.from({ length: memberCount }, (_, index) =>
    allocate(queuesOf(queueCount), index, memberCount).map(({ queueId }) => queueId),
  )
}

describe.each([...allocations.keys()])('queues divided by %s', (strategy) => {
  test('go to one member each, and no member has two more than another', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 40 }), (queueCount, memberCount) => {
        const shares = idsOf(strategy, queueCount, memberCount)
        expect(shares.flat().sort((left, right) => left - right)).toEqual(
          queuesOf(queueCount).map((one) => one.queueId),
        )
        const sizes = shares.map((share) => share.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        expect(sizes).toEqual(sizes.toSorted((left, right) => right - left))
      }),
    )
  })
})

// What the official broker 5.5.0 gives: interop/same-answers compares.
test('eight queues and three members', () => {
  expect(idsOf('AVG', 8, 3)).toEqual([
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ])
  expect(idsOf('AVG_BY_CIRCLE', 8, 3)).toEqual([
    [0, 3, 6],
    [1, 4, 7],
    [2, 5],
  ])
})
