import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocateForPop, allocations } from '../../src/assignment/allocate.ts'

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

describe('members that pop', () => {
  const one = (queueId: number) => ({ topic: 'T', brokerName: 'b', queueId })
  const four = [0, 1, 2, 3].map(one)
  const allocate = allocations.get('AVG')!
  const ids = (index: number, memberCount: number, shareCount: number) =>
    allocateForPop(allocate, four, index, memberCount, shareCount).map(({ queueId }) => queueId)

  test('share all queues of each broker when no number is set, or one that covers all', () => {
    const two = [...four, { topic: 'T', brokerName: 'c', queueId: 0 }]
    for (const shareCount of [-1, 0, 3, 9]) {
      expect(allocateForPop(allocate, two, 1, 4, shareCount)).toEqual([
        { topic: 'T', brokerName: 'b', queueId: -1 },
        { topic: 'T', brokerName: 'c', queueId: -1 },
      ])
    }
  })

  test('have the queues of those that follow them, too', () => {
    expect([0, 1, 2, 3].map((index) => ids(index, 4, 1))).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
    ])
  })

  test('have one queue each when they are more than the queues', () => {
    expect([0, 3, 4, 5].map((index) => ids(index, 6, 1))).toEqual([[0], [3], [0], [1]])
  })

  test('that are not there have none', () => {
    expect(ids(-1, 4, 1)).toEqual([])
  })
})
